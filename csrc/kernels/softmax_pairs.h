// Softmax rows of two classes whose target is a label: a sigmoid of the difference of the logits, a row a lane, all of
// it in registers. With d = z_other - z_label and e = e^-|d|,
//     -log p = max(d, 0) + log1p(e)      1 - p = (d > 0 ? 1 : e) / (1 + e)
// lose nothing on either side.

#pragma once

#include "rows.h"
#include "transpose.h"

namespace XENT_ISA {
namespace {

// Where the pairs of a stretch of rows lie: the classes alternate, or each has a plane of its own.
template <class S>
class PairPlaces {
public:
    PairPlaces(const XentView& view, const Stretch& rows)
        : first(rows.at<S>(view)), second(rows.step(view) == 1 ? first + view.along : nullptr) {}

    static bool suit(const XentSoftmax& call, const XentView& view) {
        const int64_t step = call.inner > 1 ? view.inner : view.outer;
        return step == 1 || (step == 2 && view.along == 1);
    }

    XENT_INLINE void load(int64_t row, VF (&z)[2]) const {
        z[0] = load_as(second ? first + row : first + 2 * row);
        z[1] = load_as(second ? second + row : first + 2 * row + L);
        if (!second) unzip(z);
    }

    XENT_INLINE void store(int64_t row, VF (&g)[2]) const {
        if (!second) zip(g);
        store_as(second ? first + row : first + 2 * row, g[0]);
        store_as(second ? second + row : first + 2 * row + L, g[1]);
    }

    // Fewer rows than a vector has lanes; the other lanes hold something harmless.
    void load_some(int64_t row, int64_t count, VF (&z)[2]) const {
        float lane[2][L] = {};
        for (int64_t r = 0; r < count && r < L; ++r)
            for (int k = 0; k < 2; ++k) lane[k][r] = load_one(at(k, row + r));
        for (int k = 0; k < 2; ++k) z[k] = XENT_ISA::load<float>(lane[k]);
    }

    void store_some(int64_t row, int64_t count, const VF (&g)[2]) const {
        for (int64_t r = 0; r < count && r < L; ++r)
            for (int k = 0; k < 2; ++k) store_one(at(k, row + r), g[k][r]);
    }

private:
    static constexpr int L = LANES<float>;

    S* at(int k, int64_t row) const { return second ? (k ? second : first) + row : first + 2 * row + k; }

    S* first;
    S* second;  // null: the classes alternate
};

template <class S, bool GRADIENT>
class PairKernel {
public:
    explicit PairKernel(const RowSettings<float>& settings) : settings(settings), call(settings.call) {}

    static bool suits(const RowSettings<float>& settings) {
        const XentSoftmax& call = settings.call;
        return call.classes == 2 && settings.event.is_log && settings.z_loss == 0 &&
               PairPlaces<S>::suit(call, call.logits) && (!call.gradient.data || PairPlaces<S>::suit(call, call.gradient));
    }

    bool reserve() { return true; }

    template <class Sink>
    void run(int64_t first, int64_t last, Sink& sink) {
        for (int64_t row = first; row < last;) {
            const int64_t left = last - row;
            const Stretch rows(call, row, left < RowBatch<float>::capacity ? left : RowBatch<float>::capacity);
            describe(settings, rows, batch);
            compute({call.logits, rows}, {call.gradient, rows}, rows.count);
            sink.take(row, batch.loss, rows.count);
            row += rows.count;
        }
    }

private:
    static constexpr int L = LANES<float>;
    using Logits = PairPlaces<const S>;
    using Gradient = PairPlaces<S>;

    void compute(const Logits& logits, const Gradient& gradient, int64_t count) {
        int64_t r = 0;
        for (; r + 4 * L <= count; r += 4 * L) compute_vectors<4>(logits, gradient, r);
        for (; r + L <= count; r += L) compute_vectors<1>(logits, gradient, r);
        if (r == count) return;
        VF pair[1][2];
        logits.load_some(r, count - r, pair[0]);
        finish(r, pair);
        if (GRADIENT) gradient.store_some(r, count - r, pair[0]);
    }

    template <int N>
    XENT_INLINE void compute_vectors(const Logits& logits, const Gradient& gradient, int64_t r) {
        VF pair[N][2];
        for (int i = 0; i < N; ++i) logits.load(r + i * L, pair[i]);
        finish(r, pair);
        if (!GRADIENT) return;
        for (int i = 0; i < N; ++i) gradient.store(r + i * L, pair[i]);
    }

    // Leaves the losses of rows in the batch, and turns their logits into the gradient. N vectors of rows at once, whose
    // steps overlap.
    template <int N>
    XENT_INLINE void finish(int64_t r, VF (&pair)[N][2]) {
        VF apart[N], odds[N];
        for (int i = 0; i < N; ++i) {
            apart[i] = other_less_own(r + i * L, pair[i]);
            odds[i] = apart[i] > 0.0f ? -apart[i] : apart[i];
        }
        exp_steps<float, 0>(odds);
        for (int i = 0; i < N; ++i) {
            const VF nll = max(VF{}, apart[i]) + log1p_of_odds(odds[i]);
            store<float>(batch.loss + r + i * L, weigh<float>(load<float>(batch.coefficient + r + i * L), nll));
        }
        if (!GRADIENT) return;
        for (int i = 0; i < N; ++i) {
            const VF miss = select<float>(apart[i] > 0.0f, broadcast<float>(1), odds[i]) / (1.0f + odds[i]);
            put_gradient(r + i * L, miss, pair[i]);
        }
    }

    XENT_INLINE VF other_less_own(int64_t r, const VF (&z)[2]) const {
        const VF top = max(z[0], z[1]), unsure = top - top;  // NaN for a logit of +inf, and for two of -inf
        const VF apart = select<float>(label_is_second(r), z[0] - z[1], z[1] - z[0]) + unsure;
        return batch.all_read ? apart : keep<float>(is_read(r), apart);
    }

    XENT_INLINE void put_gradient(int64_t r, VF miss, VF (&g)[2]) const {
        VF at_other = load<float>(batch.gradient + r) * load<float>(batch.coefficient + r) * miss;
        if (!batch.all_read) at_other = keep<float>(is_read(r), at_other);
        g[0] = select<float>(label_is_second(r), at_other, -at_other);
        g[1] = -g[0];
    }

    XENT_INLINE MF label_is_second(int64_t r) const {
        MF label;
        memcpy(&label, batch.label + r, sizeof label);
        return label != 0;
    }

    MF is_read(int64_t r) const {
        int32_t lane[L];
        for (int l = 0; l < L; ++l) lane[l] = batch.read[r + l];
        MF read;
        memcpy(&read, lane, sizeof read);
        return read != 0;
    }

    const RowSettings<float>& settings;
    const XentSoftmax& call;
    RowBatch<float> batch = {};
};

}  // namespace
}  // namespace XENT_ISA
