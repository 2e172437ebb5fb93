// Label smoothing that is the same for all classes: nothing of the target has to be read to sum over it.

#pragma once

#include "chunk.h"

namespace XENT_ISA {
namespace {

// Sum of z - peak over n >= LANES logits. It is finite only if no class is removed.
template <class T, class S>
inline double sum_of_gaps(const S* z, int64_t n, T peak) {
    constexpr int L = LANES<T>, STEP = 4 * L;
    DoubleSum sum;
    int64_t i = 0;
    for (const int64_t steps_end = n - n % STEP; i < steps_end;) {
        const int64_t end = smaller(steps_end, i + MOST_ADDITIONS * STEP);
        V<T> some[4] = {};
        for (; i < end; i += STEP)
            for (int u = 0; u < 4; ++u) some[u] += load_as(z + i + u * L) - peak;
        sum.add((some[0] + some[1]) + (some[2] + some[3]));
    }
    for (; i + L <= n; i += L) sum.add(load_as(z + i) - peak);
    if (n % L) sum.add(keep<T>(tail_lanes<T>(n), load_as(z + n - L) - peak));
    return sum.take();
}

}  // namespace
}  // namespace XENT_ISA
