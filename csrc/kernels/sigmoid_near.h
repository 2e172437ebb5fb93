// Binary cross entropy of tiles whose logits are all near 0, where no odds e = exp(-|z|) are flushed to 0 and no
// product with |z| is 0 * inf. See quick.h.

#pragma once

#include "quick.h"
#include "sigmoid_weights.h"

namespace XENT_ISA {
namespace {

// The largest |z| of a near tile. It leaves room for weights far below 1.
template <class T>
constexpr T NEAR = sizeof(T) == 4 ? T(64) : T(640);

template <class T>
XENT_INLINE V<T> sign_bits(V<T> x) {
    return (V<T>)((Mask<T>)x & (Mask<T>)broadcast<T>(T(-0.0)));
}

template <class T>
XENT_INLINE V<T> minus_size(V<T> x) {
    return (V<T>)((Mask<T>)x | (Mask<T>)broadcast<T>(T(-0.0)));
}

template <class T>
XENT_INLINE V<T> flip_sign(V<T> x, V<T> by) {
    return (V<T>)((Mask<T>)x ^ (Mask<T>)sign_bits<T>(by));
}

// log1p(u) for u in [0, 1] within 2.1 ulp. A quotient of polynomials does with fewer steps than the one polynomial of
// log1p_of_odds, where nothing else keeps the divider busy. Coefficients: Remez exchange, relative error 2^-24.6.
XENT_INLINE VF log1p_by_quotient(VF u) {
    const VF bend = (-0.00747520948f * u - 0.865924825f) * u - 1.54119116f;
    return (u * bend / ((u + 3.78649253f) * u + 3.08239716f)) * u + u;
}

XENT_INLINE VD log1p_by_quotient(VD u) { return log1p_of_odds(u); }

// The odds of N vectors at a time, and whether all of them were near.
template <class T>
class NearOdds {
public:
    template <int N>
    XENT_INLINE void get(const T* z, V<T> (&e)[N]) {
        for (int k = 0; k < N; ++k) e[k] = load(z + k * LANES<T>);
        get_sized(e);
    }

    // exp(-|x|) for x.
    template <int N>
    XENT_INLINE void get_sized(V<T> (&x)[N]) {
        for (int k = 0; k < N; ++k) x[k] = minus_size<T>(x[k]);
        for (int k = 0; k < N; ++k) see(x[k]);
        exp_steps<T, 0, true>(x);
    }

    // exp(x) for x.
    template <int N>
    XENT_INLINE void get_signed(V<T> (&x)[N]) {
        for (int k = 0; k < N; ++k) see(minus_size<T>(x[k]));
        exp_steps<T, 0, true>(x);
    }

    // exp(x) for x, and exp(x) - 1.
    template <int N>
    XENT_INLINE void get_signed(V<T> (&x)[N], V<T> (&minus_one)[N]) {
        for (int k = 0; k < N; ++k) see(minus_size<T>(x[k]));
        exp_and_expm1<T>(x, minus_one);
    }

    XENT_INLINE bool were_near() const { return !any(farthest != nearest()); }

private:
    XENT_INLINE void see(V<T> minus) { farthest = (Mask<T>)minus > farthest ? (Mask<T>)minus : farthest; }

    static XENT_INLINE Mask<T> nearest() { return (Mask<T>)broadcast<T>(-NEAR<T>); }

    // The bits of negative numbers grow with their size, those of NaN beyond all others.
    Mask<T> farthest = nearest();
};

// phi is -log p on both sides, and all elements count alike: loss = log1p(e) + |z| where target and logit disagree.
template <class T, bool with_slopes>
struct PlainStep {
    const T *z, *y;
    T* slopes;
    T factor;
    NearOdds<T> near = {};

    // Several log1p are taken as one: (1+a)(1+b) - 1 = a + b + a*b, where nothing cancels.
    struct Sums {
        V<T> odds[QUICK_VECTORS] = {}, far[QUICK_VECTORS] = {};

        static XENT_INLINE V<T> joined(V<T> a, V<T> b) { return a * b + (a + b); }

        XENT_INLINE V<T> total() const {
            V<T> all = odds[0], sum = far[0];
            for (int k = 1; k < QUICK_VECTORS; ++k) all = joined(all, odds[k]), sum += far[k];
            return log1p<T>(all) + sum;
        }
    };

    template <int N>
    XENT_INLINE void take(int64_t i, int64_t left, Sums& sums) {
        V<T> e[N];
        near.get(z + i, e);
        for (int k = 0; k < N; ++k) {
            const int64_t at = i + k * LANES<T>;
            const V<T> x = load(z + at), gap = likelier(x) - load(y + at);
            if (with_slopes) store<T>(slopes + at, (gap - flip_sign<T>(e[k] / (T(1) + e[k]), x)) * factor);
            if (N == 1) e[k] = first_of<T>(e[k], left);
            sums.odds[k] = Sums::joined(sums.odds[k], e[k]);
            sums.far[k] += N == 1 ? first_of<T>(x * gap, left) : x * gap;
        }
    }

    XENT_INLINE bool is_right(V<T>) const { return near.were_near(); }

private:
    // The target that the logit speaks for.
    static XENT_INLINE V<T> likelier(V<T> x) {
        const Mask<T> negative = (Mask<T>)x >> int(8 * sizeof(T) - 1);
        return (V<T>)(~negative & (Mask<T>)broadcast<T>(1));
    }
};

// phi is -log p on both sides, which may count differently: loss = (wrong + right) * log1p(e) + wrong * |z|.
template <class T, bool few, bool with_slopes>
struct WeightedStep {
    const SigmoidWeights<T>& weights;
    const T* z;
    T *slopes, *losses;
    T factor;
    NearOdds<T> near = {};

    using Sums = QuickSums<T>;

    template <int N>
    XENT_INLINE void take(int64_t i, int64_t left, Sums& sums) {
        V<T> e[N];
        near.get(z + i, e);
        for (int k = 0; k < N; ++k) {
            V<T> loss = of_vector(i + k * LANES<T>, e[k]);
            sums.sum[k] += N == 1 ? first_of<T>(loss, left) : loss;
        }
    }

    XENT_INLINE bool is_right(V<T>) const { return near.were_near(); }

private:
    // What is not read may be anything; it is left out bit by bit at the end.
    XENT_INLINE V<T> of_vector(int64_t i, V<T> e) const {
        const V<T> x = load(z + i);
        const Coefficients<T> c = few ? weights.few_coefficients(i) : weights.coefficients(i);
        const Mask<T> read = few ? ~Mask<T>{} : weights.lanes(i);
        const V<T> wrong = c.wrong(x), both = c.positive + c.negative;
        if (with_slopes) {
            const V<T> g = flip_sign<T>(wrong - both * (e / (T(1) + e)), x) * factor;
            store<T>(slopes + i, few ? g : keep<T>(read, g * weights.gradient_in_row(i)));
        }
        const V<T> loss = keep<T>(read, both * log1p_by_quotient(e) - wrong * minus_size<T>(x));
        if (losses) store<T>(losses + i, loss);
        return loss;
    }
};

}  // namespace
}  // namespace XENT_ISA
