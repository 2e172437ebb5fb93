// Arrays as the kernels get them: any strides, placed anywhere, with nothing readable behind their last element.

#pragma once

#include <stdio.h>
#include <string.h>

#include <new>
#include <string>
#include <vector>

#include "../xent.h"
#include "random.h"

// The truth is computed in more digits than any kernel has.
using Real = long double;

// Beside the dtypes of XentDtype: labels and masks.
enum { INT64 = 4, BYTE = 5 };

struct Sizes {
    int64_t outer, along, inner;
};

inline int64_t size_of(int64_t dtype) {
    switch (dtype) {
        case BYTE: return 1;
        case XENT_BFLOAT16:
        case XENT_FLOAT16: return 2;
        case XENT_FLOAT32: return 4;
        default: return 8;
    }
}

// Spacing of the numbers of a dtype at 1.
inline Real epsilon(int64_t dtype) {
    switch (dtype) {
        case XENT_BFLOAT16: return 0x1p-7L;
        case XENT_FLOAT16: return 0x1p-10L;
        case XENT_FLOAT32: return 0x1p-23L;
        default: return 0x1p-52L;
    }
}

inline Real largest_number(int64_t dtype) {
    switch (dtype) {
        case XENT_BFLOAT16: return 0x1.fep127L;
        case XENT_FLOAT16: return 65504;
        case XENT_FLOAT32: return 0x1.fffffep127L;
        default: return 0x1.fffffffffffffp1023L;
    }
}

// Below this, what is stored may be 0: a kernel may flush what is subnormal, and a half has no smaller number.
inline Real smallest_number(int64_t dtype) {
    switch (dtype) {
        case XENT_FLOAT16: return 0x1p-24L;
        case XENT_FLOAT64: return 0x1p-1022L;
        default: return 0x1p-126L;
    }
}

inline uint16_t float16_of(double x) {
    const uint16_t sign = signbit(x) ? 0x8000 : 0;
    if (isnan(x)) return 0x7e00;
    const double size = fabs(x);
    if (size >= 65520) return sign | 0x7c00;
    const int exponent = size < 0x1p-14 ? -14 : ilogb(size);
    const int64_t digits = llrint(ldexp(size, 10 - exponent));  // 1024 of them begin the next exponent
    return uint16_t(sign | (digits + ((exponent + 14) << 10)));
}

inline double number_of_float16(uint16_t half) {
    const int exponent = (half >> 10) & 31, digits = half & 1023;
    const double size = exponent == 31  ? (digits ? double(NAN) : double(INFINITY))
                        : exponent == 0 ? ldexp(digits, -24)
                                        : ldexp(1024 + digits, exponent - 25);
    return half & 0x8000 ? -size : size;
}

// Memory that begins with a cache line.
template <class T>
struct LineAllocator {
    using value_type = T;
    static constexpr std::align_val_t line = std::align_val_t(64);
    T* allocate(size_t count) { return static_cast<T*>(operator new(count * sizeof(T), line)); }
    void deallocate(T* block, size_t) { operator delete(block, line); }
    friend bool operator==(LineAllocator, LineAllocator) { return true; }
    friend bool operator!=(LineAllocator, LineAllocator) { return false; }
};
using Memory = std::vector<char, LineAllocator<char>>;

class Array {
public:
    // What an array's place and strides have to be like.
    struct Manner {
        bool dense_along = false;  // stride 1 along the classes
        bool repeats = false;      // strides may be 0
    };

    bool given() const { return !memory.empty(); }

    void lay_out(Random& random, int64_t dtype, Sizes sizes, Manner manner) {
        this->dtype = dtype;
        this->sizes = sizes;
        set_strides(random, manner);
        place(random);
    }

    // Beside another, with its strides.
    void lay_out_like(Random& random, const Array& other, int64_t dtype) {
        *this = other;
        this->dtype = dtype;
        place(random);
    }

    XentView view() {
        if (!given()) return {};
        return {memory.data() + front, dtype < INT64 ? dtype : 0, strides.outer, strides.along, strides.inner};
    }

    Real get(int64_t o, int64_t a, int64_t i) const {
        const char* at = address(o, a, i);
        switch (dtype) {
            case BYTE: return *reinterpret_cast<const uint8_t*>(at);
            case INT64: return Real(read<int64_t>(at));
            case XENT_FLOAT64: return read<double>(at);
            case XENT_FLOAT32: return read<float>(at);
            case XENT_FLOAT16: return number_of_float16(read<uint16_t>(at));
            default: break;
        }
        const uint32_t bits = uint32_t(read<uint16_t>(at)) << 16;
        float x;
        memcpy(&x, &bits, sizeof x);
        return x;
    }

    void set(int64_t o, int64_t a, int64_t i, double x) {
        char* at = const_cast<char*>(address(o, a, i));
        switch (dtype) {
            case BYTE: *at = char(x); return;
            case INT64: return write(at, int64_t(x));
            case XENT_FLOAT64: return write(at, x);
            case XENT_FLOAT32: return write(at, float(x));
            case XENT_FLOAT16: return write(at, float16_of(x));
            default: break;
        }
        const float rounded = float(x);
        uint32_t bits;
        memcpy(&bits, &rounded, sizeof bits);
        write(at, uint16_t(isnan(x) ? 0x7fc0 : bits >> 16));
    }

    template <class Draw>
    void fill(const Draw& draw) {
        for (int64_t o = 0; o < sizes.outer; ++o)
            for (int64_t a = 0; a < sizes.along; ++a)
                for (int64_t i = 0; i < sizes.inner; ++i) set(o, a, i, draw());
    }

    // The same numbers for all of a larger size.
    void repeat(Sizes larger) {
        if (sizes.outer == 1 && larger.outer != 1) strides.outer = 0;
        if (sizes.along == 1 && larger.along != 1) strides.along = 0;
        sizes = larger;
    }

    void remember() { memory_before = memory; }
    void restore() {
        if (given()) memcpy(memory.data(), memory_before.data(), memory.size());
    }

    bool is_unchanged() const { return memory == memory_before; }

    // Whether nothing but the elements was written to.
    bool is_unchanged_around() {
        Memory expected = memory_before;
        const int64_t size = size_of(dtype);
        for (int64_t o = 0; o < sizes.outer; ++o)
            for (int64_t a = 0; a < sizes.along; ++a)
                for (int64_t i = 0; i < sizes.inner; ++i) {
                    const int64_t at = address(o, a, i) - memory.data();
                    memcpy(expected.data() + at, memory.data() + at, size_t(size));
                }
        return memory == expected;
    }

    bool repeats_itself() const {
        return (sizes.outer > 1 && !strides.outer) || (sizes.along > 1 && !strides.along) ||
               (sizes.inner > 1 && !strides.inner);
    }

    std::string describe() const {
        static const char* const names[] = {"float32", "float64", "bfloat16", "float16", "int64", "byte"};
        char text[160];
        snprintf(text, sizeof text, "%s strides %lld %lld %lld, %lld bytes off a line", names[dtype],
                 (long long)strides.outer, (long long)strides.along, (long long)strides.inner, (long long)(front % 64));
        return text;
    }

    int64_t dtype = XENT_FLOAT32;
    Sizes sizes = {0, 0, 0}, strides = {0, 0, 0};

private:
    template <class T>
    static T read(const char* at) {
        T x;
        memcpy(&x, at, sizeof x);
        return x;
    }

    template <class T>
    static void write(char* at, T x) {
        memcpy(at, &x, sizeof x);
    }

    const char* address(int64_t o, int64_t a, int64_t i) const {
        return memory.data() + front + (o * strides.outer + a * strides.along + i * strides.inner) * size_of(dtype);
    }

    // The axes in some order of nearness, with gaps or without.
    void set_strides(Random& random, Manner manner) {
        static const int orders[][3] = {{2, 1, 0}, {1, 2, 0}, {0, 1, 2}, {2, 0, 1}};
        const int order = manner.dense_along ? 1 : random.chance(0.6) ? 0 : int(random.between(0, 3));
        int64_t* const stride[] = {&strides.outer, &strides.along, &strides.inner};
        const int64_t size[] = {sizes.outer, sizes.along, sizes.inner};
        const bool gaps = random.chance(0.3);
        int64_t step = gaps && !manner.dense_along ? random.between(1, 3) : 1;
        for (int axis : orders[order]) {
            const bool zero = manner.repeats && random.chance(0.1);
            *stride[axis] = zero ? 0 : step;
            if (zero || size[axis] == 0) continue;
            step = step * size[axis] + (gaps ? random.between(0, 3) : 0);
        }
        // The stride of an axis of one element is not to matter.
        for (int axis = 0; axis < 3; ++axis)
            if (size[axis] == 1 && !(manner.dense_along && axis == 1) && random.chance(0.5))
                *stride[axis] = random.between(0, 7);
    }

    // As many elements from a cache line's beginning as may be, with bytes behind the last element or without: those
    // show what is written past the end by ways that AddressSanitizer does not watch.
    void place(Random& random) {
        const int64_t size = size_of(dtype);
        const bool empty = !sizes.outer || !sizes.along || !sizes.inner;
        const int64_t last = empty ? -1
                                   : (sizes.outer - 1) * strides.outer + (sizes.along - 1) * strides.along +
                                         (sizes.inner - 1) * strides.inner;
        front = random.chance(0.5) ? 64 : size * random.between(1, 64 / size);
        const int64_t behind = random.chance(0.5) ? 0 : 256;
        memory = Memory(size_t(front + (last + 1) * size + behind), char(0xff));  // NaN in every dtype
    }

    Memory memory, memory_before;
    int64_t front = 0;
};
