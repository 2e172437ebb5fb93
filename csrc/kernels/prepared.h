// Chunks of logits on their way from memory to a buffer in the first-level cache: changed as transform.h says, and the
// largest of them found, in one pass where the classes lie along memory. And their gradient on its way back.

#pragma once

#include "chunk.h"
#include "transform.h"

namespace XENT_ISA {
namespace {

// Changed logits in a buffer, while those that are read next wait in memory. Null for `unchanged`: they have been asked
// for already, and what lies ahead in the buffer is asked for, odds that are soon to be written.
template <class T, class S>
struct BufferedLogits {
    const T* z;
    const S* unchanged;

    XENT_INLINE V<T> at(int64_t i, int64_t k) const { return load<T>(z + i + k); }
    XENT_INLINE void ask_for(int64_t i, int64_t n) const {
        if (unchanged)
            StoredLogits<T, S>{unchanged}.ask_for(i, n);
        else
            StoredLogits<T, T>{z}.ask_for(i, n);
    }
};

// With SCALED, every class has its own scale; with REMOVES, -inf is added to some logits, which may be anything. It
// ASKS for the logits that are read next where the loop that follows does not.
template <class T, class S, bool CAPPED, bool SCALED, bool REMOVES, bool ASKS>
struct PreparingLoop {
    static constexpr int L = LANES<T>;
    const S* z;
    T *to, *slopes;  // dz'/dz; null where it is not wanted
    Change<T> change;
    Softcap<T> cap;
    V<T> top[4] = {};

    // Gives the largest of n >= L logits, lane by lane; the last vector may overlap the one before. Inlined where the
    // loop is made, so that its pointers are in registers.
    XENT_INLINE V<T> run(int64_t n) {
        for (V<T>& t : top) t = broadcast<T>(Constants<T>::lowest);
        const int64_t whole = n - n % L, label = change.label;
        const int64_t special = label >= 0 && label < whole ? label - label % L : whole;
        add(0, special);
        if (special < whole) {
            add_special(special);
            add(special + L, whole);
        }
        if (whole < n) add_special(n - L);
        return max(max(top[0], top[1]), max(top[2], top[3]));
    }

private:
    // The largest are taken out of memory and put back: the compiler cannot see that no store of logits touches them.
    XENT_INLINE void add(int64_t i, int64_t stop) {
        V<T> t[4] = {top[0], top[1], top[2], top[3]};
        for (; i + 4 * L <= stop; i += 4 * L) {
            if (ASKS) StoredLogits<T, S>{z}.ask_for(i, 4 * L);
            V<T> x[4];
            changed(x, i);
            for (int u = 0; u < 4; ++u) t[u] = max(x[u], t[u]);
            for (int u = 0; u < 4; ++u) store<T>(to + i + u * L, x[u]);
        }
        for (; i + L <= stop; i += L) {
            V<T> x[1];
            changed(x, i);
            t[0] = max(x[0], t[0]);
            store<T>(to + i, x[0]);
        }
        for (int u = 0; u < 4; ++u) top[u] = t[u];
    }

    // A vector that may hold the label.
    XENT_INLINE void add_special(int64_t i) {
        V<T> x[1];
        changed(x, i);
        x[0] -= keep<T>(lane_numbers<T>() == int(change.label - i), broadcast<T>(change.margin));
        top[0] = max(x[0], top[0]);
        store<T>(to + i, x[0]);
    }

    template <int N>
    XENT_INLINE void changed(V<T> (&x)[N], int64_t i) const {
        for (int u = 0; u < N; ++u) x[u] = load_as(z + i + u * L);
        const T* added = change.added + (i & change.added_mask);
        if constexpr (CAPPED) {
            V<T> slope[N];
            cap.apply(x, slope);
            if (slopes)
                for (int u = 0; u < N; ++u) store<T>(slopes + i + u * L, slope[u] * scale_at(i + u * L));
        }
        for (int u = 0; u < N; ++u) {
            const V<T> addend = load<T>(added + u * L);
            x[u] = x[u] * scale_at(i + u * L) + addend;
            if constexpr (REMOVES) x[u] = select<T>(addend == -Constants<T>::infinity, addend, x[u]);
        }
    }

    XENT_INLINE V<T> scale_at(int64_t i) const {
        return SCALED ? load<T>(change.scale + i) : broadcast<T>(*change.scale);
    }
};

// A chunk of a row: its first class, how many, and the row's place and label.
struct ChunkPlace {
    int64_t begin, n, outer, inner, label;
};

template <class T, class S>
class Preparation {
public:
    explicit Preparation(const XentSoftmax& call)
        : call(call),
          transform(call),
          is_dense(call.logits.along == 1 && transform.is_dense()),
          removes(may_remove()) {}

    const Transform<T>& changes() const { return transform; }

    // Whether dz'/dz has to be kept until the gradient is written.
    bool keeps_slopes() const {
        return transform.has_slope() && !transform.has_one_slope() && !transform.slope_of_classes();
    }

    // Puts the changed logits of a chunk in `to`, which -inf fills up to a whole vector at least, and dz'/dz in
    // `slopes`, unless that is null. Gives the largest. `spare` has room for as many.
    XENT_INLINE T run(const ChunkPlace& at, const S* logits, T* to, T* spare, T* slopes) const {
        if (!is_dense || at.n < LANES<T>) return run_anyhow(at, logits, to, spare, slopes);
        return max_of_lanes(run_dense<false>(at, logits, to, slopes));
    }

    // The changed logits that `run` has put in z, and the loop over which asks for what is read next if `run` has not.
    XENT_INLINE BufferedLogits<T, S> buffered(const T* z, const S* logits) const {
        return {z, is_dense ? logits : nullptr};
    }

    // The same as `run` of at least a vector of classes, where logits and what is done to them lie along memory.
    template <bool ASKS>
    XENT_INLINE V<T> run_dense(const ChunkPlace& at, const S* logits, T* to, T* slopes) const {
        if (transform.has_one_scale()) return run_scaled<false, ASKS>(at, logits, to, slopes);
        return run_scaled<true, ASKS>(at, logits, to, slopes);
    }

private:
    // What changes from row to row is not looked through beforehand.
    bool may_remove() const {
        if (call.label_offset.data || call.offset.outer != 0 || call.offset.inner != 0) return true;
        if (!call.offset.data || !is_dense || call.classes < LANES<T>) return false;
        return has_removed<T>(static_cast<const T*>(call.offset.data), call.classes);
    }

    template <bool SCALED, bool ASKS>
    XENT_INLINE V<T> run_scaled(const ChunkPlace& at, const S* logits, T* to, T* slopes) const {
        if (transform.is_capped()) return run_capped<true, SCALED, ASKS>(at, logits, to, slopes);
        return run_capped<false, SCALED, ASKS>(at, logits, to, slopes);
    }

    template <bool CAPPED, bool SCALED, bool ASKS>
    XENT_INLINE V<T> run_capped(const ChunkPlace& at, const S* logits, T* to, T* slopes) const {
        if (removes) return run_loop<CAPPED, SCALED, true, ASKS>(at, logits, to, slopes);
        return run_loop<CAPPED, SCALED, false, ASKS>(at, logits, to, slopes);
    }

    template <bool CAPPED, bool SCALED, bool REMOVES, bool ASKS>
    inline V<T> run_loop(const ChunkPlace& at, const S* logits, T* to, T* slopes) const {
        return PreparingLoop<T, S, CAPPED, SCALED, REMOVES, ASKS>{
            logits, to, slopes, transform.of(at.begin, at.outer, at.inner, at.label), transform.cap()}
            .run(at.n);
    }

    T run_anyhow(const ChunkPlace& at, const S* logits, T* to, T* spare, T* slopes) const {
        read_run<T, S>(logits, call.logits.along, at.n, to);
        fill_up(to, at.n, -Constants<T>::infinity);
        if (slopes) {
            for (int64_t i = 0; i < at.n; ++i) spare[i] = T(1);
            transform.apply_slope(spare, to, at.begin, at.n);
            memcpy(slopes, spare, size_t(at.n) * sizeof(T));
        }
        transform.apply(to, at.begin, at.n, at.outer, at.inner, at.label);
        return largest<T>(to, larger(at.n, int64_t(LANES<T>)));
    }

    const XentSoftmax& call;
    const Transform<T> transform;
    const bool is_dense, removes;
};

// Gradient of a chunk that dz'/dz is multiplied in: slope * (factor * odds - pull * a_k).
template <class T, class S>
struct SlopedGradientLoop {
    static constexpr int L = LANES<T>;
    const GradientLoop<T, T> before;
    const T* slopes;
    S* gradient;

    XENT_INLINE V<T> at(int64_t i) const { return before.at(i) * load<T>(slopes + i); }

    XENT_INLINE void put(int64_t i, int64_t stop) const {
        for (; i + L <= stop; i += L) store_as(gradient + i, at(i));
        for (; i < stop; ++i) put_one(i);
    }

    XENT_INLINE void stream(int64_t i, int64_t stop) const {
        for (; i < stop; i += L) stream_as<S, T>(gradient + i, at(i));
    }

private:
    XENT_INLINE void put_one(int64_t i) const {
        const T pulled = before.a ? before.a[i] * before.pull[0] : T(0);
        store_one(gradient + i, (before.odds[i] * before.factor[0] - pulled) * slopes[i]);
    }
};

template <class T, class S, bool STREAM>
inline void write_sloped_gradient(T* odds, const T* a, const T* slopes, S* gradient, int64_t n, T factor, T pull) {
    factor *= lower_odds(odds, n, factor);
    const GradientLoop<T, T> before = {odds, a, nullptr, broadcast<T>(factor), broadcast<T>(pull)};
    const SlopedGradientLoop<T, S> loop = {before, slopes, gradient};
    if (!STREAM) return loop.put(0, n);
    const int64_t per_line = LINE / int64_t(sizeof(S));
    const int64_t head = smaller(n, until_line(gradient)), stop = head + (n - head) / per_line * per_line;
    loop.put(0, head);
    loop.stream(head, stop);
    loop.put(stop, n);
}

}  // namespace
}  // namespace XENT_ISA
