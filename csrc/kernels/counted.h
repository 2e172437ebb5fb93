// Which elements of an elementwise loss are read, how much each counts, and what a mean is divided by. See
// core/reduce.py.

#pragma once

#include "tiles.h"

namespace XENT_ISA {
namespace {

// The operands that say so. Call is XentSigmoid or XentPointwise.
template <class T>
class Counted {
public:
    template <class Call>
    Counted(const Call& call, const Tiling& tiling)
        : mask(Operand<T>::of_mask(call.mask, tiling)), sample_weight(call.sample_weight, tiling, T(1)) {
        set_ignored(call);
    }

    void read(const Tile& tile) {
        masks = mask.read(tile);
        weights = sample_weight.read(tile);
    }

    XENT_INLINE V<T> weight(int64_t i) const { return load(weights + i); }

    // Lanes that are read, given their target.
    XENT_INLINE Mask<T> lanes(int64_t i, V<T> target) const {
        const Mask<T> read = (load(masks + i) != T(0)) & (weight(i) != T(0));
        return ignores ? read & (target != ignored) : read;
    }

private:
    void set_ignored(const XentSigmoid& call) {
        ignores = call.ignores;
        ignored = T(call.ignore_index);
    }
    void set_ignored(const XentPointwise&) {}

    Operand<T> mask, sample_weight;
    const T *masks = nullptr, *weights = nullptr;
    bool ignores = false;
    T ignored = 0;
};

// Whether every element is read and counts once.
inline bool counts_all(const XentSigmoid& call) { return !call.mask.data && !call.sample_weight.data && !call.ignores; }
inline bool counts_all(const XentPointwise& call) { return !call.mask.data && !call.sample_weight.data; }

template <class T, class Call>
struct CountProblem {
    const Call& call;
    const Tiling tiling;
};

template <class T, class Call>
class CountWorker {
public:
    explicit CountWorker(const CountProblem<T, Call>& problem)
        : counted(problem.call, problem.tiling), target(problem.call.target, problem.tiling, T(0)) {}

    void begin_block() {}

    void take(const Tile& tile) {
        counted.read(tile);
        const T* y = target.read(tile);
        const int64_t count = tile.count();
        for (int64_t i = 0; i < count; i += LANES<T>) {
            const Mask<T> read = counted.lanes(i, load(y + i)) & first_lanes<T>(count - i);
            sum.add(keep<T>(read, counted.weight(i)));
        }
    }

    DoubleSum sum;

private:
    Counted<T> counted;
    Operand<T> target;
};

// Sum of the sample weights of what is read.
template <class T, class Call>
double total_weight(const Call& call, const Tiling& tiling) {
    if (counts_all(call)) return double(tiling.elements());
    using Problem = CountProblem<T, Call>;
    return BlockSums<CountWorker<T, Call>, Problem>::of(Problem{call, tiling});
}

// What the sum of the losses is divided by.
template <class T, class Call>
double divisor(const Call& call, const Tiling& tiling) {
    if (call.reduction != XENT_MEAN) return 1;
    return call.divisor != 0 ? call.divisor : total_weight<T>(call, tiling);
}

}  // namespace
}  // namespace XENT_ISA
