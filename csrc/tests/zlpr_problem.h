// A random ZLPR call, and what it should give.

#pragma once

#include "element_problem.h"

class ZLPRProblem : private ElementProblem {
public:
    explicit ZLPRProblem(uint64_t seed) : ElementProblem(seed) {
        draw_sizes();
        per_loss.along = 1;
        draw_dtypes();
        if (target_dtype == XENT_FLOAT64) target_dtype = input_dtype;
        arithmetic = flushed = input_dtype == XENT_FLOAT64 ? XENT_FLOAT64 : XENT_FLOAT32;
        draw_logits();
        draw_counts([&] { spoil(); });
        if (divisor == 0) divisor = random.uniform(1, 100);
        draw_results(logits);
        expect();
        for (const Named& named : names()) named.array->remember();
    }

    Faults run(const XentKernels& kernels) {
        for (const Named& named : names()) named.array->restore();
        connect();
        XentOutcome outcome = {0, 0, -1, 0};
        kernels.zlpr(&call, &outcome);
        return check(outcome, logits, names());
    }

    std::string describe() {
        char text[200];
        snprintf(text, sizeof text, "ZLPR %lld x %lld, reduction %lld, %s\n", (long long)all.outer,
                 (long long)all.along, (long long)reduction,
                 in_place ? "in place" : gradient.given() ? "gradient" : "no gradient");
        return described(text, names());
    }

private:
    std::vector<Named> names() {
        return {{"logits", &logits}, {"gradient", &gradient}, {"rows", &rows},
                {"result", &result}, {"target", &target},     {"sample_weight", &sample_weight},
                {"mask", &mask},     {"row_gradient", &row_gradient}};
    }

    void draw_logits() {
        logits.lay_out(random, input_dtype, all, {true, false});
        const double spread = random.one_of({0.01, 1.0, 5.0, 60.0});
        const double middle = random.one_of({0.0, 0.0, -9.0, 300.0});
        logits.fill([&] { return middle + spread * random.normal(); });
        target.lay_out(random, target_dtype, all, {false, true});
        const bool soft = random.chance(0.4);
        target.fill([&] { return soft ? random.uniform() : double(random.chance(0.3)); });
    }

    // What is not read may be anything; what is read may be infinitely right.
    void spoil() {
        each([&](int64_t o, int64_t a) {
            if (!random.chance(0.1)) return;
            const Real y = target.get(o, a, 0);
            if (counted(o, 0) == 0)
                logits.set(o, a, 0, random.chance(0.5) ? NAN : INFINITY);
            else if (random.chance(0.1) && (y == 0 || y == 1))
                logits.set(o, a, 0, y == 0 ? -INFINITY : INFINITY);
        });
    }

    void connect() {
        call.outer = all.outer, call.classes = all.along, call.inner = 1;
        call.reduction = reduction, call.divisor = divisor, call.grad_output = grad_output;
        call.logits = logits.view();
        call.gradient = in_place ? logits.view() : gradient.view();
        call.rows = rows.view();
        call.result = result.view();
        call.probabilities = target.view();
        call.sample_weight = sample_weight.view();
        call.mask = mask.view();
        call.row_gradient = row_gradient.view();
    }

    void expect() {
        if (reduction == XENT_MEAN) expected_divisor = divisor;
        factor = grad_output / expected_divisor;
        expected_gradient.resize(size_t(all.outer * all.along));
        for (int64_t o = 0; o < all.outer; ++o) {
            expected_rows.emplace_back();
            if (counted(o, 0) != 0) expect_row(o);
            total.add(expected_rows.back());
        }
        finish_total();
    }

    // The terms of the two sums.
    struct Terms {
        Real negative, positive;
    };

    Terms terms(int64_t o, int64_t a) const {
        const Real z = logits.get(o, a, 0), y = target.get(o, a, 0);
        return {y == 1 ? 0 : (1 - y) * expl(z), y == 0 ? 0 : y * expl(-z)};
    }

    // log(1 + sum (1-y) e^z) + log(1 + sum y e^-z)
    void expect_row(int64_t o) {
        Terms sum = {0, 0};
        Real reach = 0;  // of the logits
        for (int64_t a = 0; a < all.along; ++a) {
            const Terms of = terms(o, a);
            const Real z = logits.get(o, a, 0);
            sum = {sum.negative + of.negative, sum.positive + of.positive};
            if (isfinite(z)) reach = fmaxl(reach, fabsl(z));
        }
        const Real inexact = 4 * epsilon(arithmetic) * (1 + reach + sum_error(arithmetic, all.along));
        const Real counts = counted(o, 0), in_row = counts * factor * value(row_gradient, o, 0, 1);
        const Real loss = counts * (log1pl(sum.negative) + log1pl(sum.positive));
        expected_rows.back() = {loss, inexact * loss, 1 + counts, false};
        for (int64_t a = 0; a < all.along; ++a) {
            const Terms of = terms(o, a);
            const Real push = of.negative / (1 + sum.negative), pull = of.positive / (1 + sum.positive);
            const Expected gradient = {push - pull, inexact * (push + pull), 0, isinf(factor)};
            Expected& expected = expected_gradient[size_t(o * all.along + a)];
            expected = gradient.times(in_row);
            expected.faint = 1 + fabsl(in_row);
        }
    }

    XentSoftmax call = {};
    Array logits, target;
};
