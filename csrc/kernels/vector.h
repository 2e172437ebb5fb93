// Vectors of one instruction set: the compiler's own vector types, and the few operations that it cannot be asked for
// portably. XENT_VECTOR_BYTES is the native register size of the set this file is compiled for.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define XENT_INLINE inline __attribute__((always_inline))

// gcc has __builtin_shufflevector from version 12 on; before, __builtin_shuffle takes the lanes as a vector.
#if defined(__clang__) || __GNUC__ >= 12
#define XENT_SHUFFLE(type, mask, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define XENT_SHUFFLE(type, mask, a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

namespace XENT_ISA {
namespace {

template <class T>
struct IntOf;
template <>
struct IntOf<float> {
    using Type = int32_t;
};
template <>
struct IntOf<double> {
    using Type = int64_t;
};

template <class T>
struct Vector {
    static constexpr int lanes = XENT_VECTOR_BYTES / sizeof(T);
    typedef T Type __attribute__((vector_size(XENT_VECTOR_BYTES)));
    typedef typename IntOf<T>::Type Int __attribute__((vector_size(XENT_VECTOR_BYTES)));
};

template <bool condition, class Yes, class No>
struct Choose {
    using Type = Yes;
};
template <class Yes, class No>
struct Choose<false, Yes, No> {
    using Type = No;
};

// Lanes of arithmetic type T; a comparison gives Mask lanes, -1 for true and 0 for false.
template <class T>
using V = typename Vector<T>::Type;
template <class T>
using Mask = typename Vector<T>::Int;
template <class T>
constexpr int LANES = Vector<T>::lanes;

using VF = V<float>;
using VD = V<double>;
using MF = Mask<float>;
using MD = Mask<double>;
typedef float Four __attribute__((vector_size(16)));
typedef int32_t FourInts __attribute__((vector_size(16)));

template <class T>
XENT_INLINE V<T> broadcast(T x) {
    return x - V<T>{};  // not +: -0 + 0 is +0, so the compiler could not leave the addition out
}

template <class T>
XENT_INLINE V<T> load(const T* p) {
    V<T> v;
    memcpy(&v, p, sizeof v);
    return v;
}

template <class T>
XENT_INLINE void store(T* p, V<T> v) {
    memcpy(p, &v, sizeof v);
}

// Past the caches, for what is not read again soon. p is aligned to the vector's size.
XENT_INLINE void stream_bytes(void* p, const void* v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    _mm512_stream_si512(static_cast<__m512i*>(p), *static_cast<const __m512i*>(v));
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX2__)
    _mm256_stream_si256(static_cast<__m256i*>(p), *static_cast<const __m256i*>(v));
#elif defined(__SSE2__)
    for (int i = 0; i < XENT_VECTOR_BYTES / 16; ++i)
        _mm_stream_si128(static_cast<__m128i*>(p) + i, static_cast<const __m128i*>(v)[i]);
#else
    memcpy(p, v, XENT_VECTOR_BYTES);
#endif
}

// Half a vector, likewise.
XENT_INLINE void stream_half_bytes(void* p, const void* v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX2__)
    _mm256_stream_si256(static_cast<__m256i*>(p), *static_cast<const __m256i*>(v));
#elif XENT_VECTOR_BYTES == 32 && defined(__SSE2__)
    _mm_stream_si128(static_cast<__m128i*>(p), *static_cast<const __m128i*>(v));
#elif defined(__SSE2__)
    _mm_stream_si64(static_cast<long long*>(p), *static_cast<const long long*>(v));
#else
    memcpy(p, v, XENT_VECTOR_BYTES / 2);
#endif
}

// Makes streamed stores visible to other threads.
XENT_INLINE void stream_fence() {
#if defined(__x86_64__)
    _mm_sfence();
#endif
}

// a > b ? a : b, so that b is the result if one of them is NaN.
XENT_INLINE VF max(VF a, VF b) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (VF)_mm512_max_ps((__m512)a, (__m512)b);
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return (VF)_mm256_max_ps((__m256)a, (__m256)b);
#elif XENT_VECTOR_BYTES == 16 && defined(__SSE2__)
    return (VF)_mm_max_ps((__m128)a, (__m128)b);
#else
    return a > b ? a : b;
#endif
}

XENT_INLINE VD max(VD a, VD b) { return a > b ? a : b; }

template <class T>
XENT_INLINE V<T> select(Mask<T> mask, V<T> yes, V<T> no) {
    return mask ? yes : no;
}

template <class T>
XENT_INLINE V<T> keep(Mask<T> mask, V<T> v) {
    return (V<T>)(mask & (Mask<T>)v);
}

// Whether any lane of a mask is true.
template <class M>
XENT_INLINE bool any(M mask) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return _mm256_movemask_ps((__m256)mask) != 0;
#elif XENT_VECTOR_BYTES == 16 && defined(__SSE2__)
    return _mm_movemask_ps((__m128)mask) != 0;
#else
    int64_t parts[sizeof mask / 8];
    memcpy(parts, &mask, sizeof mask);
    int64_t found = 0;
    for (int64_t part : parts) found |= part;
    return found != 0;
#endif
}

// A vector of floats as parts of 128 bits.
constexpr int PARTS = LANES<float> / 4;

template <int part>
XENT_INLINE Four part_of(VF v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (Four)_mm512_extractf32x4_ps((__m512)v, part);
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return (Four)_mm256_extractf128_ps((__m256)v, part);
#else
    Four four;
    memcpy(&four, reinterpret_cast<const char*>(&v) + 16 * part, sizeof four);
    return four;
#endif
}

// Lanes 2 3 0 1 of a part, and 1 0 3 2.
XENT_INLINE Four swap_pairs(Four v) { return XENT_SHUFFLE(Four, FourInts, v, v, 2, 3, 0, 1); }
XENT_INLINE Four swap_within_pairs(Four v) { return XENT_SHUFFLE(Four, FourInts, v, v, 1, 0, 3, 2); }

XENT_INLINE float sum_of_lanes(VF v) {
    Four sum = part_of<0>(v);
    if constexpr (PARTS > 1) sum += part_of<1>(v);
    if constexpr (PARTS > 2) sum += part_of<2>(v) + part_of<3>(v);
    sum += swap_pairs(sum);
    sum += swap_within_pairs(sum);
    return sum[0];
}

XENT_INLINE Four larger(Four a, Four b) { return a > b ? a : b; }

XENT_INLINE float max_of_lanes(VF v) {
    Four top = part_of<0>(v);
    if constexpr (PARTS > 1) top = larger(top, part_of<1>(v));
    if constexpr (PARTS > 2) top = larger(top, larger(part_of<2>(v), part_of<3>(v)));
    top = larger(top, swap_pairs(top));
    top = larger(top, swap_within_pairs(top));
    return top[0];
}

XENT_INLINE double sum_of_lanes(VD v) {
    double sum = 0;
    for (int l = 0; l < LANES<double>; ++l) sum += v[l];
    return sum;
}

XENT_INLINE double max_of_lanes(VD v) {
    double top = v[0];
    for (int l = 1; l < LANES<double>; ++l) top = v[l] > top ? v[l] : top;
    return top;
}

// 0, 1, 2, ... in the lanes.
template <class T>
XENT_INLINE Mask<T> lane_numbers() {
    typename IntOf<T>::Type lane[LANES<T>];
    for (int i = 0; i < LANES<T>; ++i) lane[i] = i;
    Mask<T> v;
    memcpy(&v, lane, sizeof v);
    return v;
}

// Subnormal numbers slow arithmetic down up to fourteen times; within the guard's life they are zero.
class FlushSubnormals {
public:
#if defined(__x86_64__)
    FlushSubnormals() : saved(_mm_getcsr()) { _mm_setcsr(saved | 0x8040); }
    ~FlushSubnormals() { _mm_setcsr(saved); }
#elif defined(__aarch64__)
    FlushSubnormals() {
        asm volatile("mrs %0, fpcr" : "=r"(saved));
        asm volatile("msr fpcr, %0" ::"r"(saved | (uint64_t{1} << 24)));
    }
    ~FlushSubnormals() { asm volatile("msr fpcr, %0" ::"r"(saved)); }
#else
    FlushSubnormals() : saved(0) {}
    ~FlushSubnormals() {}
#endif
    FlushSubnormals(const FlushSubnormals&) = delete;
    FlushSubnormals& operator=(const FlushSubnormals&) = delete;

private:
#if defined(__aarch64__)
    uint64_t saved;
#else
    unsigned saved;
#endif
};

}  // namespace
}  // namespace XENT_ISA
