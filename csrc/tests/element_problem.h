// What random calls of the elementwise losses, and of ZLPR, have in common: sizes, what counts, results and their
// comparison.

#pragma once

#include "expected.h"
#include "formulas.h"

class ElementProblem {
protected:
    explicit ElementProblem(uint64_t seed) : random(seed) {}

    struct Named {
        const char* name;
        Array* array;
    };

    void draw_sizes() {
        const double kind = random.uniform();
        int64_t elements = random.of_any_size(1, 20000);
        if (kind < 0.02) elements = (1 << 20) + random.between(1, 100000);  // results written past the caches
        const int64_t classes = random.chance(0.1) ? 1 : random.of_any_size(1, elements);
        all = per_loss = {kind > 0.98 ? 0 : elements / classes, classes, 1};
    }

    void draw_dtypes() {
        const auto dtype = [&] {
            return random.one_of<int64_t>({XENT_FLOAT32, XENT_FLOAT32, XENT_FLOAT64, XENT_BFLOAT16, XENT_FLOAT16});
        };
        input_dtype = dtype();
        target_dtype = random.chance(0.5) ? input_dtype : dtype();
        const bool is_double = input_dtype == XENT_FLOAT64 || target_dtype == XENT_FLOAT64;
        arithmetic = is_double ? XENT_FLOAT64 : XENT_FLOAT32;
        // A subnormal float32 may be taken for 0 even where the arithmetic is double.
        flushed = input_dtype == XENT_FLOAT64 && target_dtype == XENT_FLOAT64 ? XENT_FLOAT64 : XENT_FLOAT32;
    }

    // One number an element, broadcast along either axis or neither.
    template <class Draw>
    void draw_operand(Array& array, double chance, int64_t dtype, const Draw& draw) {
        draw_operand(array, all, chance, dtype, draw);
    }

    template <class Draw>
    void draw_operand(Array& array, Sizes sizes, double chance, int64_t dtype, const Draw& draw) {
        if (!random.chance(chance)) return;
        const bool of_rows = random.chance(0.2), of_classes = !of_rows && random.chance(0.3);
        array.lay_out(random, dtype, {of_classes ? 1 : sizes.outer, of_rows ? 1 : sizes.along, 1}, {false, true});
        array.fill(draw);
        array.repeat(sizes);
    }

    template <class Draw>
    void draw_counts(const Draw& spoil) {
        reduction = random.between(XENT_NONE, XENT_SUM);
        divisor = random.chance(0.2) ? random.uniform(1, 100) : 0;
        grad_output = random.one_of({1.0, 1.0, 0.5, -3.0, 65536.0});
        draw_operand(mask, per_loss, 0.2, BYTE, [&] { return random.chance(0.7) ? 1 : 0; });
        draw_operand(sample_weight, per_loss, 0.2, arithmetic,
                     [&] { return random.chance(0.2) ? 0 : random.uniform(0, 2); });
        const double chained = reduction == XENT_NONE ? 0.8 : 0;
        draw_operand(row_gradient, per_loss, chained, arithmetic, [&] { return random.normal(); });
        if (random.chance(0.5)) spoil();
    }

    void draw_results(Array& input) {
        in_place = random.chance(0.2);
        if (!in_place && random.chance(0.7)) gradient.lay_out(random, input.dtype, all, {true, false});
        const auto dtype = [&] { return random.chance(0.5) ? input.dtype : arithmetic; };
        if (reduction == XENT_NONE || random.chance(0.1)) rows.lay_out(random, dtype(), per_loss, {true, false});
        if (reduction != XENT_NONE) result.lay_out(random, dtype(), {1, 1, 1}, {});
    }

    template <class Visit>
    void each(const Visit& visit) const {
        for (int64_t o = 0; o < all.outer; ++o)
            for (int64_t a = 0; a < all.along; ++a) visit(o, a);
    }

    static Real value(const Array& array, int64_t o, int64_t a, Real absent) {
        return array.given() ? array.get(o, a, 0) : absent;
    }

    Real counted(int64_t o, int64_t a) const {
        return value(mask, o, a, 1) == 0 ? 0 : value(sample_weight, o, a, 1);
    }

    // Sums, that of the divisor among them, are formed in double.
    void finish_total() { total.slack += sum_slack() * fabsl(total.value); }

    Real sum_slack() const { return 4 * 0x1p-52L * sum_error(XENT_FLOAT64, all.outer * all.along); }

    Faults check(const XentOutcome& outcome, Array& input, const std::vector<Named>& names) {
        Faults found;
        if (outcome.bad != bad || (bad >= 0 && outcome.bad_operand != bad_operand))
            found.add("bad value", outcome.bad, Real(outcome.bad), Expected{Real(bad)});
        if (bad < 0) check_results(outcome, input, found);
        for (const Named& named : names) {
            Array& array = *named.array;
            const bool is_result = &array == &gradient || &array == &rows || &array == &result;
            const bool written = is_result || (in_place && &array == &input);
            if (array.given() && !(written ? array.is_unchanged_around() : array.is_unchanged()))
                found.add(std::string("written beside what is a result: ") + named.name);
        }
        return found;
    }

    void check_results(const XentOutcome& outcome, Array& input, Faults& found) {
        const Expected divided = reduction == XENT_MEAN ? total.times(1 / expected_divisor) : total;
        const Expected wanted = {expected_divisor, 1e-12L * expected_divisor};
        if (!wanted.allows(outcome.divisor, XENT_FLOAT64, arithmetic)) found.add("divisor", 0, outcome.divisor, wanted);
        if (!total.allows(outcome.total, XENT_FLOAT64, flushed)) found.add("total", 0, outcome.total, total);
        if (result.given()) found.check("result", result, {divided}, flushed);
        if (rows.given()) found.check("rows", rows, expected_rows, flushed);
        if (in_place) found.check("gradient in place", input, expected_gradient, flushed);
        if (gradient.given()) found.check("gradient", gradient, expected_gradient, flushed);
    }

    static std::string described(std::string text, const std::vector<Named>& names) {
        for (const Named& named : names)
            if (named.array->given()) text += std::string("    ") + named.name + ": " + named.array->describe() + "\n";
        return text;
    }

    Random random;
    Sizes all, per_loss;  // of the elements, and of what counts and has a loss
    int64_t input_dtype, target_dtype, arithmetic, flushed, reduction, bad = -1, bad_operand = 0;
    double divisor, grad_output;
    bool in_place = false;
    Array gradient, rows, result, mask, sample_weight, row_gradient;
    Real expected_divisor = 1, factor = 0;
    std::vector<Expected> expected_rows, expected_gradient;
    Expected total;
};
