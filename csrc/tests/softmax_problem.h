// A random softmax call, and what it should give.

#pragma once

#include "expected.h"
#include "formulas.h"

class SoftmaxProblem {
public:
    explicit SoftmaxProblem(uint64_t seed) : random(seed) {
        draw_sizes();
        draw_logits();
        draw_target();
        draw_settings();
        draw_transform();
        draw_rows();
        draw_results();
        expect();
        for (Array* array : arrays()) array->remember();
    }

    Faults run(const XentKernels& kernels) {
        for (Array* array : arrays()) array->restore();
        connect();
        XentOutcome outcome = {0, 0, -1, 0};
        kernels.softmax(&call, &outcome);
        return faults(outcome);
    }

    std::string describe() const {
        char text[400];
        snprintf(text, sizeof text,
                 "softmax %lld x %lld x %lld, %s target, reduction %lld, smoothing %g, z_loss %g, softcap %g, "
                 "event (%g %g %g), %s\n",
                 (long long)call.outer, (long long)call.classes, (long long)call.inner, indexed ? "index" : "soft",
                 (long long)call.reduction, call.smoothing, call.z_loss, call.softcap, call.event.gamma,
                 call.event.poly, call.event.q, in_place ? "in place" : gradient.given() ? "gradient" : "no gradient");
        std::string all = text;
        for (const Named& named : names())
            if (named.array->given()) all += std::string("    ") + named.name + ": " + named.array->describe() + "\n";
        return all;
    }

private:
    struct Named {
        const char* name;
        const Array* array;
    };

    std::vector<Named> names() const {
        return {{"logits", &logits},     {"gradient", &gradient},           {"rows", &rows},
                {"result", &result},     {"labels", &labels},               {"probabilities", &probabilities},
                {"weight", &weight},     {"prior", &prior},                 {"sample_weight", &sample_weight},
                {"mask", &mask},         {"scale", &scale},                 {"offset", &offset},
                {"margin", &margin},     {"label_offset", &label_offset},   {"row_gradient", &row_gradient}};
    }

    std::vector<Array*> arrays() {
        std::vector<Array*> all;
        for (const Named& named : names()) all.push_back(const_cast<Array*>(named.array));
        return all;
    }

    void draw_sizes() {
        const double kind = random.uniform();
        int64_t classes, rows;
        if (kind < 0.02) {  // rows that are split among threads
            classes = random.between(65536, 300000);
            rows = random.between(1, 8);
        } else if (kind < 0.04) {  // gradients written past the caches
            classes = random.of_any_size(1, 6000);
            rows = (1 << 20) / classes + random.between(1, 20);
        } else {
            classes = random.chance(0.5) ? random.between(1, 40) : random.of_any_size(1, 5000);
            rows = random.chance(0.02) ? 0 : random.of_any_size(1, 1 + 12000 / classes);
        }
        const int64_t inner = random.chance(0.5) || !rows ? 1 : random.of_any_size(1, rows);
        all = {rows / inner, classes, inner};
        call.outer = all.outer, call.classes = all.along, call.inner = all.inner;
        per_row = {all.outer, 1, all.inner};
        per_class = {1, all.along, 1};
    }

    void draw_logits() {
        const int64_t dtype =
            random.one_of<int64_t>({XENT_FLOAT32, XENT_FLOAT32, XENT_FLOAT64, XENT_BFLOAT16, XENT_FLOAT16});
        arithmetic = dtype == XENT_FLOAT64 ? XENT_FLOAT64 : XENT_FLOAT32;
        logits.lay_out(random, dtype, all, {false, true});
        const double spread = random.one_of({0.1, 1.0, 5.0, 20.0, 60.0});
        const double middle = random.one_of({0.0, 0.0, 9.0, -300.0});
        const bool ties = random.chance(0.1);
        logits.fill([&] {
            const double z = middle + spread * random.normal();
            return ties ? rint(z) : z;
        });
    }

    void draw_target() {
        indexed = random.chance(0.7);
        if (!indexed) return draw_probabilities();
        call.ignores = random.chance(0.5);
        call.ignore_index = random.one_of<int64_t>({-100, -1, 255, 2});
        labels.lay_out(random, INT64, per_row, {false, true});
        labels.fill([&] { return random.between(0, all.along - 1); });
        if (call.ignores && random.chance(0.5))
            labels.fill([&] {
                return random.chance(0.3) ? call.ignore_index : random.between(0, all.along - 1);
            });
        if (random.chance(0.5)) make_labels_likely();
        if (random.chance(0.02) && per_row.outer)
            labels.set(random.between(0, per_row.outer - 1), 0, random.between(0, per_row.inner - 1),
                       random.chance(0.5) ? double(all.along) : -7.0);
    }

    // Where a loss is small, it takes more to have it precisely.
    void make_labels_likely() {
        const double more = random.uniform(5, 60);
        each_row([&](int64_t o, int64_t i) {
            const int64_t y = int64_t(labels.get(o, 0, i));
            if (y >= 0 && y < all.along) logits.set(o, y, i, double(logits.get(o, y, i)) + more);
        });
    }

    void draw_probabilities() {
        const int64_t dtype = arithmetic == XENT_FLOAT64
                                  ? int64_t(XENT_FLOAT64)
                                  : random.one_of<int64_t>({XENT_FLOAT32, XENT_BFLOAT16, XENT_FLOAT16});
        probabilities.lay_out(random, dtype, all, {false, true});
        const bool sparse = random.chance(0.3);
        const double share = 2.0 / double(all.along);
        probabilities.fill([&] { return sparse && random.chance(0.8) ? 0.0 : random.uniform(0, share); });
    }

    void draw_settings() {
        call.reduction = random.between(XENT_NONE, XENT_SUM);
        call.divisor = random.chance(0.2) ? random.uniform(1, 100) : 0;
        call.grad_output = random.one_of({1.0, 1.0, 0.5, -3.0, 65536.0});
        call.smoothing = random.one_of({0.0, 0.0, 0.1, 1.0});
        call.z_loss = random.one_of({0.0, 0.0, 1e-4, 0.1});
        if (random.chance(0.4))
            call.event = {random.one_of({0.0, 0.5, 1.0, 2.0, 3.7}), random.one_of({0.0, 1.0, -0.3}),
                          random.one_of({0.0, 0.7, 1.0}), 0};
        draw_vector(weight, 0.3, [&] { return random.chance(0.1) ? 0 : random.uniform(0, 3); });
        if (call.smoothing != 0) draw_vector(prior, 0.3, [&] { return random.uniform(0.1, 1); });
    }

    template <class Draw>
    void draw_vector(Array& array, double chance, const Draw& draw) {
        if (!random.chance(chance)) return;
        array.lay_out(random, arithmetic, per_class, {false, true});
        array.fill(draw);
    }

    void draw_transform() {
        if (random.chance(0.6)) return;
        call.softcap = random.one_of({0.0, 0.0, 5.0, 30.0});
        draw_vector(scale, 0.4, [&] { return random.uniform(0.1, 2); });
        draw_offset();
        if (!indexed) return;
        draw_vector(margin, 0.3, [&] { return random.uniform(); });
        if (all.along > 1000 || random.chance(0.7)) return;
        label_offset.lay_out(random, arithmetic, {all.along, all.along, 1}, {false, true});
        label_offset.fill([&] { return random.normal(); });
    }

    void draw_offset() {
        if (random.chance(0.5)) return;
        offset.lay_out(random, arithmetic, random.chance(0.5) ? all : per_class, {false, true});
        const double removed = random.one_of({0.0, 0.2});
        offset.fill([&] { return random.chance(removed) ? -INFINITY : random.normal(); });
    }

    void draw_rows() {
        if (random.chance(0.2)) {
            mask.lay_out(random, BYTE, per_row, {false, true});
            const double kept = random.one_of({0.7, 0.7, 0.0});
            mask.fill([&] { return random.chance(kept) ? 1 : 0; });
        }
        if (random.chance(0.2)) {
            sample_weight.lay_out(random, arithmetic, per_row, {false, true});
            sample_weight.fill([&] { return random.chance(0.2) ? 0 : random.uniform(0, 2); });
        }
        if (random.chance(0.3)) spoil_logits();
        if (call.reduction != XENT_NONE) return;
        row_gradient.lay_out(random, arithmetic, per_row, {false, true});
        row_gradient.fill([&] { return random.normal(); });
    }

    // What is not read may be anything; what is read may be removed, or infinite.
    void spoil_logits() {
        each_row([&](int64_t o, int64_t i) {
            if (!reads(o, i) && !logits.repeats_itself())
                logits.set(o, random.between(0, all.along - 1), i, NAN);
            else if (random.chance(0.1))
                logits.set(o, random.between(0, all.along - 1), i, -INFINITY);
            else if (random.chance(0.01))
                logits.set(o, random.between(0, all.along - 1), i, random.chance(0.5) ? INFINITY : NAN);
        });
    }

    void draw_results() {
        const bool fits = !logits.repeats_itself();
        in_place = fits && random.chance(0.2);
        if (!in_place && random.chance(0.7)) {
            if (fits && random.chance(0.6))
                gradient.lay_out_like(random, logits, logits.dtype);
            else
                gradient.lay_out(random, logits.dtype, all, {});
        }
        const auto dtype = [&] { return random.chance(0.5) ? logits.dtype : arithmetic; };
        if (call.reduction == XENT_NONE || random.chance(0.1)) rows.lay_out(random, dtype(), per_row, {});
        if (call.reduction != XENT_NONE) result.lay_out(random, dtype(), {1, 1, 1}, {});
    }

    void connect() {
        call.logits = logits.view();
        call.gradient = in_place ? logits.view() : gradient.view();
        call.rows = rows.view();
        call.result = result.view();
        call.labels = labels.view();
        call.probabilities = probabilities.view();
        call.weight = weight.view();
        call.prior = prior.view();
        call.sample_weight = sample_weight.view();
        call.mask = mask.view();
        call.scale = scale.view();
        call.offset = offset.view();
        call.label_offset = label_offset.view();
        call.margin = margin.view();
        call.row_gradient = row_gradient.view();
        if (offset.given() && offset.sizes.outer * offset.sizes.inner == 1) call.offset.outer = call.offset.inner = 0;
    }

    template <class Visit>
    void each_row(const Visit& visit) const {
        for (int64_t o = 0; o < all.outer; ++o)
            for (int64_t i = 0; i < all.inner; ++i) visit(o, i);
    }

    Real row_weight(int64_t o, int64_t i) const { return sample_weight.given() ? sample_weight.get(o, 0, i) : 1; }

    bool reads(int64_t o, int64_t i) const {
        if (mask.given() && mask.get(o, 0, i) == 0) return false;
        if (indexed && call.ignores && int64_t(labels.get(o, 0, i)) == call.ignore_index) return false;
        return row_weight(o, i) != 0;
    }

    Real class_weight(int64_t k) const { return weight.given() ? weight.get(0, k, 0) : 1; }

    // d_i: what a row adds to the divisor of a mean, beside its sample weight.
    Real counted(int64_t label) const { return indexed ? class_weight(label) : 1; }

    void expect() {
        Real divisor = 0;
        each_row([&](int64_t o, int64_t i) {
            if (!reads(o, i)) return;
            const int64_t y = indexed ? int64_t(labels.get(o, 0, i)) : 0;
            if (y < 0 || y >= all.along) {
                if (bad < 0) bad = o * all.inner + i;
                return;
            }
            divisor += row_weight(o, i) * counted(y);
        });
        if (bad >= 0) return;
        expected_divisor = call.divisor != 0 ? Real(call.divisor) : call.reduction == XENT_MEAN ? divisor : 0;
        factor = call.reduction == XENT_MEAN ? call.grad_output / expected_divisor : Real(call.grad_output);
        summed = sum_error(arithmetic, added_in_a_lane());
        if (arithmetic == XENT_FLOAT64) summed += sum_error(arithmetic, all.outer * all.inner);  // in the divisor
        expected_gradient.resize(size_t(all.outer * all.along * all.inner));
        each_row([&](int64_t o, int64_t i) { expect_row(o, i); });
        for (const Expected& row : expected_rows) total.add(row);
        total.slack += 4 * 0x1p-52L * sum_error(XENT_FLOAT64, all.outer * all.inner) * fabsl(total.value);
    }

    // How many classes of a row are added up one after the other. Of rows side by side, which share vectors, all; else
    // there are many sums, and few numbers go into one before it goes on in double, if that is any wider.
    int64_t added_in_a_lane() {
        constexpr int64_t most_side_by_side = 1024, most_additions = 32;
        const XentView z = logits.view();
        const bool side_by_side = (all.inner > 1 ? z.inner : z.outer) == 1 && all.along <= most_side_by_side;
        const bool all_in_one = side_by_side || arithmetic == XENT_FLOAT64 || all.along < most_additions;
        return all_in_one ? all.along : most_additions;
    }

    struct Class {
        Real z, odds, a, target;
        Chance chance;
    };

    void expect_row(int64_t o, int64_t i) {
        expected_rows.emplace_back();
        if (!reads(o, i)) return;
        const int64_t y = indexed ? int64_t(labels.get(o, 0, i)) : -1;
        std::vector<Class> row(static_cast<size_t>(all.along));
        largest_part = 0;
        for (int64_t k = 0; k < all.along; ++k) row[size_t(k)].z = changed(o, k, i, y);
        size_t top = 0;
        bool lost = false;
        for (size_t k = 0; k < row.size(); ++k) {
            lost |= isnan(row[k].z) || row[k].z == INFINITY;
            if (row[k].z > row[top].z) top = k;
        }
        set_targets(row, o, i, y);
        if (lost || row[top].z == -INFINITY) {
            bool is_aimed = false;
            for (const Class& of : row) is_aimed |= of.target != 0;
            expected_rows.back().value = NAN;
            expected_rows.back().any = !is_aimed;
            for (int64_t k = 0; k < all.along; ++k) gradient_at(o, k, i).any = true;
            return;
        }
        set_chances(row, top);
        finish_row(row, top, o, i, y);
    }

    Real changed(int64_t o, int64_t k, int64_t i, int64_t y) {
        Real z = softcap(logits.get(o, k, i), call.softcap), part = 0;
        if (call.softcap != 0 && !isinf(z)) part += 2 * fabsl(logits.get(o, k, i)) / call.softcap + fabsl(z);
        if (scale.given()) z *= scale.get(0, k, 0), part += fabsl(z);
        if (offset.given()) {
            const bool of_class = offset.sizes.outer * offset.sizes.inner == 1;
            const Real added = of_class ? offset.get(0, k, 0) : offset.get(o, k, i);
            if (added == -INFINITY) return -INFINITY;
            z += added, part += fabsl(z) + fabsl(added);
        }
        if (label_offset.given()) z += label_offset.get(y, k, 0), part += fabsl(z) + fabsl(label_offset.get(y, k, 0));
        if (margin.given() && k == y) z -= margin.get(0, k, 0), part += fabsl(z) + margin.get(0, k, 0);
        if (part > largest_part && !isinf(part)) largest_part = part;
        return z;
    }

    void set_chances(std::vector<Class>& row, size_t top) {
        Real others = 0;
        least = row[top].z;
        for (size_t k = 0; k < row.size(); ++k) {
            row[k].odds = expl(row[k].z - row[top].z);
            if (k != top) others += row[k].odds;
            if (!isinf(row[k].z) && row[k].z < least) least = row[k].z;
        }
        log_sum = log1pl(others);
        const Real sum = 1 + others;
        for (size_t k = 0; k < row.size(); ++k) {
            const Real rest = k == top ? others : sum - row[k].odds;  // from which 1 cannot have gone
            row[k].chance = {row[k].odds / sum, rest / sum, (row[top].z - row[k].z) + log_sum};
        }
    }

    // t_k and t'_k.
    void set_targets(std::vector<Class>& row, int64_t o, int64_t i, int64_t y) {
        Real remaining = 0;
        for (size_t k = 0; k < row.size(); ++k) remaining += prior_of(row[k], int64_t(k));
        for (size_t k = 0; k < row.size(); ++k) {
            const Real given = indexed ? Real(int64_t(k) == y) : probabilities.get(o, int64_t(k), i);
            const Real mixed = remaining == 0 ? 0 : prior_of(row[k], int64_t(k)) / remaining;
            row[k].target = (1 - Real(call.smoothing)) * given + Real(call.smoothing) * mixed;
        }
    }

    Real prior_of(const Class& of, int64_t k) const {
        if (isinf(of.z)) return 0;
        return prior.given() ? prior.get(0, k, 0) : 1;
    }

    void finish_row(std::vector<Class>& row, size_t top, int64_t o, int64_t i, int64_t y) {
        const Real s = row_weight(o, i), peak = row[top].z, lse = peak + log_sum, lse_size = fabsl(peak) + log_sum;
        const Real z_weight = call.z_loss * s * counted(y);
        const Real spread = peak - least + 2 * largest_part;
        const Real ulps = 4 * epsilon(arithmetic);
        const Real inexact = ulps * (1 + spread + summed) * magnification(call.event);
        Real loss = 0, size = 0, pull = 0, pull_size = 0, heaviest = 0;
        for (size_t k = 0; k < row.size(); ++k) {
            Class& of = row[k];
            of.a = s * class_weight(int64_t(k)) * of.target;
            const Real term = weigh(of.a, phi(call.event, of.chance));
            loss += term;
            size += fabsl(term);
            heaviest = fmaxl(heaviest, of.a);
            of.a *= of.a == 0 ? 0 : slope(call.event, of.chance);
            pull += of.a;
            pull_size += fabsl(of.a);
        }
        // The log-sum-exp may be small beside what it is a sum of.
        const Real lse_slack = ulps * (lse_size + largest_part);
        const Real z_loss = z_weight * lse * lse, z_slack = z_weight * (2 * lse_size + lse_slack) * lse_slack;
        expected_rows.back() = {loss + z_loss, inexact * size + z_slack, 1 + heaviest + z_weight * lse_size, false};

        const Real in_row = factor * (row_gradient.given() ? row_gradient.get(o, 0, i) : 1);
        const bool hard = indexed && call.smoothing == 0;
        for (size_t k = 0; k < row.size(); ++k) {
            const Class& of = row[k];
            // Of a label, -h*(1-p) and h*p_k; else the difference of two terms.
            const Real of_loss = hard ? (int64_t(k) == y ? -pull * of.chance.miss : pull * of.chance.p)
                                      : pull * of.chance.p - of.a;
            const Real of_size = hard ? fabsl(of_loss) : pull_size * of.chance.p + fabsl(of.a);
            const Real of_z = 2 * z_weight * lse * of.chance.p;
            const Real of_z_slack = 2 * z_weight * (lse_size * inexact + lse_slack) * of.chance.p;
            const Real class_scale = scale.given() ? scale.get(0, int64_t(k), 0) : 1, by_scale = in_row * class_scale;
            // NaN if the logit is, though its class may be out.
            const Real by_softcap = softcap_slope(logits.get(o, int64_t(k), i), call.softcap);
            const Real faint = (1 + s) * (1 + heaviest + pull_size) + 2 * z_weight * lse_size;
            Expected& expected = gradient_at(o, int64_t(k), i);
            expected = Expected{of_loss + of_z, inexact * of_size + of_z_slack, 0, isinf(in_row) || isnan(by_softcap)};
            expected = expected.times(by_scale * by_softcap);
            // Each of two terms may be flushed, and what comes before the scale.
            expected.faint = faint * fabsl(by_scale) + fmaxl(class_scale, hard ? 0 : 1);
        }
    }

    Expected& gradient_at(int64_t o, int64_t k, int64_t i) {
        return expected_gradient[size_t((o * all.along + k) * all.inner + i)];
    }

    Faults faults(const XentOutcome& outcome) {
        Faults found;
        if (outcome.bad != bad) found.add("bad label", outcome.bad, Real(outcome.bad), Expected{Real(bad)});
        if (bad < 0) check_results(outcome, found);
        for (const Named& named : names()) {
            Array& array = *const_cast<Array*>(named.array);
            const bool is_result = &array == &gradient || &array == &rows || &array == &result;
            const bool written = is_result || (in_place && &array == &logits);
            if (array.given() && !(written ? array.is_unchanged_around() : array.is_unchanged()))
                found.add(std::string("written beside what is a result: ") + named.name);
        }
        return found;
    }

    void check_results(const XentOutcome& outcome, Faults& found) {
        const Expected divided = call.reduction == XENT_MEAN ? total.times(1 / expected_divisor) : total;
        if (!total.allows(outcome.total, XENT_FLOAT64, arithmetic)) found.add("total", 0, outcome.total, total);
        const Expected divisor = {expected_divisor, 1e-12L * expected_divisor};
        if (!divisor.allows(outcome.divisor, XENT_FLOAT64, arithmetic))
            found.add("divisor", 0, outcome.divisor, divisor);
        if (result.given()) found.check("result", result, {divided}, arithmetic);
        if (rows.given()) found.check("rows", rows, expected_rows, arithmetic);
        if (in_place) found.check("gradient in place", logits, expected_gradient, arithmetic);
        if (gradient.given()) found.check("gradient", gradient, expected_gradient, arithmetic);
    }

    Random random;
    XentSoftmax call = {};
    bool indexed = true, in_place = false;
    int64_t arithmetic = XENT_FLOAT32, bad = -1;
    Sizes all, per_row, per_class;
    Array logits, gradient, rows, result, labels, probabilities, weight, prior, sample_weight, mask, scale, offset,
        label_offset, margin, row_gradient;

    Real factor = 0, expected_divisor = 0;
    Real largest_part = 0;  // what the row's changed logits are sums of
    Real least = 0, log_sum = 0, summed = 0;
    std::vector<Expected> expected_rows, expected_gradient;
    Expected total;
};
