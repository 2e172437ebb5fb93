// Losses of probabilities and log-probabilities, element by element:
//     binary cross entropy   -(y*log p + (1-y)*log(1-p)), each logarithm at least -100, and flat where that bound acts
//     divergence             t*(log t - x), where t = 0 costs nothing
// See backends/reference/probabilities.py.

#pragma once

#include "counted.h"
#include "quick.h"

namespace XENT_ISA {
namespace {

template <class T>
struct PointwiseProblem {
    const XentPointwise& call;
    const Tiling tiling;
    const double divisor;
    const T factor;  // of the gradient
    int64_t* const first_bad;

    PointwiseProblem(const XentPointwise& call, int64_t* first_bad)
        : call(call),
          tiling(call.outer, call.classes, TILE<T>),
          divisor(XENT_ISA::divisor<T>(call, tiling) / (call.kind != XENT_BCE ? call.batch : 1)),
          factor(T(call.grad_output / divisor)),
          first_bad(first_bad) {}
};

template <class T>
constexpr int SIGN_BIT = 8 * int(sizeof(T)) - 1;

// Loss of a vector of elements, and its derivative in the input times a factor.
template <class T>
struct Term {
    V<T> loss, gradient;
};

// The same found quickly: right unless the sign of `odd` is set, and if the loss is finite.
template <class T>
struct QuickTerm {
    V<T> loss, gradient;
    Mask<T> odd;
};

// log(x) for any x >= 0, subnormal ones included; NaN below 0.
template <class T>
XENT_INLINE V<T> log_of_any(V<T> x) {
    const Mask<T> tiny = x < Constants<T>::least_normal;
    if (!any(tiny)) return log<T>(x);
    constexpr T step = sizeof(T) == 4 ? T(0x1p24) : T(0x1p53), bits = sizeof(T) == 4 ? 24 : 53;
    const V<T> scaled = log<T>(select<T>(tiny, keep<T>(x > T(0), x * step), x));
    const V<T> result = select<T>(tiny, scaled - bits * Constants<T>::ln2, scaled);
    return select<T>(x < T(0), broadcast<T>(T(__builtin_nan(""))), result);
}

// log(x) for normal x > 0, else some finite number.
template <class T>
XENT_INLINE V<T> quick_log(V<T> x) {
    using C = Constants<T>;
    const Mask<T> k = ((Mask<T>)x - C::sqrt_half) >> C::mantissa_bits;
    const V<T> m = (V<T>)((Mask<T>)x - (k << C::mantissa_bits)) - T(1);
    return __builtin_convertvector(k, V<T>) * C::ln2 + log1p_near(m);
}

// e^x for any x, also where it nears the largest number.
template <class T>
XENT_INLINE V<T> exp_of_any(V<T> x) {
    constexpr T most = -Constants<T>::least_exponent;
    if (!any(x > most)) return exp<T>(x);
    const V<T> root = exp<T>(select<T>(x > 2 * most, broadcast<T>(most), T(0.5) * x));
    return select<T>(x > most, root * root, exp<T>(x));
}

template <class T>
struct BinaryCrossEntropy {
    static constexpr bool has_range = true;
    // Subnormal probabilities have logarithms above the bound: they are not flushed.
    struct Arithmetic {
        Arithmetic() {}
    };

    // Of targets that are 0 or 1, and probabilities whose logarithms stay away from the bound.
    XENT_INLINE static QuickTerm<T> quick(V<T> p, V<T> y, V<T> factor) {
        const V<T> one = broadcast<T>(1), miss = one - p;
        const Mask<T> positive = y == one, soft = y != keep<T>(positive, one);
        const V<T> side = select<T>(positive, p, miss);
        const V<T> slope = (V<T>)((positive << SIGN_BIT<T>) ^ (Mask<T>)(factor / side));
        const Mask<T> outside = (Mask<T>)p | (Mask<T>)miss, impossible = (Mask<T>)(side - Constants<T>::least_normal);
        return {-log_of_side<T>(positive, p), slope, soft | outside | impossible};
    }

    XENT_INLINE static Term<T> of(V<T> p, V<T> y, V<T> factor) {
        const V<T> one = broadcast<T>(1);
        const Mask<T> soft = (y != T(0)) & (y != T(1)), tiny = (p < Constants<T>::least_normal) & (p > T(0));
        const V<T> loss = any(soft | tiny) ? of_two_sides(p, y) : of_one_side(p, y == one);
        // (p-y) / (p*(1-p)); where one of the logarithms is flat, what the other leaves, as p or 1-p is 1.
        const Mask<T> hopeless = p < T(3.720075976020836e-44), sure = p == one;  // e^-100
        const V<T> slope = select<T>(hopeless, one - y, select<T>(sure, -y, p - y));
        const V<T> spread = select<T>(hopeless | sure, one, p * (one - p));
        // 1/p may be beyond the largest number where the gradient, which is divided by their count, is not.
        constexpr T room = T(0x1p24);
        return {loss, slope / (spread * room) * (factor * room)};
    }

private:
    XENT_INLINE static V<T> of_two_sides(V<T> p, V<T> y) {
        const V<T> one = broadcast<T>(1), bound = broadcast<T>(-100);
        const V<T> log_miss = select<T>(p == one, bound, log1p<T>(keep<T>(p < one, -p)));
        return -(y * max(bound, log_of_any<T>(p)) + (one - y) * log_miss);
    }

    // Of targets that are 0 or 1, which leave one of the two logarithms.
    XENT_INLINE static V<T> of_one_side(V<T> p, Mask<T> positive) {
        return -max(broadcast<T>(-100), log_of_side<T>(positive, p));
    }
};

template <class T>
struct Divergence {
    static constexpr bool has_range = false;
    using Arithmetic = FlushSubnormals;

    // Where t = 0 and x is infinite, the loss is not finite.
    XENT_INLINE static QuickTerm<T> quick(V<T> x, V<T> t, V<T> factor) {
        return {t * (quick_log<T>(t) - x), -t * factor, (Mask<T>)t};
    }

    XENT_INLINE static Term<T> of(V<T> x, V<T> t, V<T> factor) {
        const V<T> log_t = select<T>(t == T(0), V<T>{}, log_of_any<T>(t));
        return of_both(x, t, log_t, factor);
    }

    // A pair of impossible events costs nothing, although log t - x is inf - inf.
    XENT_INLINE static Term<T> of_both(V<T> x, V<T> t, V<T> log_t, V<T> factor) {
        const T infinity = Constants<T>::infinity;
        const Mask<T> unread = (t == T(0)) & ((x == infinity) | (x == -infinity));
        return {t * (log_t - select<T>(unread, V<T>{}, x)), -t * factor};
    }
};

template <class T>
struct LogDivergence {
    static constexpr bool has_range = false;
    using Arithmetic = FlushSubnormals;

    XENT_INLINE static QuickTerm<T> quick(V<T> x, V<T> log_t, V<T> factor) {
        const V<T> t = exp<T>(log_t), room = -Constants<T>::least_exponent - log_t;
        return {t * (log_t - x), -t * factor, (Mask<T>)room};
    }

    XENT_INLINE static Term<T> of(V<T> x, V<T> log_t, V<T> factor) {
        const V<T> t = exp_of_any<T>(log_t);
        const Mask<T> impossible = log_t == -Constants<T>::infinity;
        return Divergence<T>::of_both(x, t, select<T>(impossible, V<T>{}, log_t), factor);
    }
};

template <class T, class Loss, bool weighted, bool with_gradients>
struct QuickStep {
    const T *inputs, *targets, *weights;
    T* gradients;
    T factor;
    Mask<T> odd = {};

    using Sums = QuickSums<T>;

    template <int N>
    XENT_INLINE void take(int64_t i, int64_t left, Sums& sums) {
        for (int k = 0; k < N; ++k) {
            const V<T> loss = of_vector(i + k * LANES<T>);
            sums.sum[k] += N == 1 ? first_of<T>(loss, left) : loss;
        }
    }

    XENT_INLINE bool is_right(V<T> total) const { return !any((odd < 0) | ~(total - total == T(0))); }

private:
    XENT_INLINE V<T> of_vector(int64_t i) {
        const V<T> w = weighted ? load(weights + i) : broadcast<T>(1);
        const QuickTerm<T> term = Loss::quick(load(inputs + i), load(targets + i), w * factor);
        odd |= term.odd;
        if (with_gradients) store<T>(gradients + i, term.gradient);
        return weighted ? term.loss * w : term.loss;
    }
};

template <class T, class Loss>
class PointwiseWorker {
public:
    explicit PointwiseWorker(const PointwiseProblem<T>& problem)
        : problem(problem),
          call(problem.call),
          all(counts_all(call)),
          quick(all && !call.rows.data && !call.row_gradient.data),
          input(call.input, problem.tiling, T(0)),
          target(call.target, problem.tiling, T(0)),
          weight(call.weight, problem.tiling, T(1)),
          row_gradient(call.row_gradient, problem.tiling, T(1)),
          counted(call, problem.tiling),
          gradient(call.gradient, problem.tiling),
          rows(call.rows, problem.tiling) {}

    void begin_block() { trials.begin_block(); }

    void take(const Tile& tile) {
        inputs = input.read(tile);
        targets = target.read(tile);
        if (!quick || !trials.is_due() || !taken_quickly(tile)) take_with_care(tile);
        gradient.write(tile);
        rows.write(tile);
    }

    DoubleSum sum;

private:
    bool taken_quickly(const Tile& tile) {
        const bool right = call.weight.data ? quickly<true>(tile) : quickly<false>(tile);
        if (!right) trials.has_failed();
        return right;
    }

    template <bool weighted>
    bool quickly(const Tile& tile) {
        const T* weights = weight.read(tile);
        T* gradients = gradient.tile_if_wanted();
        const T factor = problem.factor;
        if (!gradients)
            return take_quickly<T>(QuickStep<T, Loss, weighted, false>{inputs, targets, weights, gradients, factor},
                                   tile.count(), sum);
        return take_quickly<T>(QuickStep<T, Loss, weighted, true>{inputs, targets, weights, gradients, factor},
                               tile.count(), sum);
    }

    void take_with_care(const Tile& tile) {
        const T *weights = weight.read(tile), *row_gradients = row_gradient.read(tile);
        T *gradients = gradient.tile_if_wanted(), *losses = rows.tile_if_wanted();
        counted.read(tile);
        Mask<T> outside = {};
        add_vectors<T>(sum, tile.count(), [&](int64_t i) __attribute__((always_inline)) {
            V<T> x = load(inputs + i), y = load(targets + i), w = load(weights + i);
            Mask<T> read = ~Mask<T>{};
            if (!all) {
                read = counted.lanes(i, y);
                x = keep<T>(read, x), y = keep<T>(read, y), w *= counted.weight(i);
            }
            if (Loss::has_range) outside |= is_outside(x) | is_outside(y);
            const Term<T> term = Loss::of(x, y, w * problem.factor * load(row_gradients + i));
            if (gradients) store<T>(gradients + i, keep<T>(read, term.gradient));
            const V<T> loss = keep<T>(read, term.loss * w);
            if (losses) store<T>(losses + i, loss);
            return loss;
        });
        if (Loss::has_range && any(outside)) report(tile);
    }

    // NaN is outside too.
    XENT_INLINE static Mask<T> is_outside(V<T> x) { return ~((x >= T(0)) & (x <= T(1))); }
    static bool is_outside(T x) { return !(x >= T(0) && x <= T(1)); }

    // Keeps the first position among all threads, twice it for the input and one more for the target.
    void report(const Tile& tile) {
        const int64_t start = tile.row * problem.tiling.columns + tile.column;
        for (int64_t i = 0; i < tile.count(); ++i) {
            const bool bad_input = is_outside(inputs[i]), bad_target = is_outside(targets[i]);
            const bool read = all || counted.lanes(i - i % LANES<T>, V<T>{})[i % LANES<T>];
            if (!read || (!bad_input && !bad_target)) continue;
            return keep_first(2 * (start + i) + !bad_input);
        }
    }

    void keep_first(int64_t found) {
        int64_t known = __atomic_load_n(problem.first_bad, __ATOMIC_RELAXED);
        while ((known < 0 || found < known) && !__atomic_compare_exchange_n(problem.first_bad, &known, found, false,
                                                                           __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        }
    }

    const typename Loss::Arithmetic arithmetic;
    const PointwiseProblem<T>& problem;
    const XentPointwise& call;
    const bool all, quick;
    Operand<T> input, target, weight, row_gradient;
    Counted<T> counted;
    Result<T> gradient, rows;
    QuickTrials trials;
    const T *inputs, *targets;  // of the tile at hand
};

template <class T>
double pointwise_sum(const PointwiseProblem<T>& problem) {
    using Problem = PointwiseProblem<T>;
    switch (problem.call.kind) {
        case XENT_BCE: return BlockSums<PointwiseWorker<T, BinaryCrossEntropy<T>>, Problem>::of(problem);
        case XENT_KL: return BlockSums<PointwiseWorker<T, Divergence<T>>, Problem>::of(problem);
        default: return BlockSums<PointwiseWorker<T, LogDivergence<T>>, Problem>::of(problem);
    }
}

template <class T>
void pointwise_in(const XentPointwise& call, XentOutcome& outcome) {
    int64_t first_bad = -1;
    const PointwiseProblem<T> problem(call, &first_bad);
    outcome.total = pointwise_sum(problem);
    outcome.divisor = problem.divisor;
    outcome.bad = first_bad < 0 ? -1 : first_bad / 2;
    outcome.bad_operand = first_bad < 0 ? 0 : first_bad % 2;
    write_number(call.result, outcome.total / outcome.divisor);
}

void pointwise(const XentPointwise* call, XentOutcome* outcome) {
    *outcome = {0, 0, -1, 0};
    if (call->input.dtype == XENT_FLOAT64 || call->target.dtype == XENT_FLOAT64)
        pointwise_in<double>(*call, *outcome);
    else
        pointwise_in<float>(*call, *outcome);
}

}  // namespace
}  // namespace XENT_ISA
