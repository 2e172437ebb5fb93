// Label smoothing that is the same for all classes: nothing of the target has to be read to sum over it.

#pragma once

#include "chunk.h"

namespace XENT_ISA {
namespace {

// Sum of z - peak over n >= LANES logits. It is finite only if no class is removed.
template <class T, class S>
inline T sum_of_gaps(const S* z, int64_t n, T peak) {
    constexpr int L = LANES<T>;
    V<T> sum[4] = {};
    int64_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L)
        for (int u = 0; u < 4; ++u) sum[u] += load_as(z + i + u * L) - peak;
    for (; i + L <= n; i += L) sum[0] += load_as(z + i) - peak;
    if (n % L) sum[1] += keep<T>(tail_lanes<T>(n), load_as(z + n - L) - peak);
    return sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace
}  // namespace XENT_ISA
