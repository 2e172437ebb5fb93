// How much the two sides of an element of the sigmoid link count, and whether the element is read at all.

#pragma once

#include "counted.h"

namespace XENT_ISA {
namespace {

// What the loss of the positive and of the negative side is multiplied by.
template <class T>
struct Coefficients {
    V<T> positive, negative;

    // Of the side that the logit speaks against, and of the other.
    XENT_INLINE V<T> wrong(V<T> z) const { return select<T>((Mask<T>)z < 0, positive, negative); }
    XENT_INLINE V<T> right(V<T> z) const { return select<T>((Mask<T>)z < 0, negative, positive); }
};

template <class T>
class SigmoidWeights {
public:
    SigmoidWeights(const XentSigmoid& call, const Tiling& tiling)
        : few(counts_all(call) && !call.neg_weight.data && !call.row_gradient.data && call.smoothing == 0),
          smoothed(call.smoothing != 0),
          all(counts_all(call)),
          kept(T(1 - call.smoothing)),
          mixed(T(call.smoothing)),
          weight(call.weight, tiling, T(1)),
          pos_weight(call.pos_weight, tiling, T(1)),
          neg_weight(call.neg_weight, tiling, T(1)),
          prior(call.prior, tiling, T(0.5)),
          row_gradient(call.row_gradient, tiling, T(1)),
          counted(call, tiling) {}

    // Makes ready for a tile of these targets: for few_coefficients, or for all else too.
    void read_few(const Tile& tile, const T* targets) {
        y = targets;
        weights = weight.read(tile);
        pos_weights = pos_weight.read(tile);
    }
    void read_all(const Tile& tile, const T* targets) {
        read_few(tile, targets);
        neg_weights = neg_weight.read(tile);
        priors = prior.read(tile);
        row_gradients = row_gradient.read(tile);
        counted.read(tile);
    }

    // Lanes that are read.
    XENT_INLINE Mask<T> lanes(int64_t i) const { return all ? ~Mask<T>{} : counted.lanes(i, load(y + i)); }

    XENT_INLINE Coefficients<T> coefficients(int64_t i) const {
        const V<T> common = all ? load(weights + i) : load(weights + i) * counted.weight(i);
        Coefficients<T> c = sides(i);
        if (smoothed) {
            const V<T> p = load(priors + i);
            c = {kept * c.positive + mixed * p, kept * c.negative + mixed * (T(1) - p)};
        }
        return {c.positive * load(pos_weights + i) * common, c.negative * load(neg_weights + i) * common};
    }

    // The same if there are few.
    XENT_INLINE Coefficients<T> few_coefficients(int64_t i) const {
        const V<T> common = load(weights + i);
        const Coefficients<T> c = sides(i);
        return {c.positive * load(pos_weights + i) * common, c.negative * common};
    }

    // Of the only side that counts, the target being 0 or 1.
    template <bool all_count>
    XENT_INLINE V<T> of_side(int64_t i, Mask<T> is_positive) const {
        const V<T> common = all_count || all ? load(weights + i) : load(weights + i) * counted.weight(i);
        return select<T>(is_positive, load(pos_weights + i), load(neg_weights + i)) * common;
    }

    // What an element's gradient is multiplied by.
    XENT_INLINE V<T> gradient_in_row(int64_t i) const { return load(row_gradients + i); }

    const bool few;  // of them: weight and pos_weight alone
    const bool smoothed;

private:
    XENT_INLINE Coefficients<T> sides(int64_t i) const {
        const V<T> t = load(y + i);
        return {t, T(1) - t};
    }

    const bool all;  // elements are read, and count once
    const T kept, mixed;
    Operand<T> weight, pos_weight, neg_weight, prior, row_gradient;
    Counted<T> counted;
    // Of the tile at hand.
    const T *y = nullptr, *weights = nullptr, *pos_weights = nullptr, *neg_weights = nullptr, *priors = nullptr,
            *row_gradients = nullptr;
};

}  // namespace
}  // namespace XENT_ISA
