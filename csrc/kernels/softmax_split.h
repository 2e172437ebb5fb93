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
                sum.others += sum_of_others<T, S, false>(z + k, nullptr, n, batch.label[p.row] - k, sum.peak);
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
        alignas(LINE) T odds[2 * CHUNK];
        for (int64_t k = p.begin; k < p.end; k = chunk_end(k, p.end)) write_chunk(p, k, odds, gradient);
    }

    void write_chunk(const Part& p, int64_t k, T* odds, S* gradient) {
        const int64_t n = chunk_end(k, p.end) - k, label = batch.label[p.row] - k;
        sum_of_others<T, S, true>(logits(p.row) + k, odds, n, -1, batch.peak[p.row]);
        const T* a = SOFT ? target(p.row) + k : nullptr;
        write_gradient<T, S, false>(odds, a, gradient + k, n, batch.factor[p.row], SOFT ? batch.pull[p.row] : T(0));
        if (!SOFT && label >= 0 && label < n) store_one(gradient + k + label, batch.at_label[p.row]);
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
