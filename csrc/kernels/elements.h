// Runs of numbers of any dtype and stride, brought into the type of arithmetic T and back, and their sums in double.

#pragma once

#include "../xent.h"
#include "math.h"
#include "memory.h"

namespace XENT_ISA {
namespace {

XENT_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
XENT_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
XENT_INLINE int64_t rounded_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Masks are bytes that are 0 or not.
XENT_INLINE float load_one(const uint8_t* p) { return *p != 0; }

XENT_INLINE VF load_as(const uint8_t* p) {
    typedef uint8_t Bytes __attribute__((vector_size(LANES<float>)));
    Bytes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(__builtin_convertvector(bytes, MF) != 0, VF) * -1.0f;
}

template <class T, class S>
inline void read_run(const void* first, int64_t stride, int64_t count, T* to) {
    const S* from = static_cast<const S*>(first);
    int64_t i = 0;
    if constexpr (sizeof(Arithmetic<S>) == sizeof(T))
        if (stride == 1)
            for (; i + LANES<T> <= count; i += LANES<T>) store<T>(to + i, load_as(from + i));
    for (; i < count; ++i) to[i] = T(load_one(from + i * stride));
}

template <class T, class S>
inline void write_run(const T* from, int64_t count, void* first, int64_t stride) {
    S* to = static_cast<S*>(first);
    int64_t i = 0;
    if constexpr (sizeof(Arithmetic<S>) == sizeof(T))
        if (stride == 1)
            for (; i + LANES<T> <= count; i += LANES<T>) store_as(to + i, load<T>(from + i));
    for (; i < count; ++i) store_one(to + i * stride, Arithmetic<S>(from[i]));
}

// How numbers of one dtype are read and written. Strides count elements.
template <class T>
struct Storage {
    int64_t size;  // bytes of an element
    void (*read)(const void* first, int64_t stride, int64_t count, T* to);
    void (*write)(const T* from, int64_t count, void* first, int64_t stride);

    static Storage of(int64_t dtype) {
        switch (dtype) {
            case XENT_FLOAT64: return {8, read_run<T, double>, write_run<T, double>};
            case XENT_BFLOAT16: return {2, read_run<T, BFloat16>, write_run<T, BFloat16>};
            case XENT_FLOAT16: return {2, read_run<T, Float16>, write_run<T, Float16>};
            default: return {4, read_run<T, float>, write_run<T, float>};
        }
    }

    static Storage of_mask() { return {1, read_run<T, uint8_t>, nullptr}; }
};

// Writes one number to the beginning of a view; nothing where there is no view.
inline void write_number(const XentView& view, double x) {
    if (view.data) Storage<double>::of(view.dtype).write(&x, 1, view.data, 1);
}

// Copies past the caches the lines that lie wholly within, what stands before and after them as usual.
inline void stream_copy(void* to, const void* from, int64_t bytes) {
    char* out = static_cast<char*>(to);
    const char* in = static_cast<const char*>(from);
    const int64_t head = smaller(bytes, until_line(out));
    const int64_t stop = head + (bytes - head) / LINE * LINE;
    memcpy(out, in, head);
    for (int64_t i = head; i < stop; i += XENT_VECTOR_BYTES) {
        VF v;
        memcpy(&v, in + i, sizeof v);
        stream_bytes(out + i, &v);
    }
    memcpy(out + stop, in + stop, bytes - stop);
}

template <int half>
XENT_INLINE VD half_of(VF v) {
    typedef float Floats __attribute__((vector_size(XENT_VECTOR_BYTES / 2)));
    Floats lanes;
    memcpy(&lanes, reinterpret_cast<const char*>(&v) + half * sizeof lanes, sizeof lanes);
    return __builtin_convertvector(lanes, VD);
}

// The lower and the upper half of the lanes, as double.
XENT_INLINE VD lower_half(VF v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (VD)_mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v));
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return (VD)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v));
#else
    return half_of<0>(v);
#endif
}

XENT_INLINE VD upper_half(VF v) {
#if XENT_VECTOR_BYTES == 64 && defined(__AVX512F__)
    return (VD)_mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1));
#elif XENT_VECTOR_BYTES == 32 && defined(__AVX__)
    return (VD)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1));
#else
    return half_of<1>(v);
#endif
}

class DoubleSum {
public:
    XENT_INLINE void add(VF v) {
        low += lower_half(v);
        high += upper_half(v);
    }
    XENT_INLINE void add(VD v) { low += v; }
    XENT_INLINE void add(const DoubleSum& other) {
        low += other.low;
        high += other.high;
    }

    // The sum so far; the next begins at 0.
    double take() {
        const double total = sum_of_lanes(low + high);
        low = high = VD{};
        return total;
    }

private:
    VD low = {}, high = {};
};

}  // namespace
}  // namespace XENT_ISA
