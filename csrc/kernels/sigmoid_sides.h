// What the two sides of a binary cross entropy of events cost where logits are near 0 (sigmoid_near.h): events of whole
// gammas and poly, a shift and neg_scale. Lanes may belong to different sides; each takes the settings of its own.
//
// The event of a side has the probability p = sigmoid(a), where a = z or a = -neg_scale * z. With m = 1 - p,
//     phi = m^gamma * f                            f = -log p + poly * m
//     push = -dphi/da = m^gamma * (gamma*p*f + m*(1 + poly*p))
// With a shift, p is replaced by u = min(p + shift, 1), and m by gap = 1 - u; then
//     push = p*m * (gamma * gap^(gamma-1) * f + gap^gamma * (1/u + poly))
// and -log u = log1p(gap / u). In terms of the odds, o = m / p = exp(-a):
//     p = 1 / (1 + o)    gap = excess / (1 + o)    gap / u = excess / (1 + shift * (1 + o))
//     excess = (1 - shift) * o - shift = shift * (exp(-a - kink) - 1)
// which near the kink is taken from the distance to it: as a difference it would keep little.

#pragma once

#include "event.h"
#include "sigmoid_near.h"

namespace XENT_ISA {
namespace {

// Where p = shift: the logit, log(shift / (1 - shift)), in two parts.
template <class T>
struct Kink {
    T at, rest;

    explicit Kink(double shift) {
        const double logit = log<double>(broadcast(shift))[0] - log1p<double>(broadcast(-shift))[0];
        at = T(logit);
        rest = T(logit - at);
    }
};

constexpr int ANY_GAMMA = -1;

// What is known of the settings when the kernels are compiled. An unknown gamma costs a loop, poly a few more steps.
template <int gamma_of_positive, int gamma_of_negative, bool with_poly, bool with_shift>
struct Law {
    static constexpr int positive_gamma = gamma_of_positive, negative_gamma = gamma_of_negative;  // or ANY_GAMMA
    static constexpr bool poly = with_poly, shifted = with_shift;

    static bool holds(const XentSigmoid& call) {
        const bool has_poly = call.positive.poly != 0 || call.negative.poly != 0;
        return is(positive_gamma, call.positive) && is(negative_gamma, call.negative) && poly == has_poly &&
               shifted == (call.negative.shift != 0);
    }

private:
    static bool is(int gamma, const XentEvent& event) { return gamma == ANY_GAMMA || event.gamma == gamma; }
};

// Poly-1, the focal losses, and the asymmetric loss, as they were published.
using PolyLaw = Law<0, 0, true, false>;
using FocalLaw = Law<2, 2, false, false>;
using AsymmetricLaw = Law<1, 4, false, true>;
using AnyLaw = Law<ANY_GAMMA, ANY_GAMMA, true, false>;
using AnyShiftedLaw = Law<ANY_GAMMA, ANY_GAMMA, true, true>;

// What one side costs, and its slope in -a.
template <class T>
struct Cost {
    V<T> loss, push;
};

// 1 - u, (1 - u) / u, and du/da = p * (1 - p).
template <class T>
struct Gap {
    V<T> gap, ratio, slope;
};

template <class T>
class Sides {
public:
    explicit Sides(const XentSigmoid& call)
        : positive(call.positive),
          negative(call.negative),
          neg_scale(T(call.neg_scale)),
          neg_share(T(1 / call.neg_scale)),
          shift(T(call.negative.shift)),
          kink_odds(T(call.negative.shift / (1 - call.negative.shift))),
          kink(call.negative.shift) {}

    // Whether these are all the settings that the events have.
    static bool know(const XentSigmoid& call) {
        // Where the kink is far out, odds between it and the farthest near logit would overflow.
        const double shift = call.negative.shift;
        return known(call.positive) && known(call.negative) && (shift == 0 || (shift > 1e-6 && shift < 1 - 1e-6));
    }

    bool shifted() const { return shift != 0; }

    // What N vectors of logits cost, in each lane the positive or the negative side.
    template <class Law, int N>
    XENT_INLINE void costs(const Mask<T> (&is_positive)[N], const V<T> (&z)[N], NearOdds<T>& near,
                           Cost<T> (&cost)[N]) const {
        Law::shifted ? past_shift<Law>(is_positive, z, near, cost) : unshifted<Law>(is_positive, z, near, cost);
    }

private:
    static bool known(const XentEvent& event) {
        return event.q == 0 && (event.gamma == 0 || Event<T>(event).whole);
    }

    template <class Law, int N>
    XENT_INLINE void unshifted(const Mask<T> (&is_positive)[N], const V<T> (&z)[N], NearOdds<T>& near,
                               Cost<T> (&cost)[N]) const {
        V<T> a[N], e[N];
        for (int k = 0; k < N; ++k) e[k] = a[k] = either(is_positive[k], T(1), -neg_scale) * z[k];
        near.get_sized(e);
        for (int k = 0; k < N; ++k) cost[k] = unshifted<Law>(is_positive[k], a[k], e[k]);
    }

    // Given exp(-|a|).
    template <class Law>
    XENT_INLINE Cost<T> unshifted(Mask<T> is_positive, V<T> a, V<T> e) const {
        const V<T> likelier = T(1) / (T(1) + e), other = e * likelier;
        const Mask<T> unlikely = (Mask<T>)a < 0;
        const V<T> p = select<T>(unlikely, other, likelier), miss = select<T>(unlikely, likelier, other);
        const V<T> f = plus_poly<Law>(is_positive, log1p_by_quotient(e) - keep<T>(unlikely, a), miss);
        const V<T> focus = power<Law, 0>(is_positive, miss);
        const V<T> push = focus * (gamma<Law>(is_positive) * (p * f) + plus_poly<Law>(is_positive, miss, p * miss));
        return {focus * f * share(is_positive), push};
    }

    template <class Law, int N>
    XENT_INLINE void past_shift(const Mask<T> (&is_positive)[N], const V<T> (&z)[N], NearOdds<T>& near,
                                Cost<T> (&cost)[N]) const {
        V<T> e[N], beyond[N];
        for (int k = 0; k < N; ++k) e[k] = past_kink(is_positive[k], either(is_positive[k], T(-1), neg_scale) * z[k]);
        near.get_signed(e, beyond);
        Gap<T> gap[N];
        V<T> nll[N];
        for (int k = 0; k < N; ++k) gap[k] = gap_of(is_positive[k], e[k], beyond[k]);
        for (int k = 0; k < N; ++k) nll[k] = log1p<T>(gap[k].ratio);
        for (int k = 0; k < N; ++k) cost[k] = past_shift<Law>(is_positive[k], gap[k], nll[k]);
    }

    // -a - kink.
    XENT_INLINE V<T> past_kink(Mask<T> is_positive, V<T> against) const {
        return (against - unless(is_positive, kink.at)) - unless(is_positive, kink.rest);
    }

    // Given exp(-a - kink), and that less 1.
    XENT_INLINE Gap<T> gap_of(Mask<T> is_positive, V<T> e, V<T> beyond) const {
        const V<T> odds = select<T>(is_positive, e, kink_odds * e);
        const V<T> excess = select<T>(is_positive, e, shift * max(beyond, V<T>{}));
        const V<T> whole = T(1) + odds, p = T(1) / whole;
        return {excess * p, excess / (T(1) + unless(is_positive, shift) * whole), odds * p * p};
    }

    template <class Law>
    XENT_INLINE Cost<T> past_shift(Mask<T> is_positive, const Gap<T>& gap, V<T> nll) const {
        const V<T> f = plus_poly<Law>(is_positive, nll, gap.gap), less = power<Law, 1>(is_positive, gap.gap);
        const V<T> focus = of_next_power<Law>(is_positive, less, gap.gap);
        const V<T> of_focus = plus_poly<Law>(is_positive, T(1) + gap.ratio, broadcast<T>(1));
        const V<T> push = gap.slope * (gamma<Law>(is_positive) * (less * f) + focus * of_focus);
        return {focus * f * share(is_positive), push};
    }

    // miss^(gamma - less), or 1 where that is less than 0.
    template <class Law, int less>
    XENT_INLINE V<T> power(Mask<T> is_positive, V<T> miss) const {
        const int of_positive = Law::positive_gamma == ANY_GAMMA ? positive.whole : Law::positive_gamma;
        const int of_negative = Law::negative_gamma == ANY_GAMMA ? negative.whole : Law::negative_gamma;
        const Mask<T> further = of_positive < of_negative ? ~is_positive : is_positive;
        V<T> power = broadcast<T>(1);
        int k = less;
        for (; k < smaller(of_positive, of_negative); ++k) power *= miss;
        for (; k < larger(of_positive, of_negative); ++k) power = select<T>(further, power * miss, power);
        return power;
    }

    // gap^gamma, given gap^(gamma - 1); of gap = 0 it is 0 even if gamma is.
    template <class Law>
    XENT_INLINE V<T> of_next_power(Mask<T> is_positive, V<T> less, V<T> gap) const {
        if (Law::positive_gamma > 0 && Law::negative_gamma > 0) return less * gap;
        return select<T>(gamma<Law>(is_positive) == T(0), keep<T>(gap > T(0), broadcast<T>(1)), less * gap);
    }

    template <class Law>
    XENT_INLINE V<T> plus_poly(Mask<T> is_positive, V<T> x, V<T> factor) const {
        return Law::poly ? x + either(is_positive, positive.poly, negative.poly) * factor : x;
    }

    template <class Law>
    XENT_INLINE V<T> gamma(Mask<T> is_positive) const {
        const bool known = Law::positive_gamma != ANY_GAMMA;
        return known ? either(is_positive, T(Law::positive_gamma), T(Law::negative_gamma))
                     : either(is_positive, positive.gamma, negative.gamma);
    }

    XENT_INLINE V<T> share(Mask<T> is_positive) const { return either(is_positive, T(1), neg_share); }

    static XENT_INLINE V<T> either(Mask<T> is_positive, T of_positive, T of_negative) {
        return select<T>(is_positive, broadcast<T>(of_positive), broadcast<T>(of_negative));
    }

    static XENT_INLINE V<T> unless(Mask<T> is_positive, T of_negative) {
        return keep<T>(~is_positive, broadcast<T>(of_negative));
    }

    const Event<T> positive, negative;
    const T neg_scale, neg_share, shift, kink_odds;
    const Kink<T> kink;
};

}  // namespace
}  // namespace XENT_ISA
