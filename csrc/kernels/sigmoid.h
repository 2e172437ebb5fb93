// Binary cross entropy of logits: every element is a softmax over (0, z), with an event for each of its two sides. Both
// are formed from the smaller one's odds, e = exp(-|z|), so that neither is a difference:
//     p of the likelier side = 1 / (1 + e)       -log p = log1p(e)
//     p of the other         = e / (1 + e)       -log p = log1p(e) + |z|
// See backends/reference/sigmoid.py.

#pragma once

#include "sigmoid_distance.h"
#include "sigmoid_events.h"
#include "softcap.h"

namespace XENT_ISA {
namespace {

enum SigmoidKind {
    PLAIN,     // phi is -log p on both sides, of the logits as they are, and all elements count alike
    WEIGHTED,  // elements and their sides may count differently or not at all, and the loss of each may be wanted
    DISTANCE,  // as WEIGHTED, times a power of |y - p|
    EVENTS,    // both sides are events that class Sides knows, too; logits may be scaled and have an offset
    ANY
};

template <class T>
struct SigmoidProblem {
    const XentSigmoid& call;
    const SigmoidKind kind;
    const bool alike;  // see sigmoid_events.h
    const Tiling tiling;
    const double divisor;
    const T factor;  // of the gradient

    explicit SigmoidProblem(const XentSigmoid& call)
        : call(call),
          kind(kind_of(call)),
          alike(counts_all(call) && !call.rows.data && !call.row_gradient.data),
          tiling(call.outer, call.classes, TILE<T>),
          divisor(XENT_ISA::divisor<T>(call, tiling)),
          factor(T(call.grad_output / divisor)) {}

    static SigmoidKind kind_of(const XentSigmoid& call) {
        if (call.distance != 0) return DISTANCE;
        const bool logarithmic = Event<T>(call.positive).is_log && Event<T>(call.negative).is_log;
        const bool transformed = call.softcap != 0 || call.scale.data || call.offset.data || call.neg_scale != 1;
        if (!logarithmic || transformed || call.negative.shift != 0)
            return Sides<T>::know(call) && call.softcap == 0 ? EVENTS : ANY;
        const bool weighted = call.weight.data || call.pos_weight.data || call.neg_weight.data || call.smoothing != 0;
        const bool one_by_one = !counts_all(call) || call.rows.data || call.row_gradient.data;
        return weighted || one_by_one ? WEIGHTED : PLAIN;
    }
};

// The logits of a tile, their odds e and log1p(e). Each is made in a loop of its own: the processor can work on more
// elements at once the fewer operations there are between the first and the last of one.
template <class T>
struct Link {
    const T* logits;
    alignas(LINE) T odds[TILE<T>], nll[TILE<T>];

    // The odds are lifted: times a weight, faint ones may be more than 0.
    void set(const T* z, int64_t count) {
        logits = z;
        for (int64_t i = 0; i < count; i += LANES<T>) store<T>(odds + i, lifted_exp<T>(minus_size<T>(load(z + i))));
        for (int64_t i = 0; i < count; i += LANES<T>)
            store<T>(nll + i, log1p_of_odds(LOWERED<T> * load(odds + i)));
    }

    // p of the positive side, lifted.
    XENT_INLINE V<T> lifted(int64_t i) const { return lifted_side(i, load(logits + i) < T(0)); }

    // And 1 - p.
    XENT_INLINE V<T> lifted_miss(int64_t i) const { return lifted_side(i, load(logits + i) >= T(0)); }

    // The event of the positive side.
    XENT_INLINE Probability<T> positive(int64_t i) const {
        const V<T> z = load(logits + i), e = LOWERED<T> * load(odds + i), log1p_e = load(nll + i);
        const V<T> likelier = T(1) / (T(1) + e), other = e / (T(1) + e);
        const Mask<T> below = z < T(0);
        return {select<T>(below, other, likelier), select<T>(below, likelier, other),
                select<T>(below, log1p_e - z, log1p_e)};
    }

    // That of the negative side, given the other.
    XENT_INLINE Probability<T> negative(int64_t i, const Probability<T>& positive) const {
        const V<T> z = load(logits + i), log1p_e = load(nll + i);
        return {positive.miss, positive.p, select<T>(z < T(0), log1p_e, log1p_e + z)};
    }

private:
    // Of the side that is the less likely one in the lanes that are set.
    XENT_INLINE V<T> lifted_side(int64_t i, Mask<T> unlikely) const {
        const V<T> lifted_e = load(odds + i), whole = T(1) + LOWERED<T> * lifted_e;
        return select<T>(unlikely, lifted_e, broadcast<T>(T(1) / LOWERED<T>)) / whole;
    }
};

// ASL's shift of the negative side: its event has probability u = min(1 - p + shift, 1).
template <class T>
struct Shift {
    T shift, complement;
    Kink<T> kink;

    explicit Shift(double shift) : shift(T(shift)), complement(T(1 - shift)), kink(shift) {}

    // That event, and d(-log u)/dz = p*(1-p)/u, lifted, or 0 where u = 1, the kink included. `positive` is the other
    // side's.
    XENT_INLINE Probability<T> negative(V<T> z, const Probability<T>& positive, V<T>& slope) const {
        const V<T> above = (z - kink.at) - kink.rest;
        const Mask<T> costless = above <= T(0);
        // 1 - u = p - shift, not as a difference: near the kink it would keep little.
        const V<T> product = positive.p * complement * one_minus_exp<T>(above);
        const V<T> gap = select<T>(costless, V<T>{}, product), u = positive.miss + shift;
        const V<T> likelier = max(positive.p, positive.miss), odds = lifted_exp<T>(minus_size<T>(z));
        slope = select<T>(costless, V<T>{}, odds * likelier * likelier / u);
        // It is the small one of the two for small p, u itself for large p.
        const Mask<T> near = gap < T(0.5);
        return {select<T>(near, T(1) - gap, u), gap, -select<T>(near, log1p<T>(keep<T>(near, -gap)), log<T>(u))};
    }
};

template <class T>
class SigmoidWorker {
public:
    explicit SigmoidWorker(const SigmoidProblem<T>& problem)
        : problem(problem),
          call(problem.call),
          positive_event(call.positive),
          negative_event(call.negative),
          shift(call.negative.shift),
          distance(call.distance),
          sides(call),
          logits(call.logits, problem.tiling, T(0)),
          target(call.target, problem.tiling, T(0)),
          weights(call, problem.tiling),
          scale(call.scale, problem.tiling, T(1)),
          offset(call.offset, problem.tiling, T(0)),
          gradient(call.gradient, problem.tiling),
          rows(call.rows, problem.tiling) {}

    void begin_block() { trials.begin_block(); }

    void take(const Tile& tile) {
        z = logits.read(tile);
        y = target.read(tile);
        if (problem.kind == ANY || !trials.is_due() || !taken_quickly(tile)) take_carefully(tile);
        gradient.write(tile);
        rows.write(tile);
    }

    DoubleSum sum;

private:
    bool taken_quickly(const Tile& tile) {
        const bool right = gradient.wanted() ? quickly<true>(tile) : quickly<false>(tile);
        if (!right) trials.has_failed();
        return right;
    }

    template <bool with_slopes>
    bool quickly(const Tile& tile) {
        T* slopes = gradient.tile_if_wanted();
        if (problem.kind == EVENTS) return quickly_events<with_slopes>(tile);
        if (problem.kind == PLAIN)
            return take_quickly<T>(PlainStep<T, with_slopes>{z, y, slopes, problem.factor}, tile.count(), sum);
        return weights.few ? quickly_weighted<with_slopes, true>(tile) : quickly_weighted<with_slopes, false>(tile);
    }

    template <bool with_slopes, bool few>
    bool quickly_weighted(const Tile& tile) {
        few ? weights.read_few(tile, y) : weights.read_all(tile, y);
        if (problem.kind == DISTANCE) {
            const DistanceStep<T, few, with_slopes> step{
                distance, weights, z, y, gradient.tile_if_wanted(), rows.tile_if_wanted(), problem.factor};
            return take_quickly<T>(step, tile.count(), sum);
        }
        const WeightedStep<T, few, with_slopes> step{weights, z, gradient.tile_if_wanted(), rows.tile_if_wanted(),
                                                     problem.factor};
        return take_quickly<T>(step, tile.count(), sum);
    }

    template <bool with_slopes>
    bool quickly_events(const Tile& tile) {
        const bool one_side = !weights.smoothed && are_hard(y, tile.count());
        if (one_side && problem.alike) {
            if (PolyLaw::holds(call)) return quickly_events<PolyLaw, true, true, with_slopes>(tile);
            if (FocalLaw::holds(call)) return quickly_events<FocalLaw, true, true, with_slopes>(tile);
            if (AsymmetricLaw::holds(call)) return quickly_events<AsymmetricLaw, true, true, with_slopes>(tile);
        }
        return sides.shifted() ? quickly_events<AnyShiftedLaw, with_slopes>(tile, one_side)
                               : quickly_events<AnyLaw, with_slopes>(tile, one_side);
    }

    template <class Law, bool with_slopes>
    bool quickly_events(const Tile& tile, bool one_side) {
        return one_side ? quickly_events<Law, true, false, with_slopes>(tile)
                        : quickly_events<Law, false, false, with_slopes>(tile);
    }

    template <class Law, bool one_side, bool alike, bool with_slopes>
    bool quickly_events(const Tile& tile) {
        weights.read_all(tile, y);
        const EventsStep<T, Law, one_side, alike, with_slopes> step{
            sides, weights, z, y, scale.read(tile), offset.read(tile), gradient.tile_if_wanted(), rows.tile_if_wanted(),
            problem.factor};
        return take_quickly<T>(step, tile.count(), sum);
    }

    void take_carefully(const Tile& tile) {
        if (problem.kind == DISTANCE) return take_distance(tile);
        problem.kind == PLAIN || problem.kind == WEIGHTED ? take_far(tile) : take_any(tile);
    }

    void take_distance(const Tile& tile) {
        weights.read_all(tile, y);
        T *slopes = gradient.tile_if_wanted(), *losses = rows.tile_if_wanted();
        link.set(z, tile.count());
        add_vectors<T>(sum, tile.count(), [&](int64_t i) __attribute__((always_inline)) {
            const Mask<T> read = weights.lanes(i);
            const Coefficients<T> c = weights.coefficients(i);
            const Probability<T> positive = link.positive(i), negative = link.negative(i, positive);
            const V<T> entropy = weigh<T>(c.positive, positive.nll) + weigh<T>(c.negative, negative.nll);
            const typename Distance<T>::Factor of = distance.factor(load(y + i), positive.p, positive.miss);
            if (slopes) {
                const V<T> g = of.value * (c.negative * link.lifted(i) - c.positive * link.lifted_miss(i)) * LOWERED<T>;
                // The factor of an infinite logit does not move.
                const V<T> moved = keep<T>(of.slope != T(0), entropy * of.slope);
                store<T>(slopes + i, keep<T>(read, (g + moved) * factor(i)));
            }
            const V<T> loss = keep<T>(read, weigh<T>(of.value, entropy));
            if (losses) store<T>(losses + i, loss);
            return loss;
        });
    }

    // What is not read may be anything; it is left out bit by bit at the end.
    void take_far(const Tile& tile) {
        weights.read_all(tile, y);
        T *slopes = gradient.tile_if_wanted(), *losses = rows.tile_if_wanted();
        link.set(z, tile.count());
        add_vectors<T>(sum, tile.count(), [&](int64_t i) __attribute__((always_inline)) {
            const V<T> x = load(z + i), lifted_e = load(link.odds + i);
            const Mask<T> read = weights.lanes(i);
            const Coefficients<T> c = weights.coefficients(i);
            const V<T> wrong = c.wrong(x), right = c.right(x);
            if (slopes) {
                const V<T> scale = factor(i) / (T(1) + LOWERED<T> * lifted_e);
                const V<T> g = wrong * scale - lifted_e * scale * right * LOWERED<T>;
                store<T>(slopes + i, keep<T>(read, flip_sign<T>(g, x)));
            }
            const V<T> far = keep<T>(wrong != T(0), wrong * minus_size<T>(x));
            const V<T> loss = keep<T>(read, (wrong + right) * load(link.nll + i) - far);
            if (losses) store<T>(losses + i, loss);
            return loss;
        });
    }

    void take_any(const Tile& tile) {
        weights.read_all(tile, y);
        set_links(tile);
        T *slopes = gradient.tile_if_wanted(), *losses = rows.tile_if_wanted();
        add_vectors<T>(sum, tile.count(), [&](int64_t i) __attribute__((always_inline)) {
            const Mask<T> read = weights.lanes(i);
            const Coefficients<T> c = weights.coefficients(i);
            const Probability<T> positive = link.positive(i);
            V<T> push_slope;
            const Probability<T> negative = negative_side(i, positive, push_slope);
            if (slopes) {
                const V<T> pull = weigh<T>(c.positive, slope<T>(positive_event, positive) * link.lifted_miss(i));
                const V<T> push = weigh<T>(c.negative, slope<T>(negative_event, negative) * push_slope);
                store<T>(slopes + i, keep<T>(read, (push - pull) * factor(i) * transform_slope(i) * LOWERED<T>));
            }
            const V<T> of_negative = phi<T>(negative_event, negative) / T(call.neg_scale);
            V<T> loss = weigh<T>(c.positive, phi<T>(positive_event, positive)) + weigh<T>(c.negative, of_negative);
            loss = keep<T>(read, loss);
            if (losses) store<T>(losses + i, loss);
            return loss;
        });
    }

    void set_links(const Tile& tile) {
        scales = scale.read(tile);
        offsets = offset.read(tile);
        const int64_t count = tile.count();
        for (int64_t i = 0; i < count; i += LANES<T>) store<T>(changed + i, transformed(i, load(z + i)));
        link.set(changed, count);
        if (call.neg_scale == 1) return;
        for (int64_t i = 0; i < count; i += LANES<T>) store<T>(scaled + i, T(call.neg_scale) * load(changed + i));
        scaled_link.set(scaled, count);
    }

    XENT_INLINE V<T> transformed(int64_t i, V<T> x) const {
        if (call.softcap != 0) x = softcap<T>(x, T(call.softcap));
        return x * load(scales + i) + load(offsets + i);
    }

    XENT_INLINE V<T> transform_slope(int64_t i) const {
        const V<T> slope = load(scales + i);
        return call.softcap != 0 ? slope * softcap_slope<T>(load(z + i), T(call.softcap)) : slope;
    }

    // The event of the negative side, and d(-log u)/d(neg_scale * z), lifted, which without a shift is p.
    XENT_INLINE Probability<T> negative_side(int64_t i, const Probability<T>& positive, V<T>& slope) const {
        const Link<T>& link = call.neg_scale == 1 ? this->link : scaled_link;
        const Probability<T> other = call.neg_scale == 1 ? positive : link.positive(i);
        if (call.negative.shift != 0) return shift.negative(load(link.logits + i), other, slope);
        slope = link.lifted(i);
        return link.negative(i, other);
    }

    // What an element's gradient is multiplied by.
    XENT_INLINE V<T> factor(int64_t i) const { return problem.factor * weights.gradient_in_row(i); }

    const FlushSubnormals flushed;
    const SigmoidProblem<T>& problem;
    const XentSigmoid& call;
    const Event<T> positive_event, negative_event;
    const Shift<T> shift;
    const Distance<T> distance;
    const Sides<T> sides;
    Operand<T> logits, target;
    SigmoidWeights<T> weights;
    Operand<T> scale, offset;
    Result<T> gradient, rows;
    QuickTrials trials;
    const T *z, *y, *scales, *offsets;  // of the tile at hand
    Link<T> link, scaled_link;  // of the logits, and of neg_scale times these
    alignas(LINE) T changed[TILE<T>], scaled[TILE<T>];
};

template <class T>
void sigmoid_in(const XentSigmoid& call, XentOutcome& outcome) {
    const SigmoidProblem<T> problem(call);
    outcome.total = BlockSums<SigmoidWorker<T>, SigmoidProblem<T>>::of(problem);
    outcome.divisor = problem.divisor;
    write_number(call.result, outcome.total / outcome.divisor);
}

void sigmoid(const XentSigmoid* call, XentOutcome* outcome) {
    *outcome = {0, 0, -1, 0};
    if (call->logits.dtype == XENT_FLOAT64 || call->target.dtype == XENT_FLOAT64)
        sigmoid_in<double>(*call, *outcome);
    else
        sigmoid_in<float>(*call, *outcome);
}

}  // namespace
}  // namespace XENT_ISA
