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

// What is done to a stretch of logits after the softcap: z' = scale * z + added, and less the margin at the label.
// There is one scale, or one for each class; what is added to class i is at added[i & added_mask], so that with mask 0
// a block of zeros serves all classes.
template <class T>
struct Change {
    static constexpr int block = 4 * LANES<T>;  // classes whose numbers may be read from one place on
    const T *scale, *added;
    int64_t added_mask;
    int64_t label;  // counted from the first class of the stretch on; where there is no margin, of none
    T margin;
};

template <class T>
class Transform {
public:
    explicit Transform(const XentSoftmax& call)
        : classes(call.classes),
          limit(T(call.softcap)),
          scale(call.scale),
          offset(call.offset),
          label_offset(call.label_offset),
          margin(call.margin),
          scale_of_all(scale.data ? *static_cast<const T*>(scale.data) : T(1)),
          identity(call.softcap == 0 && !scale.data && !offset.data && !label_offset.data && !margin.data) {}

    bool is_identity() const { return identity; }
    bool has_slope() const { return limit != 0 || scale.data; }
    bool has_one_scale() const { return scale.along == 0; }
    bool is_capped() const { return limit != 0; }
    Softcap<T> cap() const { return Softcap<T>(limit); }

    // Whether dz'/dz is one number for all logits, and that number.
    bool has_one_slope() const { return limit == 0 && has_one_scale(); }
    T one_slope() const { return scale_of_all; }

    // dz'/dz of every class, where these lie along memory, fill a vector and depend on nothing else; otherwise null.
    const T* slope_of_classes() const {
        return limit == 0 && scale.along == 1 && classes >= LANES<T> ? static_cast<const T*>(scale.data) : nullptr;
    }

    // Whether a stretch of classes has a Change.
    bool is_dense() const {
        const XentView& added = offset.data ? offset : label_offset;
        return scale.along <= 1 && (!added.data || added.along == 1) && !(offset.data && label_offset.data);
    }

    // Of classes from `begin` on of the row at (outer, inner). It points into this object.
    XENT_INLINE Change<T> of(int64_t begin, int64_t outer, int64_t inner, int64_t label) const {
        const XentView& view = offset.data ? offset : label_offset;
        const int64_t row = offset.data ? outer : label, column = offset.data ? inner : 0;
        const T* added = view.data ? at(view, begin, row, column) : nothing;
        return {has_one_scale() ? &scale_of_all : at(scale, begin, 0, 0), added, view.data ? -1 : 0,
                margin.data ? label - begin : -1, margin.data ? *at(margin, label, 0, 0) : T(0)};
    }

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
            z[label - begin] -= *at(margin, label, 0, 0);
    }

    // Multiplies gradient[0, n) by dz'/dz, given the logits as they were.
    void apply_slope(T* gradient, const T* z, int64_t begin, int64_t n) const {
        for (int64_t i = 0; i < n; i += LANES<T>) {
            V<T> g = load<T>(gradient + i) * factor(begin + i, n - i);
            if (limit != 0) g *= softcap_slope<T>(load<T>(z + i), limit);
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
        if (limit != 0) z = softcap<T>(z, limit);
        return scale.data ? z * factor(k, count) : z;
    }

    // What stands in a removed place may be inf or NaN; that is not read.
    static XENT_INLINE V<T> with_offset(V<T> z, V<T> added) {
        return select<T>(added == -Constants<T>::infinity, added, z + added);
    }

    const int64_t classes;
    const T limit;  // of the softcap; 0: none
    const XentView scale, offset, label_offset, margin;
    const T scale_of_all;  // where there is one
    const bool identity;
    T nothing[Change<T>::block] = {};
};

// Fills a run of n numbers up to a whole number of vectors.
template <class T>
inline void fill_up(T* run, int64_t n, T filler) {
    for (; n % LANES<T>; ++n) run[n] = filler;
}

}  // namespace
}  // namespace XENT_ISA
