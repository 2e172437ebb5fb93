// Rows of four classes turned into four vectors whose lanes are rows, and back. Within each 128-bit part of a vector,
// four rows are transposed by the usual two rounds of shuffles.

#pragma once

#include "storage.h"

namespace XENT_ISA {
namespace {

// In every 128-bit part: low(a, b) = a0 b0 a1 b1, high(a, b) = a2 b2 a3 b3,
// low_pairs(a, b) = a0 a1 b0 b1, high_pairs(a, b) = a2 a3 b2 b3.
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
XENT_INLINE VF low(VF a, VF b) { return (VF)_mm512_unpacklo_ps((__m512)a, (__m512)b); }
XENT_INLINE VF high(VF a, VF b) { return (VF)_mm512_unpackhi_ps((__m512)a, (__m512)b); }
XENT_INLINE VF low_pairs(VF a, VF b) { return (VF)_mm512_shuffle_ps((__m512)a, (__m512)b, 0x44); }
XENT_INLINE VF high_pairs(VF a, VF b) { return (VF)_mm512_shuffle_ps((__m512)a, (__m512)b, 0xee); }
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
XENT_INLINE VF low(VF a, VF b) { return (VF)_mm256_unpacklo_ps((__m256)a, (__m256)b); }
XENT_INLINE VF high(VF a, VF b) { return (VF)_mm256_unpackhi_ps((__m256)a, (__m256)b); }
XENT_INLINE VF low_pairs(VF a, VF b) { return (VF)_mm256_shuffle_ps((__m256)a, (__m256)b, 0x44); }
XENT_INLINE VF high_pairs(VF a, VF b) { return (VF)_mm256_shuffle_ps((__m256)a, (__m256)b, 0xee); }
#elif XENT_VECTOR_BYTES == 16 && defined(__SSE2__)
XENT_INLINE VF low(VF a, VF b) { return (VF)_mm_unpacklo_ps((__m128)a, (__m128)b); }
XENT_INLINE VF high(VF a, VF b) { return (VF)_mm_unpackhi_ps((__m128)a, (__m128)b); }
XENT_INLINE VF low_pairs(VF a, VF b) { return (VF)_mm_shuffle_ps((__m128)a, (__m128)b, 0x44); }
XENT_INLINE VF high_pairs(VF a, VF b) { return (VF)_mm_shuffle_ps((__m128)a, (__m128)b, 0xee); }
#else
template <int i0, int i1, int i2, int i3>
XENT_INLINE VF by_parts(VF a, VF b) {
    VF v;
    for (int p = 0; p < LANES<float>; p += 4) {
        const float both[8] = {a[p], a[p + 1], a[p + 2], a[p + 3], b[p], b[p + 1], b[p + 2], b[p + 3]};
        v[p] = both[i0], v[p + 1] = both[i1], v[p + 2] = both[i2], v[p + 3] = both[i3];
    }
    return v;
}
XENT_INLINE VF low(VF a, VF b) { return by_parts<0, 4, 1, 5>(a, b); }
XENT_INLINE VF high(VF a, VF b) { return by_parts<2, 6, 3, 7>(a, b); }
XENT_INLINE VF low_pairs(VF a, VF b) { return by_parts<0, 1, 4, 5>(a, b); }
XENT_INLINE VF high_pairs(VF a, VF b) { return by_parts<2, 3, 6, 7>(a, b); }
#endif

template <int part>
XENT_INLINE VF with_part(VF v, Four four) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (VF)_mm512_insertf32x4((__m512)v, (__m128)four, part);
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return (VF)_mm256_insertf128_ps((__m256)v, (__m128)four, part);
#else
    memcpy(reinterpret_cast<char*>(&v) + 16 * part, &four, sizeof four);
    return v;
#endif
}

XENT_INLINE Four load_four(const float* p) {
    Four v;
    memcpy(&v, p, sizeof v);
    return v;
}

// A vector's worth of halves may not be there to read: four are copied out first.
template <class S>
XENT_INLINE Four load_four(const S* p) {
#if defined(__F16C__)
    if constexpr (is_float16<S>) {
        int64_t bits;
        memcpy(&bits, p, sizeof bits);
        return (Four)_mm_cvtph_ps(_mm_cvtsi64_si128(bits));
    }
#endif
    S lane[LANES<float>] = {};
    memcpy(lane, p, 4 * sizeof(S));
    return part_of<0>(load_as(lane));
}

XENT_INLINE void store_four(float* p, Four v) { memcpy(p, &v, sizeof v); }

template <class S>
XENT_INLINE void store_four(S* p, Four v) {
    S lane[LANES<float>];
    store_as(lane, with_part<0>(VF{}, v));
    memcpy(p, lane, 4 * sizeof(S));
}

XENT_INLINE void transpose(VF (&x)[4]) {
    const VF a = low(x[0], x[1]), b = high(x[0], x[1]), c = low(x[2], x[3]), d = high(x[2], x[3]);
    x[0] = low_pairs(a, c);
    x[1] = high_pairs(a, c);
    x[2] = low_pairs(b, d);
    x[3] = high_pairs(b, d);
}

// Four classes of LANES rows, `step` elements apart, as four vectors.
template <class S>
XENT_INLINE void load_columns(const S* p, int64_t step, VF (&column)[4]) {
    for (int q = 0; q < 4; ++q) {
        VF v = {};
        v = with_part<0>(v, load_four(p + q * step));
        if constexpr (PARTS > 1) v = with_part<1>(v, load_four(p + (4 + q) * step));
        if constexpr (PARTS > 2) v = with_part<2>(v, load_four(p + (8 + q) * step));
        if constexpr (PARTS > 2) v = with_part<3>(v, load_four(p + (12 + q) * step));
        column[q] = v;
    }
    transpose(column);
}

template <class S>
XENT_INLINE void store_columns(S* p, int64_t step, VF (&column)[4]) {
    transpose(column);
    for (int q = 0; q < 4; ++q) {
        store_four(p + q * step, part_of<0>(column[q]));
        if constexpr (PARTS > 1) store_four(p + (4 + q) * step, part_of<1>(column[q]));
        if constexpr (PARTS > 2) store_four(p + (8 + q) * step, part_of<2>(column[q]));
        if constexpr (PARTS > 2) store_four(p + (12 + q) * step, part_of<3>(column[q]));
    }
}

// Two vectors of pairs turned into one of first and one of second members.
XENT_INLINE void unzip(VF (&x)[2]) {
#if XENT_VECTOR_BYTES == 64
    const VF a = x[0], b = x[1];
    x[0] = XENT_SHUFFLE(VF, MF, a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    x[1] = XENT_SHUFFLE(VF, MF, a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
#elif XENT_VECTOR_BYTES == 32
    const VF a = x[0], b = x[1];
    const VF low = XENT_SHUFFLE(VF, MF, a, b, 0, 1, 2, 3, 8, 9, 10, 11);  // in this order, single instructions
    const VF high = XENT_SHUFFLE(VF, MF, a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    x[0] = XENT_SHUFFLE(VF, MF, low, high, 0, 2, 8, 10, 4, 6, 12, 14);
    x[1] = XENT_SHUFFLE(VF, MF, low, high, 1, 3, 9, 11, 5, 7, 13, 15);
#else
    const VF a = x[0], b = x[1];
    x[0] = XENT_SHUFFLE(VF, MF, a, b, 0, 2, 4, 6);
    x[1] = XENT_SHUFFLE(VF, MF, a, b, 1, 3, 5, 7);
#endif
}

// And back.
XENT_INLINE void zip(VF (&x)[2]) {
    const VF a = x[0], b = x[1];
#if XENT_VECTOR_BYTES == 64
    x[0] = XENT_SHUFFLE(VF, MF, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    x[1] = XENT_SHUFFLE(VF, MF, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif XENT_VECTOR_BYTES == 32
    x[0] = XENT_SHUFFLE(VF, MF, a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    x[1] = XENT_SHUFFLE(VF, MF, a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
    x[0] = XENT_SHUFFLE(VF, MF, a, b, 0, 4, 1, 5);
    x[1] = XENT_SHUFFLE(VF, MF, a, b, 2, 6, 3, 7);
#endif
}

}  // namespace
}  // namespace XENT_ISA
