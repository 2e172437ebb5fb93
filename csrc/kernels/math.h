// exp, log and log1p of vectors. Errors below are in units in the last place of the result, over the whole domain;
// what would be subnormal is 0. Coefficients: fit_polynomials.py.

#pragma once

#include "vector.h"

namespace XENT_ISA {
namespace {

template <class T>
struct Constants;

template <>
struct Constants<float> {
    static constexpr float lowest = -3.40282347e38f, infinity = __builtin_inff();
    static constexpr float log2e = 1.44269504f, ln2 = 0.693147182f;
    // ln 2 in two parts, the first short enough that its product with an exponent is exact.
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float least_exponent = -88.0f;  // e^x is subnormal from -87.34 on; its scale is 0 from -87.68 on
    // Adding it rounds to an integer, which then stands, plus the bias of the exponent, in the lowest bits.
    static constexpr float magic = 0x1.8p23f + 127.0f;
    static constexpr float least_normal = 0x1p-126f;
    static constexpr int32_t sqrt_half = 0x3f3504f3;
    static constexpr int mantissa_bits = 23, bias = 127;
};

template <>
struct Constants<double> {
    static constexpr double lowest = -1.7976931348623157e308, infinity = __builtin_inf();
    static constexpr double log2e = 1.4426950408889634, ln2 = 0.6931471805599453;
    static constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
    static constexpr double least_exponent = -709.0;
    static constexpr double magic = 0x1.8p52 + 1023.0;
    static constexpr double least_normal = 0x1p-1022;
    static constexpr int64_t sqrt_half = 0x3fe6a09e667f3bcc;
    static constexpr int mantissa_bits = 52, bias = 1023;
};

template <class T, int N>
XENT_INLINE V<T> polynomial(const T (&coefficients)[N], V<T> x) {
    V<T> sum = broadcast<T>(coefficients[N - 1]);
    for (int k = N - 2; k >= 0; --k) sum = sum * x + coefficients[k];
    return sum;
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, lowest power first.
template <class T>
constexpr int EXP_TERMS = sizeof(T) == 4 ? 4 : 10;
template <class T>
constexpr T EXP[] = {T(0)};
template <>
constexpr float EXP<float>[] = {0.49999229f, 0.16667116f, 0.04189055f, 0.0083124772f};
template <>
constexpr double EXP<double>[] = {0.5000000000000011,    0.1666666666666641,     0.04166666666652919,
                                  0.008333333333495624,  0.0013888888943922656,  0.00019841269504765384,
                                  2.480149276278181e-05, 2.7557587342164025e-06, 2.7630378625210986e-07,
                                  2.4999965359640575e-08};

XENT_INLINE VF exp_tail(VF r) { return polynomial(EXP<float>, r); }
XENT_INLINE VD exp_tail(VD r) { return polynomial(EXP<double>, r); }

// What 2^lift * e^x of N vectors is made of, for x up to 88 (709) less lift * ln 2: it is (tail*r + 1) * scale, where x
// becomes r. `bounded`: |x| is known to be at most 87 (708). Step by step for all of them: each waits for its own last
// step, and the others fill the wait.
template <class T, int lift, bool bounded, int N>
XENT_INLINE void exp_parts(V<T> (&x)[N], V<T> (&tail)[N], V<T> (&scale)[N]) {
    using C = Constants<T>;
    constexpr T least = C::least_exponent - lift * C::ln2, magic = C::magic + lift;
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
    constexpr bool one_part = sizeof(T) == 4;
#else
    constexpr bool one_part = false;
#endif
    V<T> n[N];
    if (!bounded)
        for (int i = 0; i < N; ++i) x[i] = max(broadcast<T>(least), x[i]);  // in this order, NaN passes
    for (int i = 0; i < N; ++i) n[i] = x[i] * C::log2e + magic;
    for (int i = 0; i < N; ++i) scale[i] = (V<T>)((Mask<T>)n[i] << C::mantissa_bits);
    for (int i = 0; i < N; ++i) n[i] = n[i] - magic;
    for (int i = 0; i < N; ++i)
        x[i] = one_part ? x[i] - n[i] * C::ln2 : (x[i] - n[i] * C::ln2_high) - n[i] * C::ln2_low;
    for (int i = 0; i < N; ++i) tail[i] = broadcast<T>(EXP<T>[EXP_TERMS<T> - 1]);
    for (int k = EXP_TERMS<T> - 2; k >= 0; --k)
        for (int i = 0; i < N; ++i) tail[i] = tail[i] * x[i] + EXP<T>[k];
    for (int i = 0; i < N; ++i) tail[i] = tail[i] * x[i] + T(1);
}

// That number, within 1.5 ulp for float near 0 and .01 |x| more away from it. NaN gives NaN.
template <class T, int lift, bool bounded = false, int N>
XENT_INLINE void exp_steps(V<T> (&x)[N]) {
    V<T> tail[N], scale[N];
    exp_parts<T, lift, bounded>(x, tail, scale);
    for (int i = 0; i < N; ++i) x[i] = (tail[i] * x[i] + T(1)) * scale[i];
}

// e^x, and e^x - 1 as precise near 0, of |x| up to 87 (708).
template <class T, int N>
XENT_INLINE void exp_and_expm1(V<T> (&x)[N], V<T> (&minus_one)[N]) {
    V<T> tail[N], scale[N];
    exp_parts<T, 0, true>(x, tail, scale);
    for (int i = 0; i < N; ++i) tail[i] = tail[i] * x[i];
    for (int i = 0; i < N; ++i) minus_one[i] = tail[i] * scale[i] + (scale[i] - T(1));
    for (int i = 0; i < N; ++i) x[i] = tail[i] * scale[i] + scale[i];
}

template <class T>
XENT_INLINE V<T> exp(V<T> x) {
    V<T> one[1] = {x};
    exp_steps<T, 0>(one);
    return one[0];
}

// Odds are kept 2^40-fold: then those whose sum could still be told from 0 are not flushed to it. 2^40 times as many
// classes as memory holds do not overflow.
constexpr int LIFT = 40;
template <class T>
constexpr T LOWERED = T(1) / T(int64_t{1} << LIFT);

template <class T, int N>
XENT_INLINE void lifted_exp(V<T> (&x)[N]) {
    exp_steps<T, LIFT>(x);
}

template <class T>
XENT_INLINE V<T> lifted_exp(V<T> x) {
    V<T> one[1] = {x};
    exp_steps<T, LIFT>(one);
    return one[0];
}

// log(1 + m) for m in [sqrt(1/2) - 1, sqrt(2) - 1].
XENT_INLINE VF log1p_near(VF m) {
    static constexpr float c[] = {0.33333911f,  -0.25001337f, 0.19963064f, -0.16577584f,
                                  0.14914764f, -0.14267491f, 0.087004528f};
    const VF square = m * m;
    return polynomial(c, m) * (square * m) + (m - 0.5f * square);
}

XENT_INLINE VD log1p_near(VD m) {
    // By s = m / (2 + m), log(1+m) = 2 atanh(s), arranged so that m itself is the leading term (Tang, 1990).
    static constexpr double c[] = {0.6666666666666735,  0.3999999999941109,  0.28571428743263344, 0.22222198475936597,
                                   0.18183569741670932, 0.15313903213156663, 0.1479750793138197};
    const VD s = m / (2.0 + m), half_square = 0.5 * m * m;
    const VD tail = polynomial(c, s * s) * (s * s);
    return m - (half_square - s * (half_square + tail));
}

// log1p(u) for u >= -1/2, up to 2^100, within 2 ulp. NaN gives NaN; infinity gives infinity.
template <class T>
XENT_INLINE V<T> log1p(V<T> u) {
    using C = Constants<T>;
    const V<T> y = u + T(1);
    const Mask<T> k = ((Mask<T>)y - C::sqrt_half) >> C::mantissa_bits;
    // With 2^-k as a number, 2^-k * (1 + u) - 1 loses nothing of a small u.
    const V<T> scale = (V<T>)((C::bias - k) << C::mantissa_bits);
    const V<T> m = u * scale + (scale - T(1));
    const V<T> result = __builtin_convertvector(k, V<T>) * C::ln2 + log1p_near(m);
    return select<T>(u < C::infinity, result, u);
}

// log1p(u) for u in [0, 1], as the odds of the less likely of two sides are, within 2 ulp.
XENT_INLINE VF log1p_of_odds(VF u) {
    static constexpr float c[] = {-0.499996483f, 0.33321324f,   -0.248571634f, 0.191536561f,
                                  -0.137538046f, 0.0792045668f, -0.030065814f, 0.00536482967f};
    return polynomial(c, u) * (u * u) + u;
}

XENT_INLINE VD log1p_of_odds(VD u) { return log1p<double>(u); }

// log(x) for normal x > 0, within 2 ulp; -inf for 0.
template <class T>
XENT_INLINE V<T> log(V<T> x) {
    using C = Constants<T>;
    const Mask<T> k = ((Mask<T>)x - C::sqrt_half) >> C::mantissa_bits;
    const V<T> m = (V<T>)((Mask<T>)x - (k << C::mantissa_bits)) - T(1);
    const V<T> result = __builtin_convertvector(k, V<T>) * C::ln2 + log1p_near(m);
    const V<T> outside = select<T>(x == T(0), broadcast<T>(-C::infinity), x);  // infinity and NaN as they are
    return select<T>((x >= C::least_normal) & (x < C::infinity), result, outside);
}

// log(p) in the lanes that are set and log(1 - p) in the others, within 2 ulp, for p in [0, 1], 0 or normal.
template <class T>
XENT_INLINE V<T> log_of_side(Mask<T> set, V<T> p) {
    using C = Constants<T>;
    const V<T> side = select<T>(set, p, T(1) - p);
    const Mask<T> k = ((Mask<T>)side - C::sqrt_half) >> C::mantissa_bits;
    // 2^-k * side - 1, for the lanes that are not set without the rounding of 1 - p.
    const V<T> scale = (V<T>)((C::bias - k) << C::mantissa_bits);
    const V<T> m = select<T>(set, p, -p) * scale + select<T>(set, broadcast<T>(-1), scale - T(1));
    const V<T> result = __builtin_convertvector(k, V<T>) * C::ln2 + log1p_near(m);
    return select<T>(side == T(0), broadcast<T>(-C::infinity), result);
}

}  // namespace
}  // namespace XENT_ISA
