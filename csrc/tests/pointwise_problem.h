// A random call of a loss of probabilities or log-probabilities, and what it should give.

#pragma once

#include "element_problem.h"

class PointwiseProblem : private ElementProblem {
public:
    explicit PointwiseProblem(uint64_t seed) : ElementProblem(seed) {
        draw_sizes();
        draw_dtypes();
        call.kind = random.between(XENT_BCE, XENT_KL_LOG_TARGET);
        draw_values();
        draw_counts([&] { spoil(); });
        const bool by_batch = call.kind != XENT_BCE && reduction == XENT_MEAN && random.chance(0.5);
        call.batch = by_batch ? double(random.between(2, 9)) : 1;
        draw_results(input);
        expect();
        for (const Named& named : names()) named.array->remember();
    }

    Faults run(const XentKernels& kernels) {
        for (const Named& named : names()) named.array->restore();
        connect();
        XentOutcome outcome = {0, 0, -1, 0};
        kernels.pointwise(&call, &outcome);
        return check(outcome, input, names());
    }

    std::string describe() {
        static const char* const kinds[] = {"binary cross entropy", "divergence", "divergence of logarithms"};
        char text[200];
        snprintf(text, sizeof text, "%s %lld x %lld, reduction %lld, batch %g, %s\n", kinds[call.kind],
                 (long long)all.outer, (long long)all.along, (long long)reduction, call.batch,
                 in_place ? "in place" : gradient.given() ? "gradient" : "no gradient");
        return described(text, names());
    }

private:
    std::vector<Named> names() {
        return {{"input", &input},   {"gradient", &gradient}, {"rows", &rows},
                {"result", &result}, {"target", &target},     {"sample_weight", &sample_weight},
                {"mask", &mask},     {"weight", &weight},     {"row_gradient", &row_gradient}};
    }

    void draw_values() {
        input.lay_out(random, input_dtype, all, {true, false});
        target.lay_out(random, target_dtype, all, {false, true});
        const bool logarithms = call.kind != XENT_BCE;
        const bool hard = random.chance(0.5);
        input.fill([&] { return logarithms ? -20 * random.uniform() * random.uniform() : probability(); });
        target.fill([&] {
            if (call.kind == XENT_KL_LOG_TARGET)
                return random.chance(0.05) ? -INFINITY : random.uniform(-60, random.chance(0.1) ? 60 : 0);
            return hard ? double(random.chance(0.5)) : probability();
        });
        if (call.kind == XENT_BCE)
            draw_operand(weight, 0.4, arithmetic, [&] { return random.chance(0.1) ? 0 : random.uniform(0, 3); });
    }

    // Also where there is little left to 0 or 1.
    double probability() {
        switch (random.between(0, 5)) {
            case 0: return pow(10, random.uniform(call.kind == XENT_BCE ? -50 : -37, 0));
            case 1: return 1 - pow(2, random.uniform(-60, 0));
            case 2: return random.chance(0.5) ? 0 : 1;
            default: return random.uniform();
        }
    }

    // What is not read may be anything; what is read may be impossible, or no probability.
    void spoil() {
        const bool wrong = call.kind == XENT_BCE && random.chance(0.1);
        each([&](int64_t o, int64_t a) {
            if (!random.chance(0.1)) return;
            if (counted(o, a) == 0)
                input.set(o, a, 0, random.chance(0.5) ? NAN : 7);
            else if (call.kind != XENT_BCE && random.chance(0.1))
                input.set(o, a, 0, -INFINITY);
            else if (wrong && random.chance(0.1))
                input.set(o, a, 0, random.chance(0.5) ? NAN : 1.5);
        });
    }

    void connect() {
        call.outer = all.outer, call.classes = all.along;
        call.reduction = reduction, call.divisor = divisor, call.grad_output = grad_output;
        call.input = input.view();
        call.gradient = in_place ? input.view() : gradient.view();
        call.rows = rows.view();
        call.result = result.view();
        call.target = target.view();
        call.weight = weight.view();
        call.sample_weight = sample_weight.view();
        call.mask = mask.view();
        call.row_gradient = row_gradient.view();
    }

    void expect() {
        if (reduction == XENT_MEAN) {
            expected_divisor = divisor;
            if (divisor == 0) each([&](int64_t o, int64_t a) { expected_divisor += counted(o, a); });
        }
        expected_divisor /= call.batch;
        factor = grad_output / expected_divisor;
        each([&](int64_t o, int64_t a) {
            expected_rows.emplace_back();
            expected_gradient.emplace_back();
            if (counted(o, a) != 0) expect_element(o, a);
            total.add(expected_rows.back());
        });
        finish_total();
    }

    void expect_element(int64_t o, int64_t a) {
        const Real x = input.get(o, a, 0), y = target.get(o, a, 0);
        if (call.kind == XENT_BCE && bad < 0 && !(x >= 0 && x <= 1)) bad = o * all.along + a, bad_operand = XENT_INPUT;
        const Term term = call.kind == XENT_BCE  ? cross_entropy(x, y)
                          : call.kind == XENT_KL ? divergence(x, y, logl(y))
                                                 : divergence(x, expl(y), y);
        const Real coefficient = counted(o, a) * value(weight, o, a, 1);
        const Real inexact = 4 * epsilon(arithmetic) * (1 + term.distance);
        const Real in_row = coefficient * factor * value(row_gradient, o, a, 1);
        // Logarithms reach to 100 and more, so what is flushed before one of them multiplies it is as much fainter.
        const Real faint = 200 * (1 + coefficient);
        expected_rows.back() = {term.loss * coefficient, inexact * term.size * coefficient, faint, false};
        expected_gradient.back() = {term.gradient * in_row, (inexact + sum_slack()) * fabsl(term.gradient * in_row),
                                    1 + fabsl(in_row), isinf(factor)};
    }

    struct Term {
        Real loss, size, gradient, distance;
    };

    // -(y*log p + (1-y)*log(1-p)), each logarithm at least -100, and flat where that bound acts
    static Term cross_entropy(Real p, Real y) {
        const Real log_p = fmaxl(logl(p), -100), log_miss = fmaxl(log1pl(-p), -100);
        const Real pull = logl(p) < -100 ? 0 : y / p, push = p == 1 ? 0 : (1 - y) / (1 - p);
        const Real loss = -(y * log_p + (1 - y) * log_miss);
        return {loss, loss, push - pull, 0};
    }

    // t*(log t - x), where t = 0 costs nothing
    static Term divergence(Real x, Real t, Real log_t) {
        const Real known = t == 0 ? 0 : log_t, against = t == 0 && isinf(x) ? 0 : x;
        return {t * (known - against), t * (fabsl(known) + fabsl(against)), -t, isinf(log_t) ? 0 : fabsl(log_t)};
    }

    XentPointwise call = {};
    Array input, target, weight;
};
