// Binary cross entropy of events in the quick way (quick.h). Of an element whose target is 0 or 1 only one side counts,
// and only that is computed.

#pragma once

#include "sigmoid_sides.h"

namespace XENT_ISA {
namespace {

// Whether all targets are 0 or 1.
template <class T>
XENT_INLINE bool are_hard(const T* y, int64_t count) {
    Mask<T> soft = {};
#pragma GCC unroll 4
    for (int64_t i = 0; i < count; i += LANES<T>) soft |= load(y + i) * load(y + i) != load(y + i);
    return !any(soft);
}

// `one_side`: every target is 0 or 1. `alike`: every element is read, and neither its loss is wanted nor a gradient in
// that given.
template <class T, class Law, bool one_side, bool alike, bool with_slopes>
struct EventsStep {
    const Sides<T>& sides;
    const SigmoidWeights<T>& weights;
    const T *z, *y, *scales, *offsets;
    T *slopes, *losses;
    T factor;
    NearOdds<T> near = {};

    using Sums = QuickSums<T>;

    template <int N>
    XENT_INLINE void take(int64_t i, int64_t left, Sums& sums) {
        V<T> x[N];
        for (int k = 0; k < N; ++k) {
            const int64_t at = i + k * LANES<T>;
            x[k] = load(z + at) * load(scales + at) + load(offsets + at);
        }
        Cost<T> cost[N];
        one_side ? take_one_side(i, x, cost) : take_both_sides(i, x, cost);
        for (int k = 0; k < N; ++k) {
            const V<T> loss = put(i + k * LANES<T>, cost[k]);
            sums.sum[k] += N == 1 ? first_of<T>(loss, left) : loss;
        }
    }

    XENT_INLINE bool is_right(V<T>) const { return near.were_near(); }

private:
    // Their costs are weighed, their pushes those in z.
    template <int N>
    XENT_INLINE void take_one_side(int64_t i, const V<T> (&x)[N], Cost<T> (&cost)[N]) {
        Mask<T> is_positive[N];
        for (int k = 0; k < N; ++k) is_positive[k] = load(y + i + k * LANES<T>) == T(1);
        sides.template costs<Law>(is_positive, x, near, cost);
        for (int k = 0; k < N; ++k) {
            const V<T> weight = weights.template of_side<alike>(i + k * LANES<T>, is_positive[k]);
            const V<T> minus_if_positive = keep<T>(is_positive[k], broadcast<T>(T(-0.0)));
            cost[k] = {weight * cost[k].loss, flip_sign<T>(weight, minus_if_positive) * cost[k].push};
        }
    }

    template <int N>
    XENT_INLINE void take_both_sides(int64_t i, const V<T> (&x)[N], Cost<T> (&cost)[N]) {
        Cost<T> other[N];
        Mask<T> positive[N], negative[N];
        for (int k = 0; k < N; ++k) positive[k] = ~Mask<T>{}, negative[k] = Mask<T>{};
        sides.template costs<Law>(positive, x, near, other);
        sides.template costs<Law>(negative, x, near, cost);
        for (int k = 0; k < N; ++k) {
            const Coefficients<T> c = weights.coefficients(i + k * LANES<T>);
            cost[k] = {c.positive * other[k].loss + c.negative * cost[k].loss,
                       c.negative * cost[k].push - c.positive * other[k].push};
        }
    }

    // What is not read may be anything; it is left out bit by bit at the end.
    XENT_INLINE V<T> put(int64_t i, const Cost<T>& cost) const {
        const Mask<T> read = alike ? ~Mask<T>{} : weights.lanes(i);
        const V<T> slope = alike ? factor * load(scales + i) : factor * load(scales + i) * weights.gradient_in_row(i);
        if (with_slopes) store<T>(slopes + i, keep<T>(read, cost.push * slope));
        const V<T> loss = keep<T>(read, cost.loss);
        if (!alike && losses) store<T>(losses + i, loss);
        return loss;
    }
};

}  // namespace
}  // namespace XENT_ISA
