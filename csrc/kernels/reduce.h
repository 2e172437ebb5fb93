// Sums and largest lanes of several vectors together: their lanes are interleaved on the way, so that a step of the
// reduction serves all of them at once, where a vector alone would leave most lanes idle.

#pragma once

#include "vector.h"

namespace XENT_ISA {
namespace {

struct Add {
    XENT_INLINE Four operator()(Four a, Four b) const { return a + b; }
};
struct Larger {
    XENT_INLINE Four operator()(Four a, Four b) const { return larger(a, b); }
};

template <class Join>
XENT_INLINE Four joined_parts(VF v, Join join) {
    Four four = part_of<0>(v);
    if constexpr (PARTS > 1) four = join(four, part_of<1>(v));
    if constexpr (PARTS > 2) four = join(four, join(part_of<2>(v), part_of<3>(v)));
    return four;
}

// Halves of a and b brought together: a01 b01 by turns in one vector, a23 b23 in the other.
template <class Join>
XENT_INLINE Four joined_halves(Four a, Four b, Join join) {
    return join(XENT_SHUFFLE(Four, FourInts, a, b, 0, 4, 1, 5), XENT_SHUFFLE(Four, FourInts, a, b, 2, 6, 3, 7));
}

// Of each of four vectors one number.
template <class Join>
XENT_INLINE void reduce_four(const VF* v, float* to, Join join) {
    const Four ab = joined_halves(joined_parts(v[0], join), joined_parts(v[1], join), join);
    const Four cd = joined_halves(joined_parts(v[2], join), joined_parts(v[3], join), join);
    const Four low = XENT_SHUFFLE(Four, FourInts, ab, cd, 0, 1, 4, 5);
    const Four high = XENT_SHUFFLE(Four, FourInts, ab, cd, 2, 3, 6, 7);
    const Four all = join(low, high);
    memcpy(to, &all, sizeof all);
}

template <int N>
XENT_INLINE void sums_of_lanes(const VF (&v)[N], float* to) {
    static_assert(N % 4 == 0, "vectors are taken by fours");
    for (int i = 0; i < N; i += 4) reduce_four(v + i, to + i, Add());
}

template <int N>
XENT_INLINE void sums_of_lanes(const VD (&v)[N], double* to) {
    for (int i = 0; i < N; ++i) to[i] = sum_of_lanes(v[i]);
}

template <int N>
XENT_INLINE void maxima_of_lanes(const VF (&v)[N], float* to) {
    static_assert(N % 4 == 0, "vectors are taken by fours");
    for (int i = 0; i < N; i += 4) reduce_four(v + i, to + i, Larger());
}

template <int N>
XENT_INLINE void maxima_of_lanes(const VD (&v)[N], double* to) {
    for (int i = 0; i < N; ++i) to[i] = max_of_lanes(v[i]);
}

}  // namespace
}  // namespace XENT_ISA
