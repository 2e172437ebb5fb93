// softcap(z) = cap * tanh(z / cap), where -inf stays -inf and NaN stays NaN. See core/logits.py.

#pragma once

#include "event.h"

namespace XENT_ISA {
namespace {

template <class T>
XENT_INLINE Mask<T> is_uncapped(V<T> z) {
    return (z == -Constants<T>::infinity) | (z != z);
}

template <class T>
XENT_INLINE V<T> softcap(V<T> z, T cap) {
    const V<T> twice = T(2) * select<T>(z < T(0), -z, z) / cap;
    const V<T> size = cap * (one_minus_exp<T>(twice) / (T(1) + exp<T>(-twice)));
    return select<T>(is_uncapped<T>(z), z, select<T>(z < T(0), -size, size));
}

// Its derivative, sech^2(z / cap), from the decaying exponential: 1 - tanh^2 would cancel.
template <class T>
XENT_INLINE V<T> softcap_slope(V<T> z, T cap) {
    const V<T> decay = exp<T>(T(-2) * select<T>(z < T(0), -z, z) / cap);
    const V<T> sech_squared = T(4) * decay / ((T(1) + decay) * (T(1) + decay));
    return select<T>(is_uncapped<T>(z), broadcast<T>(1), sech_squared);
}

}  // namespace
}  // namespace XENT_ISA
