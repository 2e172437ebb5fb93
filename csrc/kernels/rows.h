// Rows of a softmax call, a batch at a time: what is known of each before its logits are read, what its logits leave
// behind, and what loss and gradient follow from that. Arrays of one number a row, so that the lanes of a vector are
// rows.

#pragma once

#include "../xent.h"
#include "chunk.h"
#include "event.h"

namespace XENT_ISA {
namespace {

// Consecutive rows along one axis: the inner one where there is one, else the outer.
struct Stretch {
    int64_t outer, inner;  // place of the first row
    bool along_inner;
    int64_t first, count;

    // The longest stretch from row `first` on, of at most `limit` rows.
    Stretch(const XentSoftmax& call, int64_t first, int64_t limit)
        : outer(first / call.inner), inner(first % call.inner), along_inner(call.inner > 1), first(first) {
        const int64_t left = along_inner ? call.inner - inner : call.outer - outer;
        count = left < limit ? left : limit;
    }

    int64_t step(const XentView& view) const { return along_inner ? view.inner : view.outer; }

    template <class S>
    S* at(const XentView& view, int64_t row = 0) const {
        return static_cast<S*>(view.data) + outer * view.outer + inner * view.inner + row * step(view);
    }
};

template <class T>
struct RowBatch {
    static constexpr int capacity = 64;

    // Known beforehand.
    int32_t label[capacity];
    T coefficient[capacity];  // sample_weight * weight of the label; 0 for rows that are not read
    T row_weight[capacity];   // sample_weight alone
    T gradient[capacity];     // in the row's loss
    bool read[capacity];
    bool all_read;
    bool filled_alike;  // the weights and gradients are those of a whole batch of rows that are alike

    // Found in the logits.
    T own[capacity];       // logit of the label
    T own_odds[capacity];  // e^(own - peak)
    T peak[capacity];      // largest logit
    T others[capacity];    // sum of e^(z - peak): without the label for a label's loss, else without the largest logits
    T tops[capacity];      // how many logits equal the largest
    T mass[capacity];      // sum of a_k, the weighted target
    T dot[capacity];       // sum of a_k * (z_k - peak)

    // What follows.
    T loss[capacity];
    T factor[capacity];  // gradient = factor * e^(z - peak) - pull * a_k
    T pull[capacity];
    T at_label[capacity];  // gradient at the label
};

// What the call says of all rows, in the type of arithmetic.
template <class T>
struct RowSettings {
    const XentSoftmax& call;
    Event<T> event;
    T z_loss, gradient;
    bool rows_are_alike;  // but for the label, unless it is ignored

    RowSettings(const XentSoftmax& call, double divisor)
        : call(call),
          event(call.event),
          z_loss(T(call.z_loss)),
          gradient(T(call.reduction == XENT_MEAN ? call.grad_output / divisor : call.grad_output)),
          rows_are_alike(!call.mask.data && !call.sample_weight.data && !call.row_gradient.data &&
                         !(call.labels.data && call.weight.data)) {}
};

// Reads the labels, and says whether all of them are to be read.
template <class T>
inline bool read_labels(const XentSoftmax& call, const Stretch& rows, RowBatch<T>& batch) {
    const int64_t* label = rows.at<const int64_t>(call.labels);
    const int64_t step = rows.step(call.labels), ignores = call.ignores != 0, ignored = call.ignore_index;
    int64_t found = 0;
    if (step == 1)
        for (int64_t r = 0; r < rows.count; ++r) found |= label[r] == ignored, batch.label[r] = int32_t(label[r]);
    else
        for (int64_t r = 0; r < rows.count; ++r)
            found |= label[r * step] == ignored, batch.label[r] = int32_t(label[r * step]);
    if (!(found & ignores)) return true;
    for (int64_t r = 0; r < rows.count; ++r) batch.read[r] = label[r * step] != ignored;
    return false;
}

template <class T>
inline void read_weights(const XentSoftmax& call, const Stretch& rows, RowBatch<T>& batch) {
    for (int64_t r = 0; r < rows.count; ++r) batch.row_weight[r] = T(1);
    if (call.mask.data)
        for (int64_t r = 0; r < rows.count; ++r) batch.read[r] &= *rows.at<const uint8_t>(call.mask, r) != 0;
    if (call.sample_weight.data)
        for (int64_t r = 0; r < rows.count; ++r) {
            batch.row_weight[r] = *rows.at<const T>(call.sample_weight, r);
            batch.read[r] &= batch.row_weight[r] != T(0);
        }
    batch.all_read = true;
    for (int64_t r = 0; r < rows.count; ++r) {
        batch.all_read &= batch.read[r];
        batch.row_weight[r] = batch.read[r] ? batch.row_weight[r] : T(0);
        batch.label[r] = batch.read[r] ? batch.label[r] : 0;
        batch.coefficient[r] = batch.row_weight[r];
    }
    if (call.labels.data && call.weight.data) {
        const T* weight = static_cast<const T*>(call.weight.data);
        for (int64_t r = 0; r < rows.count; ++r)
            if (batch.read[r]) batch.coefficient[r] *= weight[batch.label[r] * call.weight.along];
    }
}

// Sums of a row as far as it has been read, relative to the largest logit so far.
template <class T>
struct RunningSums {
    T peak = Constants<T>::lowest;
    double others = 0, tops = 0, mass = 0, dot = 0;  // as in RowBatch

    void raise(T top) {
        if (!(top > peak)) return;
        if (others + tops != 0) others = (others + tops) * double(exp<T>(broadcast<T>(peak - top))[0]);
        tops = 0;
        if (mass != 0) dot += mass * (double(peak) - double(top));
        peak = top;
    }

    void add(const Sums& sums) {
        others += sums.others;
        tops += sums.tops;
        mass += sums.mass;
        dot += sums.dot;
    }

    // Takes in the sums of another stretch of the row.
    void merge(RunningSums other) {
        raise(other.peak);
        other.raise(peak);
        others += other.others;
        tops += other.tops;
        mass += other.mass;
        dot += other.dot;
    }

    void hand_to(RowBatch<T>& batch, int64_t r) const {
        batch.peak[r] = peak;
        batch.others[r] = T(others);
        batch.tops[r] = T(tops);
        batch.mass[r] = T(mass);
        batch.dot[r] = T(dot);
    }
};

// Fills in what is known of the rows before their logits are read.
template <class T>
inline void describe(const RowSettings<T>& settings, const Stretch& rows, RowBatch<T>& batch) {
    const XentSoftmax& call = settings.call;
    const bool all_read = !call.labels.data || read_labels(call, rows, batch);
    if (settings.rows_are_alike && all_read && batch.filled_alike) return;
    if (all_read)
        for (int64_t r = 0; r < rows.count; ++r) batch.read[r] = true;
    read_weights(call, rows, batch);
    for (int64_t r = 0; r < rows.count; ++r) batch.gradient[r] = settings.gradient;
    if (call.row_gradient.data)
        for (int64_t r = 0; r < rows.count; ++r) batch.gradient[r] *= *rows.at<const T>(call.row_gradient, r);
    batch.filled_alike = settings.rows_are_alike && all_read && rows.count == RowBatch<T>::capacity;
}

// The odds of the labels, once their rows have been read.
template <class T>
inline void find_own_odds(RowBatch<T>& batch, int64_t count) {
    for (int64_t r = 0; r < count; r += LANES<T>)
        store<T>(batch.own_odds + r, exp<T>(load<T>(batch.own + r) - load<T>(batch.peak + r)));
}

// A row that is not read: numbers that stay finite, and come to nothing with coefficient 0.
template <class T>
inline void leave_out(RowBatch<T>& batch, int64_t r) {
    batch.own[r] = batch.peak[r] = batch.others[r] = batch.mass[r] = batch.dot[r] = T(0);
    batch.own_odds[r] = batch.tops[r] = T(1);
}

// Loss and gradient of rows whose target is a label. The label is not in `others`, so that with y on top
//     -log p_y = log1p(others)      1 - p_y = others / (1 + others)
// lose nothing. With y below the top, the sum is at least 1 and -log p_y = (peak - z_y) + log(sum) adds what is positive.
template <bool GRADIENT, class T>
inline void finish_labels(const RowSettings<T>& settings, RowBatch<T>& batch, int64_t count) {
    for (int64_t r = 0; r < count; r += LANES<T>) {
        const V<T> others = load<T>(batch.others + r), peak = load<T>(batch.peak + r);
        const V<T> gap = load<T>(batch.own + r) - peak;
        const V<T> odds = load<T>(batch.own_odds + r), sum = others + odds;
        const V<T> beyond = select<T>(gap == T(0), others, sum - T(1));
        const V<T> log_sum = select<T>(sum == T(0), broadcast<T>(__builtin_nan("")), log1p<T>(beyond));
        const V<T> lse = peak + log_sum, nll = log_sum - gap;

        const V<T> coefficient = load<T>(batch.coefficient + r);
        const V<T> z_slope = T(2) * settings.z_loss * lse;
        if (!GRADIENT && settings.event.is_log && settings.z_loss == 0) {
            store<T>(batch.loss + r, weigh<T>(coefficient, nll));
            continue;
        }
        const V<T> inverse = T(1) / sum;
        const Probability<T> own = {odds * inverse, others * inverse, nll};
        const V<T> loss = weigh<T>(coefficient, phi(settings.event, own));
        store<T>(batch.loss + r, settings.z_loss != 0 ? loss + settings.z_loss * coefficient * lse * lse : loss);
        if (!GRADIENT) continue;
        const V<T> gradient = load<T>(batch.gradient + r) * coefficient, pull = slope(settings.event, own);
        store<T>(batch.factor + r, gradient * (pull + z_slope) * inverse);
        store<T>(batch.at_label + r, gradient * (z_slope * own.p - pull * own.miss));
    }
}

// Loss and gradient of rows with a weighted target a_k, for phi = -log p:
//     loss = mass * log(sum) - dot        gradient = mass * p_k - a_k
// The largest logit is not in `others`, so that log(sum) = log1p(others) loses nothing.
template <class T>
inline void finish_distributions(const RowSettings<T>& settings, RowBatch<T>& batch, int64_t count) {
    for (int64_t r = 0; r < count; r += LANES<T>) {
        const V<T> others = load<T>(batch.others + r), tops = load<T>(batch.tops + r);
        const V<T> peak = load<T>(batch.peak + r), mass = load<T>(batch.mass + r);
        const V<T> sum = others + tops;
        const V<T> nan = broadcast<T>(__builtin_nan(""));
        const Mask<T> lost = (sum == T(0)) | (peak == Constants<T>::infinity);  // no class, or one of infinite logit
        const V<T> log_sum = select<T>(lost, nan, log1p<T>(others + (tops - T(1))));
        const V<T> lse = peak + log_sum;

        const V<T> row_weight = load<T>(batch.row_weight + r);
        const V<T> z_weight = settings.z_loss * (settings.call.labels.data ? load<T>(batch.coefficient + r) : row_weight);
        const V<T> loss = row_weight * (mass * log_sum - load<T>(batch.dot + r));
        const V<T> pull = load<T>(batch.gradient + r) * row_weight;
        const V<T> z_pull = load<T>(batch.gradient + r) * z_weight * (T(2) * lse);
        store<T>(batch.loss + r, settings.z_loss != 0 ? loss + z_weight * lse * lse : loss);
        store<T>(batch.factor + r, (pull * mass + (settings.z_loss != 0 ? z_pull : V<T>{})) / sum);
        store<T>(batch.pull + r, pull);
    }
}

}  // namespace
}  // namespace XENT_ISA
