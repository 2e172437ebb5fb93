// Logits made ready for the softmax: brought together from strided memory into the type of arithmetic, and changed as
// core/logits.py says:
//     z'_k = scale_k * softcap(z_k) + offset_k + label_offset[y, k] - [k = y] * margin_y

#pragma once

#include "elements.h"
#include "rows.h"
#include "softcap.h"

namespace XENT_ISA {
namespace {

// `count` numbers from p on, as far as a vector holds them; if it holds more, the rest is `filler`.
template <class T>
XENT_INLINE V<T> load_strided(const T* p, int64_t stride, int64_t count, T filler) {
    if (stride == 0) return broadcast<T>(*p);
    if (stride == 1 && count >= LANES<T>) return load<T>(p);
    T lane[LANES<T>];
    for (int64_t i = 0; i < LANES<T>; ++i) lane[i] = i < count ? p[i * stride] : filler;
    return load<T>(lane);
}

template <class T>
class Transform {
public:
    explicit Transform(const XentSoftmax& call)
        : cap(T(call.softcap)),
          scale(call.scale),
          offset(call.offset),
          label_offset(call.label_offset),
          margin(call.margin),
          identity(call.softcap == 0 && !scale.data && !offset.data && !label_offset.data && !margin.data) {}

    bool is_identity() const { return identity; }
    bool has_slope() const { return cap != 0 || scale.data; }

    // Changes z[0, n), the logits of classes from `begin` on of the row at (outer, inner).
    void apply(T* z, int64_t begin, int64_t n, int64_t outer, int64_t inner, int64_t label) const {
        if (identity) return;
        const T* added = at(offset, begin, outer, inner);
        const T* added_by_label = at(label_offset, begin, label, 0);
        for (int64_t i = 0; i < n; i += LANES<T>) {
            V<T> x = changed(load<T>(z + i), begin + i, n - i);
            if (added) x = with_offset(x, load_strided<T>(added + i * offset.along, offset.along, n - i, T(0)));
            if (added_by_label)
                x += load_strided<T>(added_by_label + i * label_offset.along, label_offset.along, n - i, T(0));
            store<T>(z + i, x);
        }
        if (margin.data && label >= begin && label < begin + n)
            z[label - begin] -= static_cast<const T*>(margin.data)[label * margin.along];
    }

    // Multiplies gradient[0, n) by dz'/dz, given the logits as they were.
    void apply_slope(T* gradient, const T* z, int64_t begin, int64_t n) const {
        for (int64_t i = 0; i < n; i += LANES<T>) {
            V<T> g = load<T>(gradient + i) * factor(begin + i, n - i);
            if (cap != 0) g *= softcap_slope<T>(load<T>(z + i), cap);
            store<T>(gradient + i, g);
        }
    }

private:
    static const T* at(const XentView& view, int64_t k, int64_t outer, int64_t inner) {
        if (!view.data) return nullptr;
        return static_cast<const T*>(view.data) + k * view.along + outer * view.outer + inner * view.inner;
    }

    XENT_INLINE V<T> factor(int64_t k, int64_t count) const {
        if (!scale.data) return broadcast<T>(1);
        return load_strided<T>(static_cast<const T*>(scale.data) + k * scale.along, scale.along, count, T(1));
    }

    XENT_INLINE V<T> changed(V<T> z, int64_t k, int64_t count) const {
        if (cap != 0) z = softcap<T>(z, cap);
        return scale.data ? z * factor(k, count) : z;
    }

    // What stands in a removed place may be inf or NaN; that is not read.
    static XENT_INLINE V<T> with_offset(V<T> z, V<T> added) {
        return select<T>(added == -Constants<T>::infinity, added, z + added);
    }

    const T cap;
    const XentView scale, offset, label_offset, margin;
    const bool identity;
};

// Fills a run of n numbers up to a whole number of vectors.
template <class T>
inline void fill_up(T* run, int64_t n, T filler) {
    for (; n % LANES<T>; ++n) run[n] = filler;
}

}  // namespace
}  // namespace XENT_ISA
