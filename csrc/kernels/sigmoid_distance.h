// Binary cross entropy times |y - p|^gamma, as in quality focal loss:
//     dL/dz = |y - p|^gamma * dH/dz + H * gamma * |y - p|^gamma / (p - y) * p * (1 - p)
// where H is the cross entropy.

#pragma once

#include "event.h"
#include "sigmoid_near.h"

namespace XENT_ISA {
namespace {

template <class T>
class Distance {
public:
    explicit Distance(double gamma) : power({gamma, 0, 0, 0}) {}

    // |y - p|^gamma, and its derivative in z.
    struct Factor {
        V<T> value, slope;
    };

    XENT_INLINE Factor factor(V<T> y, V<T> p, V<T> miss) const {
        // Not p - y, so that a small distance keeps its digits.
        const V<T> gap = (T(1) - y) * p - y * miss, size = flip_sign<T>(gap, gap);
        const V<T> value = power.gamma == 2 ? size * size : focus<T>(power, size);
        const V<T> slope = power.gamma * value * (p * miss) / gap;
        return {value, keep<T>(size >= Constants<T>::least_normal, slope)};
    }

private:
    const Event<T> power;
};

template <class T, bool few, bool with_slopes>
struct DistanceStep {
    const Distance<T>& distance;
    const SigmoidWeights<T>& weights;
    const T *z, *y;
    T *slopes, *losses;
    T factor;
    NearOdds<T> near = {};

    using Sums = QuickSums<T>;

    template <int N>
    XENT_INLINE void take(int64_t i, int64_t left, Sums& sums) {
        V<T> e[N];
        near.get(z + i, e);
        for (int k = 0; k < N; ++k) {
            const V<T> loss = of_vector(i + k * LANES<T>, e[k]);
            sums.sum[k] += N == 1 ? first_of<T>(loss, left) : loss;
        }
    }

    XENT_INLINE bool is_right(V<T>) const { return near.were_near(); }

private:
    // What is not read may be anything; it is left out bit by bit at the end.
    XENT_INLINE V<T> of_vector(int64_t i, V<T> e) const {
        const V<T> x = load(z + i);
        const Coefficients<T> c = few ? weights.few_coefficients(i) : weights.coefficients(i);
        const Mask<T> read = few ? ~Mask<T>{} : weights.lanes(i), below = (Mask<T>)x < 0;
        const V<T> likelier = T(1) / (T(1) + e), other = e * likelier;
        const V<T> p = select<T>(below, other, likelier), miss = select<T>(below, likelier, other);
        const V<T> wrong = c.wrong(x), both = c.positive + c.negative;
        const V<T> entropy = both * log1p_by_quotient(e) - wrong * minus_size<T>(x);
        const typename Distance<T>::Factor of = distance.factor(load(y + i), p, miss);
        if (with_slopes) {
            const V<T> g = (of.value * flip_sign<T>(wrong - both * other, x) + entropy * of.slope) * factor;
            store<T>(slopes + i, few ? g : keep<T>(read, g * weights.gradient_in_row(i)));
        }
        const V<T> loss = keep<T>(read, of.value * entropy);
        if (losses) store<T>(losses + i, loss);
        return loss;
    }
};

}  // namespace
}  // namespace XENT_ISA
