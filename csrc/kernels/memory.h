// How memory is asked for ahead of its use, and written past the caches.

#pragma once

#include "storage.h"

namespace XENT_ISA {
namespace {

// Bytes of a cache line.
constexpr int64_t LINE = 64;
// How far ahead of its use memory is asked for, in bytes.
constexpr int64_t PREFETCH_BYTES = 4096;
// Results from this size on are streamed past the caches, in bytes.
constexpr int64_t STREAM_BYTES = 4 << 20;

// Asks for the lines that hold `bytes` from p on.
XENT_INLINE void prefetch(const void* p, int64_t bytes) {
    for (int64_t byte = 0; byte < bytes; byte += LINE) __builtin_prefetch(static_cast<const char*>(p) + byte);
}

// Elements before p reaches a cache line's beginning.
template <class S>
XENT_INLINE int64_t until_line(const S* p) {
    return int64_t((LINE - reinterpret_cast<uintptr_t>(p) % LINE) % LINE / sizeof(S));
}

// A vector, stored as S past the caches. p is aligned to what is stored.
template <class S, class T>
XENT_INLINE void stream_as(S* p, V<T> v) {
    alignas(LINE) S lane[LANES<T>];
    store_as(lane, v);
    if constexpr (sizeof(S) == sizeof(T))
        stream_bytes(p, lane);
    else
        stream_half_bytes(p, lane);
}

}  // namespace
}  // namespace XENT_ISA
