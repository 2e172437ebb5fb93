// ZLPR of rows, log(1 + sum (1-y) e^z) + log(1 + sum y e^-z): two softmax losses whose label is a class at 0. Where all
// logits of a row are near 0 (sigmoid_near.h) neither sum needs its largest term, and one exponential serves both.

#pragma once

#include "rows.h"
#include "sigmoid_near.h"

namespace XENT_ISA {
namespace {

// The terms of the two sums, or their logarithms.
template <class T>
struct Terms {
    V<T> negative, positive;
};

// Of near logits.
template <class T>
class NearTerms {
public:
    static constexpr double unit = 1;

    XENT_INLINE Terms<T> of(V<T> z, V<T> y) {
        V<T> e[1] = {z};
        near.get_signed(e);
        const V<T> rest = T(1) - y;
        outside |= (Mask<T>)y | (Mask<T>)rest;
        return {rest * e[0], y / e[0]};
    }

    // Whether logits were near, and no target has a sign, nor 1 less it.
    XENT_INLINE bool are_right() const { return near.were_near() && !any(outside < 0); }

private:
    NearOdds<T> near;
    Mask<T> outside = {};
};

// Of any logits, in terms of the largest, and lifted: faint ones may sum up to more than 0.
template <class T>
struct FarTerms {
    static constexpr double unit = LOWERED<double>;
    T negative_peak, positive_peak;

    XENT_INLINE Terms<T> of(V<T> z, V<T> y) const {
        const Terms<T> x = logarithms(z, y);
        return {lifted_exp<T>(x.negative - negative_peak), lifted_exp<T>(x.positive - positive_peak)};
    }

    static XENT_INLINE Terms<T> logarithms(V<T> z, V<T> y) {
        const V<T> share = select<T>((y >= T(0)) & (y <= T(1)), y, broadcast<T>(T(__builtin_nan(""))));
        return {logarithm(T(1) - share, z), logarithm(share, -z)};
    }

private:
    static XENT_INLINE V<T> logarithm(V<T> share, V<T> x) {
        return select<T>(share == T(0), broadcast<T>(-Constants<T>::infinity), log<T>(share) + x);
    }
};

// What the terms e^(x - peak) of one side sum up to.
struct Side {
    double peak, sum;

    double rest() const { return exp<double>(broadcast(-peak))[0]; }
    double loss() const { return peak + log1p<double>(broadcast(sum + (rest() - 1)))[0]; }
    double slope() const { return 1 / (sum + rest()); }
};

template <class T>
struct ZLPRProblem {
    const XentSoftmax& call;
    const Tiling tiling;
    const RowSettings<T> settings;

    explicit ZLPRProblem(const XentSoftmax& call)
        : call(call), tiling(call.outer, larger(call.classes, 1), TILE<T>), settings(call, call.divisor) {}
};

template <class T>
class ZLPRWorker {
public:
    explicit ZLPRWorker(const ZLPRProblem<T>& problem)
        : settings(problem.settings),
          call(problem.call),
          logits(call.logits, problem.tiling, T(0)),
          target(call.probabilities, problem.tiling, T(0)),
          gradient(call.gradient, problem.tiling) {}

    void begin_block() {}

    // A row is taken with the tile that holds its beginning.
    void take(const Tile& tile) {
        if (tile.column > 0) return;
        for (int64_t row = tile.row; row < tile.row + tile.rows; ++row) take_row(row);
    }

    DoubleSum sum;

private:
    void take_row(int64_t row) {
        describe(settings, Stretch(call, row, 1), batch);
        if (!batch.read[0]) return leave_out(row);
        NearTerms<T> near;
        sum_up(row, near);
        if (near.are_right()) return finish(row, near);
        FarTerms<T> far = peaks(row);
        negative.peak = far.negative_peak, positive.peak = far.positive_peak;
        sum_up(row, far);
        finish(row, far);
    }

    template <class Part>
    void each_part(int64_t row, const Part& part) const {
        for (int64_t column = 0; column < call.classes; column += TILE<T>)
            part(Tile{row, column, 1, smaller(TILE<T>, call.classes - column)});
    }

    template <class SomeTerms>
    void sum_up(int64_t row, SomeTerms& terms) {
        DoubleSum sums[2];
        each_part(row, [&](const Tile& tile) {
            const T *z = logits.read(tile), *y = target.read(tile);
            V<T> partial[2] = {};
            for (int64_t i = 0, count = tile.count(); i < count; i += LANES<T>) {
                const Terms<T> of = terms.of(load(z + i), load(y + i));
                partial[0] += first_of<T>(of.negative, count - i);
                partial[1] += first_of<T>(of.positive, count - i);
            }
            for (int side = 0; side < 2; ++side) sums[side].add(partial[side]);
        });
        negative.sum = sums[0].take() * SomeTerms::unit;
        positive.sum = sums[1].take() * SomeTerms::unit;
    }

    // The largest logarithms, that of the class at 0 among them.
    FarTerms<T> peaks(int64_t row) {
        Terms<T> top = {};
        each_part(row, [&](const Tile& tile) {
            const T *z = logits.read(tile), *y = target.read(tile);
            for (int64_t i = 0; i < tile.count(); i += LANES<T>) {
                const Terms<T> x = FarTerms<T>::logarithms(load(z + i), load(y + i));
                top = {max(x.negative, top.negative), max(x.positive, top.positive)};
            }
        });
        return {max_of_lanes(top.negative), max_of_lanes(top.positive)};
    }

    template <class SomeTerms>
    void finish(int64_t row, SomeTerms& terms) {
        put_loss(row, batch.row_weight[0] * (negative.loss() + positive.loss()));
        const double factor = double(batch.gradient[0]) * batch.row_weight[0] * SomeTerms::unit;
        const T push = T(factor * negative.slope()), pull = T(factor * positive.slope());
        negative = positive = {};
        put_gradient(row, [&](V<T> z, V<T> y) __attribute__((always_inline)) {
            const Terms<T> of = terms.of(z, y);
            return of.negative * push - of.positive * pull;
        });
    }

    void leave_out(int64_t row) {
        put_loss(row, 0);
        put_gradient(row, [](V<T>, V<T>) { return V<T>{}; });
    }

    void put_loss(int64_t row, double loss) {
        sum.add(VD{loss});
        if (!call.rows.data) return;
        const Storage<double> storage = Storage<double>::of(call.rows.dtype);
        storage.write(&loss, 1, static_cast<char*>(call.rows.data) + row * call.rows.outer * storage.size, 1);
    }

    template <class Slope>
    void put_gradient(int64_t row, const Slope& slope) {
        T* slopes = gradient.tile_if_wanted();
        if (!slopes) return;
        each_part(row, [&](const Tile& tile) {
            const T *z = logits.read(tile), *y = target.read(tile);
            for (int64_t i = 0; i < tile.count(); i += LANES<T>) store<T>(slopes + i, slope(load(z + i), load(y + i)));
            gradient.write(tile);
        });
    }

    const FlushSubnormals flushed;
    const RowSettings<T>& settings;
    const XentSoftmax& call;
    Operand<T> logits, target;
    Result<T> gradient;
    RowBatch<T> batch = {};  // of one row
    Side negative = {}, positive = {};
};

template <class T>
void zlpr_in(const XentSoftmax& call, XentOutcome& outcome) {
    const ZLPRProblem<T> problem(call);
    outcome.total = BlockSums<ZLPRWorker<T>, ZLPRProblem<T>>::of(problem);
    outcome.divisor = call.reduction == XENT_MEAN ? call.divisor : 1;
    write_number(call.result, outcome.total / outcome.divisor);
}

// Of the call: logits, probabilities, which are the targets, and what is there for rows; no inner axis, and the divisor.
void zlpr(const XentSoftmax* call, XentOutcome* outcome) {
    *outcome = {0, 0, -1, 0};
    call->logits.dtype == XENT_FLOAT64 ? zlpr_in<double>(*call, *outcome) : zlpr_in<float>(*call, *outcome);
}

}  // namespace
}  // namespace XENT_ISA
