// Softmax rows in which every class is an event of its own, other than -log p: focal and its kin with smoothed labels or
// probabilities,
//     loss = sum_k a_k phi(p_k)        gradient = p_k * sum_j a_j h_j - a_k h_k
// A row at a time, of any layout.

#pragma once

#include "../parallel.h"
#include "chunk.h"
#include "targets.h"

namespace XENT_ISA {
namespace {

enum EventScratch { EVENT_LOGITS, EVENT_ODDS, EVENT_TARGETS };

template <class T, class S>
class EventKernel {
public:
    explicit EventKernel(const RowSettings<T>& settings)
        : settings(settings), call(settings.call), transform(call), targets(call) {}

    bool reserve() {
        padded = (call.classes + LANES<T> - 1) / LANES<T> * LANES<T>;
        const int64_t bytes = padded * int64_t(sizeof(T));
        z = static_cast<T*>(xent_scratch(EVENT_LOGITS, bytes));
        odds = static_cast<T*>(xent_scratch(EVENT_ODDS, bytes));
        a = static_cast<T*>(xent_scratch(EVENT_TARGETS, bytes));
        return z && odds && a;
    }

    template <class Sink>
    void run(int64_t first, int64_t last, Sink& sink) {
        for (int64_t row = first; row < last; ++row) {
            const Stretch stretch(call, row, 1);
            describe(settings, stretch, batch);
            if (batch.read[0])
                read(stretch);
            else
                batch.loss[0] = T(0);
            sink.take(row, batch.loss, 1);
            if (call.gradient.data) write(stretch);
        }
    }

private:
    static constexpr int L = LANES<T>;

    void read(const Stretch& at) {
        read_run<T, S>(at.at<const S>(call.logits), call.logits.along, call.classes, z);
        transform.apply(z, 0, call.classes, at.outer, at.inner, batch.label[0]);
        fill_up(z, call.classes, -Constants<T>::infinity);
        targets.fill(a, at.outer, at.inner, batch.label[0],
                     [&](int64_t k) { return z[k] != -Constants<T>::infinity; });
        fill_up(a, call.classes, T(0));

        peak = largest<T>(z, padded);
        const Sums sums = sums_of_distribution<T, T, true>(z, a, odds, padded, peak);
        others = T(sums.others);
        tops = T(sums.tops);
        sum = others + tops;
        log_sum = log1p<T>(broadcast<T>(others + (tops - T(1))))[0];
        // No class, or one of infinite logit, beside which nothing has a probability.
        if (sum == T(0) || peak == Constants<T>::infinity) others = sum = log_sum = T(__builtin_nan(""));
        add_events();
    }

    // Where among the classes from k on there is the one class on top.
    Mask<T> is_top(int64_t k) const { return (load<T>(z + k) == peak) & (broadcast<T>(tops) == T(1)); }

    // p, 1 - p and -log p of classes from k on. Of the one class on top, 1 - p is what the others have.
    Probability<T> probability(int64_t k) const {
        const V<T> x = load<T>(z + k), e = LOWERED<T> * load<T>(odds + k);
        const V<T> rest = select<T>(is_top(k), broadcast<T>(others), sum - e);
        return {e / sum, rest / sum, (peak - x) + log_sum};
    }

    // The loss; a_k * h_k takes the place of a_k.
    void add_events() {
        double loss = 0, below_top = 0, total = 0;
        for (int64_t k = 0; k < padded; k += L) {
            const Probability<T> p = probability(k);
            const V<T> target = load<T>(a + k);
            const Mask<T> counts = target != T(0);
            const V<T> pull = keep<T>(counts, target * slope(settings.event, p));
            loss += double(sum_of_lanes(keep<T>(counts, target * phi(settings.event, p))));
            total += double(sum_of_lanes(pull));
            below_top += double(sum_of_lanes(keep<T>(~is_top(k), pull)));
            store<T>(a + k, pull);
        }
        const double lse = double(peak) + double(log_sum);
        const double z_weight = call.z_loss * double(call.labels.data ? batch.coefficient[0] : batch.row_weight[0]);
        const double weighted = batch.row_weight[0] * loss;
        batch.loss[0] = T(call.z_loss != 0 ? weighted + z_weight * lse * lse : weighted);
        total_pull = T(total);
        pull_below_top = T(below_top);
        z_pull = T(call.z_loss != 0 ? 2 * z_weight * lse : 0) * batch.gradient[0];
    }

    void write(const Stretch& at) {
        S* gradient = at.at<S>(call.gradient);
        if (!batch.read[0]) {
            for (int64_t k = 0; k < call.classes; ++k) store_one(gradient + k * call.gradient.along, T(0));
            return;
        }
        const T scale = batch.gradient[0] * batch.row_weight[0];
        for (int64_t k = 0; k < padded; k += L) {
            const Probability<T> p = probability(k);
            const V<T> pull = load<T>(a + k);
            const V<T> of_others = select<T>(is_top(k), broadcast<T>(pull_below_top), total_pull - pull);
            // p as it is kept, lifted: times a weight, a faint one may be more than 0.
            const V<T> lifted_p = load<T>(odds + k) / sum;
            const V<T> shared = (scale * of_others + z_pull) * lifted_p * LOWERED<T>;
            store<T>(odds + k, shared - scale * pull * p.miss);
        }
        if (transform.has_slope()) {
            read_run<T, S>(at.at<const S>(call.logits), call.logits.along, call.classes, z);
            transform.apply_slope(odds, z, 0, call.classes);
        }
        write_run<T, S>(odds, call.classes, gradient, call.gradient.along);
    }

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const Transform<T> transform;
    const Targets<T> targets;
    T *z = nullptr, *odds = nullptr, *a = nullptr;
    int64_t padded = 0;
    RowBatch<T> batch = {};
    T peak = T(0), others = T(0), tops = T(0), sum = T(0), log_sum = T(0);
    T total_pull = T(0), pull_below_top = T(0), z_pull = T(0);
};

}  // namespace
}  // namespace XENT_ISA
