// Few rows of many classes: each row is shared out among the threads. They first form sums of their part of a row, and
// when the row's sum is known, the gradient of their part, for which its odds are computed once more.

#pragma once

#include "../parallel.h"
#include "chunk.h"
#include "targets.h"

namespace XENT_ISA {
namespace {

constexpr int64_t PART = 32768;
constexpr int64_t LEAST_SPLIT_CLASSES = 2 * PART;

// Gradient of part of a row, straight from its logits: factor * 2^lift * e^(z - peak), less pull * a_k if SOFT. It may
// take the logits' own place, so that none is read again once its vector has been written.
template <class T, class S, bool SOFT, bool STREAM, int lift>
struct GradientOfLogits {
    static constexpr int L = LANES<T>;
    static constexpr int PER_LINE = int(LINE / sizeof(S));
    static constexpr int TOGETHER = PER_LINE / L < 4 ? PER_LINE / L : 4;

    const S* z;
    const T* a;
    S* gradient;
    V<T> peak, factor, pull;

    XENT_INLINE void put(int64_t begin, int64_t end) const {
        int64_t i = begin + (until_line(gradient + begin) < end - begin ? until_line(gradient + begin) : end - begin);
        put_some(begin, i);
        for (; i + PER_LINE <= end; i += PER_LINE) {
            prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES, LINE);
            for (int k = 0; k < PER_LINE; k += TOGETHER * L) put_vectors(i + k);
        }
        put_some(i, end);
    }

private:
    XENT_INLINE void put_vectors(int64_t i) const {
        V<T> g[TOGETHER];
        for (int u = 0; u < TOGETHER; ++u) g[u] = load_as(z + i + u * L) - peak;
        exp_steps<T, lift>(g);
        for (int u = 0; u < TOGETHER; ++u) {
            g[u] *= factor;
            if (SOFT) g[u] -= load<T>(a + i + u * L) * pull;
            if (STREAM)
                stream_as<S, T>(gradient + i + u * L, g[u]);
            else
                store_as(gradient + i + u * L, g[u]);
        }
    }

    // Fewer elements than a line holds.
    inline void put_some(int64_t i, int64_t end) const {
        for (; i < end; ++i) {
            V<T> g[1] = {load_one(z + i) - peak};
            exp_steps<T, lift>(g);
            store_one(gradient + i, g[0][0] * factor[0] - (SOFT ? a[i] * pull[0] : T(0)));
        }
    }
};

template <class T, class S, bool SOFT>
class SplitKernel {
public:
    SplitKernel(const RowSettings<T>& settings, RunningSums<T>* sums)
        : settings(settings), call(settings.call), parts(parts_of(settings.call)), sums(sums) {}

    static int64_t parts_of(const XentSoftmax& call) { return call.classes / PART; }

    // The rows [first, first + count), at most a batch. Called by one thread, which takes others to help.
    template <class Sink>
    void run(int64_t first, Sink& sink) {
        for (int64_t row = first; row < call.outer * call.inner;) {
            const Stretch rows(call, row, RowBatch<T>::capacity);
            stretch = &rows;
            describe(settings, rows, batch);
            xent_parallel_for(rows.count * parts, 1, &SplitKernel::read_task, this);
            for (int64_t r = 0; r < rows.count; ++r) combine(r);
            finish(rows.count);
            sink.take(row, batch.loss, rows.count);
            if (call.gradient.data) xent_parallel_for(rows.count * parts, 1, &SplitKernel::write_task, this);
            row += rows.count;
        }
    }

private:
    struct Part {
        int64_t row, begin, end;
    };

    Part part(int64_t unit) const {
        const int64_t row = unit / parts, p = unit % parts;
        return {row, p * PART, p + 1 == parts ? call.classes : (p + 1) * PART};
    }

    static void read_task(int64_t begin, int64_t end, void* context) {
        const FlushSubnormals flushed;
        SplitKernel& kernel = *static_cast<SplitKernel*>(context);
        for (int64_t unit = begin; unit < end; ++unit) kernel.read(unit);
    }

    static void write_task(int64_t begin, int64_t end, void* context) {
        const FlushSubnormals flushed;
        SplitKernel& kernel = *static_cast<SplitKernel*>(context);
        for (int64_t unit = begin; unit < end; ++unit) kernel.write(unit);
    }

    const S* logits(int64_t r) const { return stretch->template at<const S>(call.logits, r); }
    const T* target(int64_t r) const { return SOFT ? stretch->template at<const T>(call.probabilities, r) : nullptr; }

    // The chunks of a part; the last of a row takes what is left.
    static int64_t chunk_end(int64_t begin, int64_t end) { return end - begin < 2 * CHUNK ? end : begin + CHUNK; }

    void read(int64_t unit) {
        const Part p = part(unit);
        RunningSums<T>& sum = sums[unit];
        sum = RunningSums<T>();
        if (!batch.read[p.row]) return;
        const S* z = logits(p.row);
        const T* a = target(p.row);
        for (int64_t k = p.begin; k < p.end; k = chunk_end(k, p.end)) {
            const int64_t n = chunk_end(k, p.end) - k;
            sum.raise(largest<T>(z + k, n));
            if (SOFT)
                sum.add(sums_of_distribution<T, S, false>(z + k, a + k, nullptr, n, sum.peak));
            else
                sum.add(sums_of_others<T, false>(StoredLogits<T, S>{z + k}, nullptr, NoOdds<T>{}, n,
                                                 batch.label[p.row] - k, sum.peak));
        }
    }

    void combine(int64_t r) {
        if (!batch.read[r]) return leave_out(batch, r);
        RunningSums<T> whole;
        for (int64_t p = 0; p < parts; ++p) whole.merge(sums[r * parts + p]);
        whole.hand_to(batch, r);
        batch.own[r] = SOFT ? T(0) : load_one(logits(r) + batch.label[r]);
    }

    void finish(int64_t count) {
        const FlushSubnormals flushed;
        if (SOFT) return finish_distributions(settings, batch, count);
        find_own_odds(batch, count);
        finish_labels<true>(settings, batch, count);
    }

    void write(int64_t unit) {
        const Part p = part(unit);
        S* gradient = stretch->template at<S>(call.gradient, p.row);
        if (!batch.read[p.row]) {
            memset(gradient + p.begin, 0, size_t(p.end - p.begin) * sizeof(S));
            return;
        }
        if (is_large())
            write_part<true>(p, gradient);
        else
            write_part<false>(p, gradient);
        const int64_t label = batch.label[p.row];
        if (!SOFT && label >= p.begin && label < p.end) store_one(gradient + label, batch.at_label[p.row]);
    }

    bool is_large() const { return call.outer * call.inner * call.classes * int64_t(sizeof(S)) >= STREAM_BYTES; }

    // Odds are lifted, unless the factor could not lower them again without being flushed to 0.
    template <bool STREAM>
    void write_part(const Part& p, S* gradient) const {
        const T factor = batch.factor[p.row];
        if (is_faint(factor))
            put_gradient<STREAM, 0>(p, gradient, factor);
        else
            put_gradient<STREAM, LIFT>(p, gradient, LOWERED<T> * factor);
    }

    template <bool STREAM, int lift>
    void put_gradient(const Part& p, S* gradient, T factor) const {
        const GradientOfLogits<T, S, SOFT, STREAM, lift> loop = {
            logits(p.row), target(p.row), gradient, broadcast<T>(batch.peak[p.row]), broadcast<T>(factor),
            broadcast<T>(SOFT ? batch.pull[p.row] : T(0))};
        loop.put(p.begin, p.end);
        if (STREAM) stream_fence();
    }

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const int64_t parts;
    RunningSums<T>* const sums;
    const Stretch* stretch = nullptr;
    RowBatch<T> batch = {};
};

}  // namespace
}  // namespace XENT_ISA
