// The dtypes that tensors are stored in, and their conversion to and from the type that arithmetic is done in: float,
// or double for double.

#pragma once

#include "vector.h"

namespace XENT_ISA {
namespace {

struct BFloat16 {
    uint16_t bits;
};
struct Float16 {
    uint16_t bits;
};

typedef uint16_t Halves __attribute__((vector_size(XENT_VECTOR_BYTES / 2)));
typedef uint32_t Words __attribute__((vector_size(XENT_VECTOR_BYTES)));

template <class S>
constexpr bool is_float16 = false;
template <>
constexpr bool is_float16<Float16> = true;

template <class S>
struct ArithmeticOf {
    using Type = float;
};
template <>
struct ArithmeticOf<double> {
    using Type = double;
};
template <class S>
using Arithmetic = typename ArithmeticOf<S>::Type;

XENT_INLINE Halves load_halves(const void* p) {
    Halves v;
    memcpy(&v, p, sizeof v);
    return v;
}

XENT_INLINE Words widened(Halves h) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (Words)_mm512_cvtepu16_epi32((__m256i)h);
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX2__)
    return (Words)_mm256_cvtepu16_epi32((__m128i)h);
#else
    return __builtin_convertvector(h, Words);
#endif
}

// Keeps the low half of each word; the words are below 2^16.
XENT_INLINE Halves narrowed(Words w) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (Halves)_mm512_cvtepi32_epi16((__m512i)w);
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX2__)
    const __m256i packed = _mm256_packus_epi32((__m256i)w, (__m256i)w);
    return (Halves)_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
#else
    return __builtin_convertvector(w, Halves);
#endif
}

// Numbers of a vector of floats.
XENT_INLINE VF load_as(const float* p) { return load<float>(p); }
XENT_INLINE VD load_as(const double* p) { return load<double>(p); }
XENT_INLINE VF load_as(const BFloat16* p) { return (VF)(widened(load_halves(p)) << 16); }

XENT_INLINE VF load_as(const Float16* p) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (VF)_mm512_cvtph_ps((__m256i)load_halves(p));
#elif XENT_VECTOR_BYTES == 32 && defined(__F16C__)
    return (VF)_mm256_cvtph_ps((__m128i)load_halves(p));
#else
    // Placed 13 bits up, the exponent is 112 short.
    const Words bits = widened(load_halves(p));
    const Words sign = (bits & 0x8000) << 16, magnitude = (bits & 0x7fff) << 13;
    const VF scaled = (VF)(magnitude + (112u << 23));
    const MF special = (MF)((bits & 0x7c00) == 0x7c00);
    const MF tiny = (MF)((bits & 0x7c00) == 0);
    // A subnormal half is its 10 bits in units of 2^-24; the float's own would be flushed.
    const VF small = __builtin_convertvector((MF)(bits & 0x3ff), VF) * 0x1p-24f;
    const VF infinite = (VF)(magnitude + (224u << 23));
    const VF finite = select<float>(tiny, small, scaled);
    return (VF)((Words)select<float>(special, infinite, finite) | sign);
#endif
}

XENT_INLINE void store_halves(void* p, Halves h) { memcpy(p, &h, sizeof h); }

// Nearest, ties to even; NaN stays NaN.
XENT_INLINE Halves to_bfloat16(VF v) {
    const Words bits = (Words)v;
    const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return narrowed(rounded | ((Words)(v != v) & 0x7fc0));
}

XENT_INLINE Halves to_float16(VF v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (Halves)_mm512_cvtps_ph((__m512)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif XENT_VECTOR_BYTES == 32 && defined(__F16C__)
    return (Halves)_mm256_cvtps_ph((__m256)v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
    const Words bits = (Words)v;
    const Words sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    // Normal halves: drop 13 bits with rounding to even, exponent 112 less.
    const Words normal = (magnitude - (112u << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    // Below 2^-14: adding 1/2 makes the float's last bit worth 2^-24, so the addition rounds.
    const Words small = (Words)((VF)magnitude + 0.5f) - (Words)(VF{} + 0.5f);
    const Words nan = Words{} + 0x7e00, infinite = Words{} + 0x7c00;
    Words half = magnitude < (113u << 23) ? small : normal;
    half = magnitude >= 0x477ff000u ? infinite : half;  // 65520, halfway beyond the largest half
    half = magnitude > 0x7f800000u ? nan : half;
    return narrowed(half | sign);
#endif
}

XENT_INLINE void store_as(float* p, VF v) { store<float>(p, v); }
XENT_INLINE void store_as(double* p, VD v) { store<double>(p, v); }
XENT_INLINE void store_as(BFloat16* p, VF v) { store_halves(p, to_bfloat16(v)); }
XENT_INLINE void store_as(Float16* p, VF v) { store_halves(p, to_float16(v)); }

// One number.
XENT_INLINE float load_one(const float* p) { return *p; }
XENT_INLINE double load_one(const double* p) { return *p; }

XENT_INLINE float load_one(const BFloat16* p) {
    const uint32_t bits = uint32_t{p->bits} << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

template <class S>
XENT_INLINE Arithmetic<S> load_one(const S* p) {
    S lane[LANES<float>] = {*p};
    return load_as(lane)[0];
}

XENT_INLINE void store_one(float* p, float x) { *p = x; }
XENT_INLINE void store_one(double* p, double x) { *p = x; }

template <class S>
XENT_INLINE void store_one(S* p, float x) {
    S lane[LANES<float>];
    store_as(lane, broadcast<float>(x));
    *p = lane[0];
}

}  // namespace
}  // namespace XENT_ISA
