// softcap(z) = cap * tanh(z / cap), where -inf stays -inf and NaN stays NaN. See core/logits.py.

#pragma once

#include "event.h"

namespace XENT_ISA {
namespace {

template <class T>
XENT_INLINE Mask<T> is_uncapped(V<T> z) {
    return (z == -Constants<T>::infinity) | (z != z);
}

template <class T>
XENT_INLINE V<T> softcap(V<T> z, T cap) {
    const V<T> twice = T(2) * select<T>(z < T(0), -z, z) / cap;
    const V<T> size = cap * (one_minus_exp<T>(twice) / (T(1) + exp<T>(-twice)));
    return select<T>(is_uncapped<T>(z), z, select<T>(z < T(0), -size, size));
}

// Its derivative, sech^2(z / cap), from the decaying exponential: 1 - tanh^2 would cancel.
template <class T>
XENT_INLINE V<T> softcap_slope(V<T> z, T cap) {
    const V<T> decay = exp<T>(T(-2) * select<T>(z < T(0), -z, z) / cap);
    const V<T> sech_squared = T(4) * decay / ((T(1) + decay) * (T(1) + decay));
    return select<T>(is_uncapped<T>(z), broadcast<T>(1), sech_squared);
}

// (tanh(x) / x - 1) / x^2 as a function of x^2 in [0, 1], its error relative to tanh(x) / x. Coefficients:
// fit_polynomials.py.
XENT_INLINE VF tanh_tail(VF square) {
    static constexpr float c[] = {-0.33333295f,   0.133323446f,   -0.0538798029f, 0.0214866583f,
                                  -0.0079461076f, 0.00230136556f, -0.000358452298f};
    return polynomial(c, square);
}

XENT_INLINE VD tanh_tail(VD square) {
    static constexpr double c[] = {
        -0.33333333333332943,    0.13333333333292863,     -0.05396825395342479,   0.021869488259805076,
        -0.00886323245156828,    0.0035921056057298256,   -0.001455721324827113,  0.0005896186802225751,
        -0.00023804385223298705, 9.4768152568236e-05,     -3.6086604256102856e-05, 1.2341317989219094e-05,
        -3.419675371483036e-06,  6.544946585940014e-07,   -6.269312707529854e-08,
    };
    return polynomial(c, square);
}

// The same of N vectors at once, and their slopes. Where no logit is beyond the cap, as most of them are not, tanh is a
// polynomial, and 1 - tanh^2 at least 0.4.
template <class T>
class Softcap {
public:
    explicit Softcap(T cap) : cap(cap), inverse(T(1) / cap) {}

    template <int N>
    XENT_INLINE void apply(V<T> (&z)[N], V<T> (&slope)[N]) const {
        V<T> square[N];
        Mask<T> within = ~Mask<T>{};
        for (int u = 0; u < N; ++u) {
            const V<T> x = z[u] * inverse;
            square[u] = x * x;
            within &= square[u] <= T(1);
        }
        if (any(~within)) return apply_anywhere(z, slope);
        for (int u = 0; u < N; ++u) {
            const V<T> ratio = tanh_tail(square[u]) * square[u] + T(1);
            slope[u] = T(1) - square[u] * ratio * ratio;
            z[u] *= ratio;
        }
    }

private:
    template <int N>
    XENT_INLINE void apply_anywhere(V<T> (&z)[N], V<T> (&slope)[N]) const {
        T cells[2][N * LANES<T>];
        for (int u = 0; u < N; ++u) store<T>(cells[0] + u * LANES<T>, z[u]);
        apply_to_cells(cells[0], cells[1], N * LANES<T>);
        for (int u = 0; u < N; ++u) {
            z[u] = load<T>(cells[0] + u * LANES<T>);
            slope[u] = load<T>(cells[1] + u * LANES<T>);
        }
    }

    // Not inlined: it is long, and seldom comes to pass.
    __attribute__((noinline)) void apply_to_cells(T* z, T* slope, int n) const {
        for (int i = 0; i < n; i += LANES<T>) {
            const V<T> x = load<T>(z + i);
            store<T>(z + i, softcap<T>(x, cap));
            store<T>(slope + i, softcap_slope<T>(x, cap));
        }
    }

    const T cap, inverse;
};

}  // namespace
}  // namespace XENT_ISA
