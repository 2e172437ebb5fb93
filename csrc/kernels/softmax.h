// The softmax link: counts the rows, chooses the kernel that suits their layout, shares the rows out, and reduces.

#pragma once

#include <stdlib.h>

#include "labels.h"
#include "softmax_events.h"
#include "softmax_pairs.h"
#include "softmax_rows.h"
#include "softmax_short_rows.h"
#include "softmax_split.h"
#include "softmax_tiles.h"

namespace XENT_ISA {
namespace {

// Rows of up to this many classes are transposed; longer ones fill vectors well enough.
constexpr int64_t FEW_CLASSES = 16;
// Rows side by side of more classes than this would not leave their tile in the second-level cache.
constexpr int64_t MOST_TILE_CLASSES = 1024;
// Gradients of rows shorter than this many bytes are not streamed: their first and last lines are only written in part.
constexpr int64_t STREAM_ROW = 2048;
// Work is cut into blocks of about this many elements whatever the number of threads, so that sums never depend on it;
// a thread gets two at least, since waking one costs as much as this.
constexpr int64_t BLOCK = 16384;
constexpr int64_t LEAST_BLOCKS = 2;

// Takes the losses of rows: writes them if they are wanted, and adds them up. A block of rows has several sums, each of
// every so many rows, so that additions need not wait for one another.
template <class T>
struct LossSink {
    static constexpr int64_t sums = 2 * LANES<double>;
    const XentSoftmax& call;
    double* partial;
    int64_t rows_a_block;

    void take(int64_t first, const T* loss, int64_t count) const {
        for (int64_t row = first; row < first + count;) {
            const int64_t block = row / rows_a_block, block_end = (block + 1) * rows_a_block;
            const int64_t end = block_end < first + count ? block_end : first + count;
            add(loss + (row - first), row, end, partial + block * sums);
            row = end;
        }
        if (call.rows.data) write(first, loss, count);
    }

private:
    typedef T Losses __attribute__((vector_size(LANES<double> * sizeof(T))));

    // Row by row, and where they begin at a multiple of `sums`, so many at once: the same additions in the same order.
    static void add(const T* loss, int64_t row, int64_t end, double* to) {
        for (; row < end && row % sums; ++row) to[row % sums] += double(*loss++);
        VD sum[2] = {load<double>(to), load<double>(to + LANES<double>)};
        for (; row + sums <= end; row += sums, loss += sums)
            for (int u = 0; u < 2; ++u) {
                Losses some;
                memcpy(&some, loss + u * LANES<double>, sizeof some);
                sum[u] += __builtin_convertvector(some, VD);
            }
        for (int u = 0; u < 2; ++u) store<double>(to + u * LANES<double>, sum[u]);
        for (; row < end; ++row) to[row % sums] += double(*loss++);
    }

    void write(int64_t first, const T* loss, int64_t count) const {
        for (int64_t row = first; row < first + count;) {
            const Stretch stretch(call, row, first + count - row);
            const Storage<T> storage = Storage<T>::of(call.rows.dtype);
            char* to = static_cast<char*>(call.rows.data) +
                       (stretch.outer * call.rows.outer + stretch.inner * call.rows.inner) * storage.size;
            storage.write(loss + (row - first), stretch.count, to, stretch.step(call.rows));
            row += stretch.count;
        }
    }
};

template <class T, class Kernel>
struct RowsTask {
    const RowSettings<T>& settings;
    LossSink<T> sink;
    int64_t rows;
    const Kernel& prototype;
    bool failed;

    static void run(int64_t begin, int64_t end, void* context) {
        RowsTask& task = *static_cast<RowsTask*>(context);
        const FlushSubnormals flushed;
        Kernel kernel = task.prototype;
        if (!kernel.reserve()) {
            task.failed = true;
            return;
        }
        const int64_t last = end * task.sink.rows_a_block;
        kernel.run(begin * task.sink.rows_a_block, last < task.rows ? last : task.rows, task.sink);
    }
};

template <class T, class S>
class SoftmaxCall {
public:
    SoftmaxCall(const XentSoftmax& call, XentOutcome& outcome)
        : call(call), outcome(outcome), rows(call.outer * call.inner), transform(call), targets(call) {}

    void run() {
        if (!count()) return;
        const RowSettings<T> settings(call, outcome.divisor);
        const int64_t wanted = BLOCK / (call.classes > 0 ? call.classes : 1);
        rows_a_block = wanted < 1 ? 1 : wanted;
        blocks = (rows + rows_a_block - 1) / rows_a_block;
        partial = static_cast<double*>(calloc(size_t(blocks * LossSink<T>::sums) + 1, sizeof(double)));
        if (!partial) return fail();
        if (rows > 0) choose(settings);
        for (int64_t b = 0; b < blocks * LossSink<T>::sums; ++b) outcome.total += partial[b];
        free(partial);
        write_number(call.result, reduced());
    }

private:
    double reduced() const { return call.reduction == XENT_MEAN ? outcome.total / outcome.divisor : outcome.total; }

    void fail() { outcome.bad_operand = XENT_NO_MEMORY; }

    bool count() {
        outcome.divisor = call.divisor;
        const bool needs_divisor = call.reduction == XENT_MEAN && call.divisor == 0;
        if (!needs_divisor && !call.labels.data) return true;
        const int64_t counts = (rows + ROWS_A_COUNT - 1) / ROWS_A_COUNT;
        RowCount* of_blocks = static_cast<RowCount*>(malloc(size_t(counts + 1) * sizeof(RowCount)));
        if (!of_blocks) return fail(), false;
        RowCounter<T> counter = {call, of_blocks};
        xent_parallel_for(counts, 4, &RowCounter<T>::task, &counter);
        double weight = 0;
        for (int64_t b = 0; b < counts; ++b) {
            weight += of_blocks[b].weight;
            if (outcome.bad < 0) outcome.bad = of_blocks[b].bad;
        }
        free(of_blocks);
        if (needs_divisor) outcome.divisor = weight;
        return outcome.bad < 0;
    }

    void choose(const RowSettings<T>& settings) {
        const bool soft = !call.labels.data || targets.is_smooth();
        if (soft && !settings.event.is_log) return share(settings, EventKernel<T, S>(settings));
        if (soft)
            choose_layout<true>(settings);
        else
            choose_layout<false>(settings);
    }

    template <bool SOFT>
    void choose_layout(const RowSettings<T>& settings) {
        const bool wants_gradient = call.gradient.data;
        const bool side_by_side = (call.inner > 1 ? call.logits.inner : call.logits.outer) == 1;
        const bool tiles = side_by_side ? call.classes <= MOST_TILE_CLASSES : call.classes <= FEW_CLASSES;
        const bool contiguous = call.logits.along == 1 && (!wants_gradient || call.gradient.along == 1);
        const bool large = rows * call.classes * int64_t(sizeof(S)) >= STREAM_BYTES;
        const bool stream = wants_gradient && large && (side_by_side || call.classes * int64_t(sizeof(S)) >= STREAM_ROW);
        if constexpr (!SOFT && sizeof(T) == 4)
            if (transform.is_identity() && PairKernel<S, true>::suits(settings))
                return wants_gradient ? share(settings, PairKernel<S, true>(settings))
                                      : share(settings, PairKernel<S, false>(settings));
        if (transform.is_identity() && tiles)
            return wants_gradient ? share(settings, TileKernel<T, S, SOFT, true>(settings, large))
                                  : share(settings, TileKernel<T, S, SOFT, false>(settings, large));
        const bool vectors = contiguous && call.classes >= LANES<T>;
        if (!SOFT && vectors && transform.is_dense() && call.classes <= MOST_SHORT_CLASSES)
            return transform.is_identity() ? share_short_rows<false>(settings) : share_short_rows<true>(settings);
        if (!transform.is_identity() || !vectors) return share_prepared_rows<SOFT>(settings, stream);
        if (is_worth_splitting() && (!SOFT || targets.are_plain())) return split<SOFT>(settings);
        if (!wants_gradient) return share_rows<SOFT, false, false, false>(settings);
        return stream ? share_rows<SOFT, true, true, false>(settings) : share_rows<SOFT, true, false, false>(settings);
    }

    template <bool SOFT>
    void share_prepared_rows(const RowSettings<T>& settings, bool stream) {
        if (!call.gradient.data) return share_rows<SOFT, false, false, true>(settings);
        if (stream && call.gradient.along == 1) return share_rows<SOFT, true, true, true>(settings);
        share_rows<SOFT, true, false, true>(settings);
    }

    template <bool CHANGED>
    void share_short_rows(const RowSettings<T>& settings) {
        const bool adjacent = (call.inner > 1 ? call.gradient.inner : call.gradient.outer) == call.classes;
        if (!call.gradient.data) return share(settings, ShortRowKernel<T, S, false, false, CHANGED>(settings));
        if (adjacent && rows * call.classes * int64_t(sizeof(S)) >= STREAM_BYTES)
            return share(settings, ShortRowKernel<T, S, true, true, CHANGED>(settings));
        share(settings, ShortRowKernel<T, S, true, false, CHANGED>(settings));
    }

    bool is_worth_splitting() const {
        const int threads = xent_threads();
        return threads > 1 && rows < 4 * threads && call.classes >= LEAST_SPLIT_CLASSES;
    }

    template <bool SOFT, bool GRADIENT, bool STREAM, bool PREPARED>
    void share_rows(const RowSettings<T>& settings) {
        T* shared = nullptr;
        if (SOFT && call.labels.data) {
            shared = static_cast<T*>(malloc(size_t(call.classes + LANES<T>) * sizeof(T)));
            if (!shared) return fail();
            targets.fill_shared(shared);
            for (int64_t k = call.classes; k < call.classes + LANES<T>; ++k) shared[k] = T(0);
        }
        share(settings, RowKernel<T, S, SOFT, GRADIENT, STREAM, PREPARED>(settings, shared));
        free(shared);
    }

    template <class Kernel>
    void share(const RowSettings<T>& settings, const Kernel& prototype) {
        RowsTask<T, Kernel> task = {settings, {call, partial, rows_a_block}, rows, prototype, false};
        const int64_t least = call.classes >= BLOCK ? 1 : LEAST_BLOCKS;
        xent_parallel_for(blocks, least, &RowsTask<T, Kernel>::run, &task);
        if (task.failed) fail();
    }

    template <bool SOFT>
    void split(const RowSettings<T>& settings) {
        using Kernel = SplitKernel<T, S, SOFT>;
        const int64_t batch = rows < RowBatch<T>::capacity ? rows : RowBatch<T>::capacity;
        auto* sums = static_cast<RunningSums<T>*>(
            malloc(size_t(batch * Kernel::parts_of(call)) * sizeof(RunningSums<T>)));
        if (!sums) return fail();
        const LossSink<T> sink = {call, partial, rows_a_block};
        Kernel(settings, sums).run(0, sink);
        free(sums);
    }

    const XentSoftmax& call;
    XentOutcome& outcome;
    const int64_t rows;
    const Transform<T> transform;
    const Targets<T> targets;
    double* partial = nullptr;
    int64_t rows_a_block = 1, blocks = 0;
};

void softmax(const XentSoftmax* call, XentOutcome* outcome) {
    switch (call->logits.dtype) {
        case XENT_FLOAT64: return SoftmaxCall<double, double>(*call, *outcome).run();
        case XENT_BFLOAT16: return SoftmaxCall<float, BFloat16>(*call, *outcome).run();
        case XENT_FLOAT16: return SoftmaxCall<float, Float16>(*call, *outcome).run();
        default: return SoftmaxCall<float, float>(*call, *outcome).run();
    }
}

}  // namespace
}  // namespace XENT_ISA
