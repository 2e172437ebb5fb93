// The loops over logits: the largest, the odds e^(z - peak) and their sums, and the gradient made from them. They are
// written for a chunk of a row that lies in the first-level cache; storage type S, arithmetic type T.

#pragma once

#include "math.h"
#include "memory.h"

namespace XENT_ISA {
namespace {

// Lanes of a vector that begins at n - LANES and that no whole vector before it has covered.
template <class T>
XENT_INLINE Mask<T> tail_lanes(int64_t n) {
    const int overlap = int(LANES<T> - n % LANES<T>);
    return lane_numbers<T>() >= overlap;
}

// Largest of n >= LANES logits, NaN left aside.
template <class T, class S>
inline T largest(const S* z, int64_t n) {
    constexpr int L = LANES<T>;
    V<T> top[4];
    for (V<T>& t : top) t = load_as(z + n - L);
    int64_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L)
        for (int u = 0; u < 4; ++u) top[u] = max(load_as(z + i + u * L), top[u]);
    for (; i + L <= n; i += L) top[0] = max(load_as(z + i), top[0]);
    const V<T> lowest = broadcast<T>(Constants<T>::lowest);
    // The first argument of max is passed over if it is NaN.
    return max_of_lanes(max(max(max(top[0], lowest), max(top[1], lowest)), max(max(top[2], lowest), max(top[3], lowest))));
}

// Sums over the odds of a chunk, and the odds themselves (lifted) if KEEP.
template <class T, class S, bool KEEP>
struct OddsLoop {
    static constexpr int L = LANES<T>;
    const S* z;
    T* odds;
    V<T> peak;
    V<T> sum[4] = {};

    XENT_INLINE V<T> at(int64_t i) {
        const V<T> e = lifted_exp<T>(load_as(z + i) - peak);
        if (KEEP) store<T>(odds + i, e);
        return e;
    }

    // The sums are taken out of memory and put back: the compiler cannot see that no store of odds touches them.
    XENT_INLINE void add(int64_t i, int64_t stop) {
        V<T> a = sum[0], b = sum[1], c = sum[2], d = sum[3];
        for (; i + 4 * L <= stop; i += 4 * L) {
            prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES, 4 * L * sizeof(S));
            V<T> e[4];
            for (int u = 0; u < 4; ++u) e[u] = load_as(z + i + u * L) - peak;
            lifted_exp<T>(e);
            if (KEEP)
                for (int u = 0; u < 4; ++u) store<T>(odds + i + u * L, e[u]);
            a += e[0], b += e[1], c += e[2], d += e[3];
        }
        for (; i + 2 * L <= stop; i += 2 * L) {
            V<T> e[2] = {load_as(z + i) - peak, load_as(z + i + L) - peak};
            lifted_exp<T>(e);
            if (KEEP) store<T>(odds + i, e[0]), store<T>(odds + i + L, e[1]);
            a += e[0], b += e[1];
        }
        if (i + L <= stop) c += at(i);
        sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
    }
};

// Sum of the odds of n >= LANES logits without that at `label`, which is beyond [0, n) if the label is elsewhere.
template <class T, class S, bool KEEP>
inline T sum_of_others(const S* z, T* odds, int64_t n, int64_t label, T peak) {
    constexpr int L = LANES<T>;
    OddsLoop<T, S, KEEP> loop = {z, odds, broadcast<T>(peak)};
    const int64_t whole = n - n % L;
    const bool within = label >= 0 && label < whole;
    const int64_t special = within ? label - label % L : whole;
    loop.add(0, special);
    if (within) {
        loop.sum[1] += keep<T>(lane_numbers<T>() != int(label - special), loop.at(special));
        loop.add(special + L, whole);
    }
    if (whole < n) {
        const int64_t i = n - L;
        Mask<T> counted = tail_lanes<T>(n);
        if (label >= i && label < n) counted &= lane_numbers<T>() != int(label - i);
        loop.sum[2] += keep<T>(counted, loop.at(i));
    }
    return LOWERED<T> * sum_of_lanes((loop.sum[0] + loop.sum[1]) + (loop.sum[2] + loop.sum[3]));
}

// Sums over a chunk whose target is spread over the classes.
template <class T>
struct Sums {
    T others, tops, mass, dot;  // as in RowBatch
};

template <class T, class S, bool KEEP>
struct DistributionLoop {
    static constexpr int L = LANES<T>;
    const S* z;
    const T* a;
    T* odds;
    V<T> peak;
    V<T> others[2] = {}, mass[2] = {}, dot[2] = {};
    Mask<T> tops[2] = {};

    XENT_INLINE void at(int u, int64_t i, Mask<T> counted) {
        const V<T> x = load_as(z + i), gap = x - peak, e = lifted_exp<T>(gap), target = keep<T>(counted, load<T>(a + i));
        if (KEEP) store<T>(odds + i, e);
        others[u] += keep<T>(~(x >= peak) & counted, e);
        tops[u] += (x == peak) & counted;
        mass[u] += target;
        dot[u] += keep<T>(target != T(0), target * gap);
    }
};

template <class T, class S, bool KEEP>
inline Sums<T> sums_of_distribution(const S* z, const T* a, T* odds, int64_t n, T peak) {
    constexpr int L = LANES<T>;
    const Mask<T> all = ~Mask<T>{};
    DistributionLoop<T, S, KEEP> loop = {z, a, odds, broadcast<T>(peak)};
    int64_t i = 0;
    for (; i + 2 * L <= n; i += 2 * L) {
        prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES, 2 * L * sizeof(S));
        prefetch(reinterpret_cast<const char*>(a + i) + PREFETCH_BYTES, 2 * L * sizeof(T));
        for (int u = 0; u < 2; ++u) loop.at(u, i + u * L, all);
    }
    if (i + L <= n) loop.at(0, i, all);
    if (n % L) loop.at(1, n - L, tail_lanes<T>(n));
    return {LOWERED<T> * sum_of_lanes(loop.others[0] + loop.others[1]),
            -sum_of_lanes(__builtin_convertvector(loop.tops[0] + loop.tops[1], V<T>)),
            sum_of_lanes(loop.mass[0] + loop.mass[1]), sum_of_lanes(loop.dot[0] + loop.dot[1])};
}

// Whether one of n >= LANES logits is -inf: its class has no part in the softmax.
template <class T, class S>
inline bool has_removed(const S* z, int64_t n) {
    constexpr int L = LANES<T>;
    Mask<T> found = load_as(z + n - L) == -Constants<T>::infinity;
    for (int64_t i = 0; i + L <= n; i += L) found |= load_as(z + i) == -Constants<T>::infinity;
    return any(found);
}

// Gradient of a chunk: factor * odds, less pull * a_k if a is given.
template <class T, class S>
struct GradientLoop {
    static constexpr int L = LANES<T>;
    const T* odds;
    const T* a;
    S* gradient;
    V<T> factor, pull;

    XENT_INLINE V<T> at(int64_t i) const {
        const V<T> g = load<T>(odds + i) * factor;
        return a ? g - load<T>(a + i) * pull : g;
    }

    XENT_INLINE void put(int64_t i, int64_t stop) const {
        for (; i + L <= stop; i += L) store_as(gradient + i, at(i));
        if (i < stop) put_some(i, stop);
    }

    // All of n, the last vector overlapping the one before.
    XENT_INLINE void put_all(int64_t n) const {
        int64_t i = 0;
        for (; i + L <= n; i += L) store_as(gradient + i, at(i));
        if (i == n) return;
        if (n >= L)
            store_as(gradient + n - L, at(n - L));
        else
            put_some(i, n);
    }

    // Fewer elements than a vector holds.
    inline void put_some(int64_t i, int64_t stop) const {
        T g[L] = {};
        S lane[L];
        for (int64_t k = i; k < stop; ++k) g[k - i] = odds[k] * factor[0] - (a ? a[k] * pull[0] : T(0));
        store_as(lane, load<T>(g));
        for (int64_t k = i; k < stop; ++k) gradient[k] = lane[k - i];
    }
};

// Odds beyond this are not put in the label's place: times a faint factor they would not give back the gradient.
constexpr double LARGEST_ODDS = 1e30;
// Below this, a factor as low as the odds are lifted would be flushed to 0.
constexpr double FAINT_FACTOR = 1e-20;

// Lowers the odds themselves, and says by how much the factor is still to be lowered.
template <class T>
inline T lower_odds(T* odds, int64_t n, T factor) {
    if (!(factor < T(FAINT_FACTOR) && factor > -T(FAINT_FACTOR))) return LOWERED<T>;
    for (int64_t k = 0; k < n; ++k) odds[k] *= LOWERED<T>;
    return T(1);
}

template <class T, class S, bool STREAM>
inline void write_gradient(T* odds, const T* a, S* gradient, int64_t n, T factor, T pull) {
    constexpr int L = LANES<T>;
    factor *= lower_odds(odds, n, factor);
    const GradientLoop<T, S> loop = {odds, a, gradient, broadcast<T>(factor), broadcast<T>(pull)};
    if (!STREAM) return loop.put_all(n);
    const int64_t head = until_line(gradient) < n ? until_line(gradient) : n;
    const int64_t per_line = LINE / int64_t(sizeof(S));
    const int64_t stop = head + (n - head) / per_line * per_line;
    loop.put(0, head);
    for (int64_t i = head; i < stop; i += per_line)
        for (int64_t k = 0; k < per_line; k += L) stream_as<S, T>(gradient + i + k, loop.at(i + k));
    loop.put(stop, n);
}

}  // namespace
}  // namespace XENT_ISA
