// A tile is first taken in a quick way that guards against nothing: not against infinities, nor numbers that are
// flushed to 0, nor values out of range. Whether that was right shows at its end; if not, the tile is taken again, with
// care.

#pragma once

#include "tiles.h"

namespace XENT_ISA {
namespace {

// Vectors that are taken at a time, so that the wait for one's last step is filled with the others'; and the vectors
// whose sum is taken before it is added in double.
constexpr int QUICK_VECTORS = 4, QUICK_SUM = 64;

// One sum for each vector of those taken at a time.
template <class T>
struct QuickSums {
    V<T> sum[QUICK_VECTORS] = {};

    XENT_INLINE V<T> total() const {
        V<T> all = sum[0];
        for (int k = 1; k < QUICK_VECTORS; ++k) all += sum[k];
        return all;
    }
};

// Whether to try the quick way. Tiles for which it is not right come together: after one, the next few are not tried.
// That begins anew with each block, so that a block's sum does not depend on which thread takes it.
class QuickTrials {
public:
    void begin_block() { left_out = 0; }
    bool is_due() { return left_out == 0 || --left_out == 0; }
    void has_failed() { left_out = LEFT_OUT; }

private:
    static constexpr int LEFT_OUT = 8;
    int left_out = 0;
};

// Takes a tile; whether it was right, and its sum therefore added. Step has
//     take<N>(i, left, sums)   takes N vectors from element i on, of which `left` elements count, into Step::Sums
//     is_right(total)          about what it has seen, and the sum of it
template <class T, class Step>
XENT_INLINE bool take_quickly(Step step, int64_t count, DoubleSum& sum) {
    constexpr int64_t group = QUICK_VECTORS * LANES<T>, stretch = QUICK_SUM * LANES<T>;
    DoubleSum tile;
    V<T> all = {};
    for (int64_t i = 0; i < count;) {
        const int64_t end = smaller(i + stretch, count);
        typename Step::Sums sums;
        for (; i + group <= end; i += group) step.template take<QUICK_VECTORS>(i, end - i, sums);
        for (; i < end; i += LANES<T>) step.template take<1>(i, end - i, sums);
        const V<T> total = sums.total();
        tile.add(total);
        all += total;
    }
    if (!step.is_right(all)) return false;
    sum.add(tile);
    return true;
}

}  // namespace
}  // namespace XENT_ISA
