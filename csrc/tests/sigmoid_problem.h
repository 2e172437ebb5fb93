// A random sigmoid call, and what it should give.

#pragma once

#include "element_problem.h"

class SigmoidProblem : private ElementProblem {
public:
    explicit SigmoidProblem(uint64_t seed) : ElementProblem(seed) {
        draw_sizes();
        draw_dtypes();
        draw_settings();
        draw_logits();
        draw_counts([&] { spoil(); });
        draw_results(logits);
        expect();
        for (const Named& named : names()) named.array->remember();
    }

    Faults run(const XentKernels& kernels) {
        for (const Named& named : names()) named.array->restore();
        connect();
        XentOutcome outcome = {0, 0, -1, 0};
        kernels.sigmoid(&call, &outcome);
        return check(outcome, logits, names());
    }

    std::string describe() {
        char text[400];
        snprintf(text, sizeof text,
                 "sigmoid %lld x %lld, reduction %lld, distance %g, smoothing %g, softcap %g, neg_scale %g, "
                 "events (%g %g %g), (%g %g %g %g), %s\n",
                 (long long)all.outer, (long long)all.along, (long long)reduction, call.distance, call.smoothing,
                 call.softcap, call.neg_scale, call.positive.gamma, call.positive.poly, call.positive.q,
                 call.negative.gamma, call.negative.poly, call.negative.q, call.negative.shift,
                 in_place ? "in place" : gradient.given() ? "gradient" : "no gradient");
        return described(text, names());
    }

private:
    std::vector<Named> names() {
        return {{"logits", &logits},         {"gradient", &gradient},     {"rows", &rows},
                {"result", &result},         {"target", &target},         {"weight", &weight},
                {"pos_weight", &pos_weight}, {"neg_weight", &neg_weight}, {"prior", &prior},
                {"scale", &scale},           {"offset", &offset},         {"sample_weight", &sample_weight},
                {"mask", &mask},             {"row_gradient", &row_gradient}};
    }

    void draw_settings() {
        call.neg_scale = 1;
        if (random.chance(0.2))
            call.distance = random.one_of({0.5, 1.0, 2.0, 2.0, 3.3});
        else
            draw_formula();
        const double weighted = random.chance(0.5) ? 0.4 : 0;
        draw_operand(weight, weighted, arithmetic, [&] { return random.chance(0.1) ? 0 : random.uniform(0, 3); });
        draw_operand(pos_weight, weighted, arithmetic, [&] { return random.uniform(0, 30); });
        draw_operand(neg_weight, weighted, arithmetic, [&] { return random.uniform(0, 3); });
        call.ignores = random.chance(0.2);
        call.ignore_index = random.one_of({-1.0, 255.0, 1.0});
    }

    // What a loss with a distance has none of.
    void draw_formula() {
        if (random.chance(0.4)) {
            call.positive = draw_event();
            call.negative = draw_event();
            call.negative.shift = random.one_of({0.0, 0.05, 0.5});
            call.neg_scale = random.one_of({1.0, 1.0, 2.5});
        }
        if (random.chance(0.3)) draw_published_events();
        if (random.chance(0.2)) call.softcap = random.one_of({5.0, 30.0});
        const double transformed = random.chance(0.2) ? 0.5 : 0;
        draw_operand(scale, transformed, arithmetic, [&] { return random.uniform(0.1, 2); });
        draw_operand(offset, transformed, arithmetic, [&] { return random.normal(); });
        call.smoothing = random.one_of({0.0, 0.0, 0.1});
        if (call.smoothing != 0) draw_operand(prior, 0.4, arithmetic, [&] { return random.uniform(); });
    }

    XentEvent draw_event() {
        return {random.one_of({0.0, 0.0, 0.5, 2.0, 3.7}), random.one_of({0.0, 0.0, 1.0, -0.3}),
                random.one_of({0.0, 0.0, 0.7, 1.0}), 0};
    }

    // Kernels know some of these settings when they are compiled.
    void draw_published_events() {
        const double gamma = random.one_of({1.0, 2.0, 3.0});
        call.positive = call.negative = {};
        switch (random.between(0, 2)) {
            case 0: call.positive.gamma = call.negative.gamma = gamma; break;
            case 1: call.positive.poly = call.negative.poly = random.one_of({1.0, -0.5}); break;
            default: call.positive.gamma = random.one_of({0.0, 1.0}), call.negative = {4, 0, 0, 0.05};
        }
    }

    void draw_logits() {
        logits.lay_out(random, input_dtype, all, {true, false});
        const double spread = random.one_of({0.01, 1.0, 5.0, 60.0});
        logits.fill([&] { return spread * random.normal(); });
        target.lay_out(random, target_dtype, all, {false, true});
        const bool soft = random.chance(0.4);
        target.fill([&] {
            if (call.ignores && random.chance(0.2)) return call.ignore_index;
            return soft ? random.uniform() : double(random.chance(0.3));
        });
    }

    // What is not read may be anything; what is read may be infinite.
    void spoil() {
        each([&](int64_t o, int64_t a) {
            if (!random.chance(0.1)) return;
            if (!reads(o, a))
                logits.set(o, a, 0, random.chance(0.5) ? NAN : INFINITY);
            else if (random.chance(0.1))
                logits.set(o, a, 0, random.chance(0.5) ? -INFINITY : INFINITY);
        });
    }

    void connect() {
        call.outer = all.outer, call.classes = all.along;
        call.reduction = reduction, call.divisor = divisor, call.grad_output = grad_output;
        call.logits = logits.view();
        call.gradient = in_place ? logits.view() : gradient.view();
        call.rows = rows.view();
        call.result = result.view();
        call.target = target.view();
        call.weight = weight.view();
        call.pos_weight = pos_weight.view();
        call.neg_weight = neg_weight.view();
        call.prior = prior.view();
        call.sample_weight = sample_weight.view();
        call.mask = mask.view();
        call.scale = scale.view();
        call.offset = offset.view();
        call.row_gradient = row_gradient.view();
    }

    bool reads(int64_t o, int64_t a) const {
        return counted(o, a) != 0 && !(call.ignores && target.get(o, a, 0) == Real(call.ignore_index));
    }

    void expect() {
        if (reduction == XENT_MEAN) {
            expected_divisor = divisor;
            if (divisor == 0) each([&](int64_t o, int64_t a) { expected_divisor += reads(o, a) ? counted(o, a) : 0; });
        }
        factor = grad_output / expected_divisor;
        each([&](int64_t o, int64_t a) {
            expected_rows.emplace_back();
            expected_gradient.emplace_back();
            if (reads(o, a)) expect_element(o, a);
            total.add(expected_rows.back());
        });
        finish_total();
    }

    // Loss and gradient in the changed logit z, and the sizes of the two terms that make the gradient up.
    struct Sides {
        Real loss, gradient, size, reach;
    };

    void expect_element(int64_t o, int64_t a) {
        const Real raw = logits.get(o, a, 0), capped = softcap(raw, call.softcap);
        const Real scaled = capped * value(scale, o, a, 1), z = scaled + value(offset, o, a, 0);
        const Real y = target.get(o, a, 0), eps = call.smoothing, t = (1 - eps) * y + eps * value(prior, o, a, 0.5L);
        const Real common = counted(o, a) * value(weight, o, a, 1);
        const Real positive = t * value(pos_weight, o, a, 1) * common;
        const Real negative = (1 - t) * value(neg_weight, o, a, 1) * common;

        Real part = 0;  // what the changed logit is a sum of
        if (call.softcap != 0) part += 2 * fabsl(raw) / call.softcap + 2 * fabsl(capped);
        if (scale.given()) part += fabsl(scaled);
        if (offset.given()) part += fabsl(scaled) + fabsl(value(offset, o, a, 0));
        const Sides at = sides(z, positive, negative);
        Real distance = at.reach + 2 * part;  // D
        if (!isfinite(distance)) distance = 0;
        const Real power = fmaxl(magnification(call.positive), magnification(call.negative));
        const Real inexact = 4 * epsilon(arithmetic) * (1 + distance) * power;
        const Real heaviest = positive + negative;
        Expected loss = {at.loss, inexact * fabsl(at.loss), 1 + heaviest, false};
        Expected gradient = {at.gradient, inexact * at.size, 1 + heaviest, false};
        // Near the kink of a shift it matters how the logit is rounded, and how the place of the kink is; for float the
        // kernels know that place to twice the digits.
        Real step = epsilon(arithmetic) * (part + fabsl(z) * (call.neg_scale != 1));
        if (call.negative.shift != 0 && arithmetic == XENT_FLOAT64) step += 4 * epsilon(arithmetic);
        for (const Real near : {z - step, z + step}) {
            if (step == 0 || !isfinite(near)) continue;
            const Sides beside = sides(near, positive, negative);
            loss.slack += fabsl(beside.loss - at.loss);
            gradient.slack += fabsl(beside.gradient - at.gradient);
        }
        if (call.distance != 0) multiply_by_distance(z, y, at, loss, gradient);
        const Real in_row = factor * value(row_gradient, o, a, 1) * value(scale, o, a, 1);
        expected_rows.back() = loss;
        gradient.slack += sum_slack() * at.size;
        expected_gradient.back() = gradient.times(in_row * softcap_slope(raw, call.softcap));
        expected_gradient.back().faint = gradient.faint * fabsl(in_row);
        expected_gradient.back().any |= isinf(factor);
    }

    // The factor |y - p|^gamma, of a difference that may have few digits left, or none.
    void multiply_by_distance(Real z, Real y, const Sides& at, Expected& loss, Expected& gradient) const {
        const Chance is = chance_of(z);
        const Real gap = (1 - y) * is.p - y * is.miss, size = fabsl(gap), gamma = call.distance;
        const Real reach = isfinite(at.reach) ? at.reach : 0, digits = size > 0 ? fmaxl(reach, -logl(size)) : reach;
        const Real inexact = 4 * epsilon(arithmetic) * (1 + digits) * (1 + gamma);
        const Real unsure = 4 * epsilon(arithmetic) * (1 + reach) * ((1 - y) * is.p + y * is.miss);
        const Real near = fmaxl(size - unsure, 0), far = size + unsure;
        const auto power = [&](Real s) { return powl(s, gamma); };
        const auto steep = [&](Real s) { return s == 0 ? 0 : gamma * powl(s, gamma - 1) * is.p * is.miss; };
        const Real spread = power(far) - power(near), moved = weigh(steep(size), at.loss);
        const Real unsteady = weigh(fabsl(steep(far) - steep(near)), at.loss);
        const Real of_loss = inexact * power(size) + spread;
        gradient.slack = power(far) * gradient.slack + of_loss * at.size + inexact * moved + unsteady;
        gradient.value = power(size) * at.gradient + copysignl(moved, gap);
        gradient.any = unsure > 0 && near == 0;  // its sign may be either
        loss.slack = weigh(power(far), loss.slack) + weigh(of_loss, at.loss);
        loss.value = weigh(power(size), at.loss);
    }

    static Chance chance_of(Real z) {
        const Real odds = expl(-fabsl(z)), near = 1 / (1 + odds), far = odds / (1 + odds);
        return {z < 0 ? far : near, z < 0 ? near : far, z < 0 ? log1pl(odds) - z : log1pl(odds)};
    }

    Sides sides(Real z, Real positive, Real negative) const {
        const Real scaled = call.neg_scale * z, shift = call.negative.shift;
        const Chance is = chance_of(z), of = chance_of(scaled), opposite = chance_of(-scaled);
        // The negative side's event, u = min(1 - p + shift, 1), and d(-log u)/d(scaled) = p*(1-p)/u.
        Chance not_is = opposite;
        Real inner = of.p, reach = fmaxl(fabsl(z), fabsl(scaled));
        if (shift != 0) {
            const Real gap = of.p > shift ? of.p - shift : 0;
            not_is = {1 - gap, gap, gap < 0.5L ? -log1pl(-gap) : -logl(of.miss + shift)};
            // Near the kink 1-u is small, and the power of a small number needs its logarithm.
            if (gap > 0) reach = fmaxl(reach, -logl(gap));
            inner = gap == 0 ? 0 : of.p * of.miss / (of.miss + shift);
        }
        const Real pull = weigh(positive, slope(call.positive, is) * is.miss);
        const Real push = weigh(negative, slope(call.negative, not_is) * inner);
        const Real of_negative = phi(call.negative, not_is) / call.neg_scale;
        const Real loss = weigh(positive, phi(call.positive, is)) + weigh(negative, of_negative);
        return {loss, push - pull, push + pull, reach};
    }

    XentSigmoid call = {};
    Array logits, target, weight, pos_weight, neg_weight, prior, scale, offset;
};
