// The loops over logits: the largest, the odds e^(z - peak) and their sums, and the gradient made from them. They are
// written for a chunk of a row that lies in the first-level cache; storage type S, arithmetic type T.

#pragma once

#include "elements.h"

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

// Numbers that a lane takes in float before its sum goes on in double: where they are equal, each addition may round to
// the same side.
constexpr int MOST_ADDITIONS = 16;

// Logits where they are stored.
template <class T, class S>
struct StoredLogits {
    const S* z;

    // The vector of classes from i + k on.
    XENT_INLINE V<T> at(int64_t i, int64_t k) const { return load_as(z + i + k); }
    // For what will be read when n more have been.
    XENT_INLINE void ask_for(int64_t i, int64_t n) const {
        prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES, n * int64_t(sizeof(S)));
    }
};

// Sums over a chunk of a row.
struct Sums {
    double others, tops, mass, dot;  // as in RowBatch
};

// Where the odds of a chunk, lifted, are kept: nowhere, as they are, or each times dz'/dz.
template <class T>
struct NoOdds {
    XENT_INLINE void put(int64_t, V<T>) const {}
};

template <class T>
struct PlainOdds {
    T* to;
    XENT_INLINE void put(int64_t i, V<T> e) const { store<T>(to + i, e); }
};

template <class T>
struct SlopedOdds {
    T* to;
    const T* slopes;
    XENT_INLINE void put(int64_t i, V<T> e) const { store<T>(to + i, e * load<T>(slopes + i)); }
};

// Sums over the odds of a chunk, and, with SOFT, over the target a_k, too. Logits are StoredLogits, or what is read
// likewise.
template <class T, bool SOFT, class Logits, class Odds>
struct OddsLoop {
    static constexpr int L = LANES<T>;
    static constexpr int TOGETHER = 4;
    static constexpr int STEP = TOGETHER * L;
    const Logits logits;
    const T* a;
    const Odds odds;
    V<T> peak;
    DoubleSum sum = {}, mass = {}, dot = {};

    struct TargetLanes {
        V<T> mass = {}, dot = {};
    };

    // A step's odds are computed side by side.
    XENT_INLINE void find(int64_t i, V<T> (&e)[TOGETHER], TargetLanes& target) const {
        logits.ask_for(i, STEP);
        for (int u = 0; u < TOGETHER; ++u) e[u] = logits.at(i, u * L) - peak;
        if (SOFT) add_target(i, e, target);
        lifted_exp<T>(e);
        for (int u = 0; u < TOGETHER; ++u) odds.put(i + u * L, e[u]);
    }

    XENT_INLINE void add(int64_t i, int64_t stop) {
        while (i < stop) {
            const int64_t end = i + MOST_ADDITIONS * STEP < stop ? i + MOST_ADDITIONS * STEP : stop;
            V<T> some = {};
            TargetLanes target;
            for (; i < end; i += STEP) {
                V<T> e[TOGETHER];
                find(i, e, target);
                some += (e[0] + e[1]) + (e[2] + e[3]);
            }
            sum.add(some);
            take(target);
        }
    }

    // A step that holds the label, which is left out.
    XENT_INLINE void add_others(int64_t i, int64_t label) {
        V<T> e[TOGETHER];
        TargetLanes target;
        find(i, e, target);
        take(target);
        for (int u = 0; u < TOGETHER; ++u) e[u] = keep<T>(lane_numbers<T>() != int(label - i) - u * L, e[u]);
        sum.add((e[0] + e[1]) + (e[2] + e[3]));
    }

    // A vector of which the lanes in `fresh` have not been covered yet.
    XENT_INLINE void add_lanes(int64_t i, Mask<T> fresh, int64_t label) {
        const V<T> gap = logits.at(i, 0) - peak, e = lifted_exp<T>(gap);
        odds.put(i, e);
        sum.add(keep<T>(fresh & (lane_numbers<T>() != int(label - i)), e));
        if (!SOFT) return;
        const V<T> part = keep<T>(fresh, load<T>(a + i));
        take({part, keep<T>(fresh, part * gap)});
    }

private:
    XENT_INLINE void add_target(int64_t i, const V<T> (&gap)[TOGETHER], TargetLanes& target) const {
        V<T> part[TOGETHER];
        for (int u = 0; u < TOGETHER; ++u) part[u] = load<T>(a + i + u * L);
        target.mass += (part[0] + part[1]) + (part[2] + part[3]);
        target.dot += (part[0] * gap[0] + part[1] * gap[1]) + (part[2] * gap[2] + part[3] * gap[3]);
    }

    XENT_INLINE void take(const TargetLanes& target) {
        if (SOFT) mass.add(target.mass), dot.add(target.dot);
    }
};

// Sums over n >= LANES logits. The odds of the label, which is beyond [0, n) if it is elsewhere, are left out; its part
// of the target, with SOFT, is not.
template <class T, bool SOFT, class Logits, class Odds>
inline Sums sums_of_others(const Logits& logits, const T* a, const Odds& odds, int64_t n, int64_t label, T peak) {
    using Loop = OddsLoop<T, SOFT, Logits, Odds>;
    constexpr int L = Loop::L, STEP = Loop::STEP;
    Loop loop = {logits, a, odds, broadcast<T>(peak)};
    const int64_t steps_end = n - n % STEP;
    const int64_t special = label >= 0 && label < steps_end ? label - label % STEP : steps_end;
    loop.add(0, special);
    if (special < steps_end) {
        loop.add_others(special, label);
        loop.add(special + STEP, steps_end);
    }
    // No lane has the number of a label that is elsewhere.
    const int64_t late = label >= steps_end && label < n ? label : -n;
    for (int64_t i = steps_end; i + L <= n; i += L) loop.add_lanes(i, ~Mask<T>{}, late);
    if (n % L) loop.add_lanes(n - L, tail_lanes<T>(n), late);
    return {LOWERED<double> * loop.sum.take(), 0, loop.mass.take(), loop.dot.take()};
}

template <class T, class S, bool KEEP>
struct DistributionLoop {
    static constexpr int L = LANES<T>;
    static constexpr int STEP = 2 * L;

    struct Lanes {
        V<T> others, mass, dot;
        Mask<T> tops;  // their number, negative

        XENT_INLINE void operator+=(const Lanes& more) {
            others += more.others, mass += more.mass, dot += more.dot, tops += more.tops;
        }
    };

    struct Totals {
        DoubleSum others, mass, dot;
        Mask<T> tops;

        XENT_INLINE void operator+=(const Lanes& more) {
            others.add(more.others), mass.add(more.mass), dot.add(more.dot), tops += more.tops;
        }
    };

    const S* z;
    const T* a;
    T* odds;
    V<T> peak;
    Totals sums = {};

    XENT_INLINE Lanes at(int64_t i, Mask<T> counted) const {
        const V<T> x = load_as(z + i), gap = x - peak, e = lifted_exp<T>(gap);
        const V<T> target = keep<T>(counted, load<T>(a + i));
        const Mask<T> on_top = x == peak;
        if (KEEP) store<T>(odds + i, e);
        return {keep<T>(~on_top & counted, e), target, target * keep<T>(target != T(0), gap), on_top & counted};
    }

    XENT_INLINE void add(int64_t i, int64_t stop) {
        const Mask<T> all = ~Mask<T>{};
        while (i < stop) {
            const int64_t end = i + MOST_ADDITIONS * STEP < stop ? i + MOST_ADDITIONS * STEP : stop;
            Lanes some = {};
            for (; i < end; i += STEP) {
                prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES, STEP * sizeof(S));
                prefetch(reinterpret_cast<const char*>(a + i) + PREFETCH_BYTES, STEP * sizeof(T));
                Lanes both = at(i, all);
                both += at(i + L, all);
                some += both;
            }
            sums += some;
        }
    }
};

template <class T, class S, bool KEEP>
inline Sums sums_of_distribution(const S* z, const T* a, T* odds, int64_t n, T peak) {
    using Loop = DistributionLoop<T, S, KEEP>;
    constexpr int L = Loop::L;
    Loop loop = {z, a, odds, broadcast<T>(peak)};
    const int64_t steps_end = n - n % Loop::STEP;
    loop.add(0, steps_end);
    if (steps_end + L <= n) loop.sums += loop.at(steps_end, ~Mask<T>{});
    if (n % L) loop.sums += loop.at(n - L, tail_lanes<T>(n));
    return {LOWERED<double> * loop.sums.others.take(),
            -double(sum_of_lanes(__builtin_convertvector(loop.sums.tops, V<T>))), loop.sums.mass.take(),
            loop.sums.dot.take()};
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

template <class T>
inline bool is_faint(T factor) {
    return factor < T(FAINT_FACTOR) && factor > -T(FAINT_FACTOR);
}

// Lowers the odds themselves, and says by how much the factor is still to be lowered.
template <class T>
inline T lower_odds(T* odds, int64_t n, T factor) {
    if (!is_faint(factor)) return LOWERED<T>;
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
