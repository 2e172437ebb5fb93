// Softmax rows whose classes lie along memory, and, brought together first, rows of any other layout or with changed
// logits.
//
// A batch of rows is read while the gradient of the batch before is written, chunk by chunk, so that memory never
// idles: the odds e^(z - peak) of a batch wait in a scratch buffer that stays in the second-level cache. Each chunk's
// odds are relative to the largest logit up to it, which is kept with them.

#pragma once

#include "../parallel.h"
#include "chunk.h"
#include "targets.h"

namespace XENT_ISA {
namespace {

// Rows up to this many classes are one chunk, and several of them a batch.
constexpr int64_t SHORT_ROW = 2048;
constexpr int64_t CHUNK = 512;
// Odds of a batch: what the second-level cache keeps beside the logits and gradients that pass through it.
constexpr int64_t BATCH_BYTES = 64 << 10;
// Room before a row's odds, so that they can lie as far from a cache line's beginning as the gradient does.
constexpr int64_t MARGIN = LINE;

enum RowScratch { ODDS, CHUNK_PEAKS, TARGETS, CHUNK_BUFFER };

// How the rows of a call are cut up.
struct RowPlan {
    int64_t classes, chunk, chunks, rows_a_batch, slot;

    template <class T>
    static RowPlan of(int64_t classes) {
        RowPlan plan;
        plan.classes = classes;
        plan.chunk = classes <= SHORT_ROW ? classes : CHUNK;
        plan.chunks = classes / plan.chunk;
        plan.slot = (classes + MARGIN + 2 * LINE) / LINE * LINE;
        const int64_t fitting = BATCH_BYTES / (plan.slot * int64_t(sizeof(T)));
        plan.rows_a_batch = fitting < 1 ? 1 : fitting > RowBatch<T>::capacity ? RowBatch<T>::capacity : fitting;
        return plan;
    }
};

// One row: where it lies and how it is cut. The first chunk is `head` longer, and the last takes what is left.
template <class T, class S>
struct Row {
    const S* logits;
    S* gradient;
    T* odds;
    T* peaks;   // of each chunk
    const T* a; // weighted target, or null
    int64_t outer, inner, head, chunks;

    int64_t begin(int64_t c, const RowPlan& plan) const { return c == 0 ? 0 : c * plan.chunk + head; }
    int64_t end(int64_t c, const RowPlan& plan) const { return c + 1 == chunks ? plan.classes : begin(c + 1, plan); }
    int64_t chunk_of(int64_t k, const RowPlan& plan) const {
        const int64_t c = k < head ? 0 : (k - head) / plan.chunk;
        return c < chunks ? c : chunks - 1;
    }
};

template <class T, class S, bool SOFT, bool GRADIENT, bool STREAM, bool PREPARED>
class RowKernel {
public:
    RowKernel(const RowSettings<T>& settings, const T* shared_target)
        : settings(settings),
          call(settings.call),
          plan(RowPlan::of<T>(call.classes)),
          transform(call),
          targets(call),
          shared_target(shared_target) {}

    bool reserve() {
        const int64_t rows = plan.rows_a_batch, word = sizeof(T);
        odds = static_cast<T*>(xent_scratch(ODDS, rows * plan.slot * word));
        peaks = static_cast<T*>(xent_scratch(CHUNK_PEAKS, 2 * rows * plan.chunks * word));
        filled = SOFT ? static_cast<T*>(xent_scratch(TARGETS, 2 * rows * plan.slot * word)) : nullptr;
        const int64_t chunk = plan.chunk + (plan.chunks > 1 ? plan.chunk + LINE : 0) + LINE;
        buffer = PREPARED ? static_cast<T*>(xent_scratch(CHUNK_BUFFER, 2 * chunk * word)) : nullptr;
        raw = PREPARED ? buffer + chunk / LINE * LINE : nullptr;
        return odds && peaks && (!SOFT || filled) && (!PREPARED || buffer);
    }

    // The rows [first, last); `sink` takes their losses.
    template <class Sink>
    void run(int64_t first, int64_t last, Sink& sink) {
        waiting = 0;
        for (int64_t row = first; row < last;) {
            const Stretch stretch(call, row, plan.rows_a_batch < last - row ? plan.rows_a_batch : last - row);
            read_batch(stretch);
            write_until(waiting, 0);
            finish(stretch.count);
            sink.take(row, batches[now].loss, stretch.count);
            if (GRADIENT) hand_to_writer(stretch.count);
            row += stretch.count;
        }
        write_until(waiting, 0);
        if (STREAM) stream_fence();
    }

private:
    using Batch = RowBatch<T>;

    void read_batch(const Stretch& stretch) {
        Batch& batch = batches[now];
        describe(settings, stretch, batch);
        for (int64_t r = 0; r < stretch.count; ++r) {
            rows[now][r] = place(stretch, r);
            if (batch.read[r])
                read_row(batch, r);
            else
                leave_out(batch, r);
        }
    }

    Row<T, S> place(const Stretch& stretch, int64_t r) {
        Row<T, S> row;
        row.logits = stretch.at<const S>(call.logits, r);
        row.gradient = GRADIENT ? stretch.at<S>(call.gradient, r) : nullptr;
        row.head = STREAM ? until_line(row.gradient) : 0;
        row.chunks = plan.chunks;
        if (row.chunks > 1 && row.head + row.chunks * plan.chunk > plan.classes) --row.chunks;
        row.odds = odds + r * plan.slot + (STREAM ? MARGIN - row.head : 0);
        row.peaks = peaks + (now * plan.rows_a_batch + r) * plan.chunks;
        row.outer = stretch.outer + (stretch.along_inner ? 0 : r);
        row.inner = stretch.inner + (stretch.along_inner ? r : 0);
        row.a = nullptr;
        return row;
    }

    // Logits of a chunk, ready for the softmax.
    XENT_INLINE auto logits_of(const Row<T, S>& row, int64_t label, int64_t begin, int64_t end) {
        if constexpr (PREPARED) {
            read_run<T, S>(row.logits + begin * call.logits.along, call.logits.along, end - begin, buffer);
            fill_up(buffer, end - begin, -Constants<T>::infinity);
            transform.apply(buffer, begin, end - begin, row.outer, row.inner, label);
            return static_cast<const T*>(buffer);
        } else {
            return row.logits + begin;
        }
    }

    // Elements that the loops may take of a chunk: whole vectors, where its end is filled up with -inf.
    static int64_t padded(int64_t n) { return PREPARED ? (n + LANES<T> - 1) / LANES<T> * LANES<T> : n; }

    // One logit, ready for the softmax.
    T logit(const Row<T, S>& row, int64_t label, int64_t k) {
        if constexpr (PREPARED)
            return *logits_of(row, label, k, k + 1);
        else
            return load_one(row.logits + k);
    }

    void read_row(Batch& batch, int64_t r) {
        Row<T, S>& row = rows[now][r];
        const int64_t label = batch.label[r];
        batch.own[r] = call.labels.data ? logit(row, label, label) : T(0);
        if (SOFT) row.a = target_of(row, r, label);
        RunningSums<T> sums;
        for (int64_t c = 0; c < row.chunks; ++c) {
            const int64_t begin = row.begin(c, plan), end = row.end(c, plan);
            if (GRADIENT) write_until(r, end - row.head);
            const auto* z = logits_of(row, label, begin, end);
            const int64_t n = padded(end - begin);
            sums.raise(largest<T>(z, n));
            row.peaks[c] = sums.peak;
            if (SOFT)
                sums.add(sums_of_distribution<T, Read, GRADIENT>(z, row.a + begin, row.odds + begin, n, sums.peak));
            else
                sums.others += sum_of_others<T, Read, GRADIENT>(z, row.odds + begin, n, label - begin, sums.peak);
        }
        sums.hand_to(batch, r);
        if (SOFT && row.a == shared_target) add_label(batch, r, label);
    }

    const T* target_of(Row<T, S>& row, int64_t r, int64_t label) {
        const XentView& given = call.probabilities;
        if (targets.are_plain() && padded(plan.classes) == plan.classes)
            return static_cast<const T*>(given.data) + row.outer * given.outer + row.inner * given.inner;
        if (call.labels.data && !removes(row, label)) return shared_target;
        T* a = filled + (now * plan.rows_a_batch + r) * plan.slot;
        targets.fill(a, row.outer, row.inner, label,
                     [&](int64_t k) { return logit(row, label, k) != -Constants<T>::infinity; });
        for (int64_t k = plan.classes; k < plan.classes + LANES<T>; ++k) a[k] = T(0);
        return a;
    }

    bool removes(const Row<T, S>& row, int64_t label) {
        if constexpr (!PREPARED) {
            return has_removed<T>(row.logits, plan.classes);
        } else {
            for (int64_t k = 0; k < plan.classes; ++k)
                if (logit(row, label, k) == -Constants<T>::infinity) return true;
            return false;
        }
    }

    void add_label(Batch& batch, int64_t r, int64_t label) {
        const T extra = targets.of_label(label);
        if (extra == T(0)) return;
        batch.mass[r] += extra;
        batch.dot[r] += extra * (batch.own[r] - batch.peak[r]);
    }

    void finish(int64_t count) {
        if (SOFT) return finish_distributions(settings, batches[now], count);
        find_own_odds(batches[now], count);
        finish_labels<GRADIENT>(settings, batches[now], count);
    }

    // Rows of the batch just finished wait to be written; the next is read into the other half.
    void hand_to_writer(int64_t count) {
        for (int64_t r = 0; r < count; ++r) put_label_gradient(r);
        waiting = count;
        write_row = write_chunk = 0;
        now = 1 - now;
    }

    // Sets the odds at the label so that times the chunk's factor they give the gradient there: patching the gradient
    // itself, once it is streamed past the caches, would wait for memory.
    void put_label_gradient(int64_t r) {
        Batch& batch = batches[now];
        const Row<T, S>& row = rows[now][r];
        const bool partial = SOFT && row.a == shared_target && call.labels.data;
        label_is_late[now][r] = false;
        if (!batch.read[r] || (SOFT && !partial)) return;
        const int64_t label = batch.label[r], c = row.chunk_of(label, plan);
        const T factor = LOWERED<T> * factor_of(batch, row, r, c);
        const T pulled = partial ? row.a[label] * batch.pull[r] : T(0);
        if (partial)
            batch.at_label[r] = row.odds[label] * factor - pulled - targets.of_label(label) * batch.pull[r];
        const T instead = (batch.at_label[r] + pulled) / factor;
        label_is_late[now][r] = !(instead < T(LARGEST_ODDS) && instead > -T(LARGEST_ODDS));
        if (!label_is_late[now][r]) row.odds[label] = instead;
    }

    T factor_of(const Batch& batch, const Row<T, S>& row, int64_t r, int64_t c) const {
        if (row.peaks[c] == batch.peak[r]) return batch.factor[r];
        return batch.factor[r] * exp<T>(broadcast<T>(row.peaks[c] - batch.peak[r]))[0];
    }

    // Writes what waits of rows before r, and of row r the chunks whose odds begin before `end` of its slot, which are
    // about to be overwritten.
    XENT_INLINE void write_until(int64_t r, int64_t end) {
        while (write_row < waiting) {
            const Row<T, S>& row = rows[1 - now][write_row];
            if (write_row > r || (write_row == r && row.begin(write_chunk, plan) - row.head >= end)) return;
            write(batches[1 - now], row);
            if (++write_chunk == row.chunks) ++write_row, write_chunk = 0;
        }
    }

    void write(const Batch& batch, const Row<T, S>& row) {
        const int64_t r = write_row, begin = row.begin(write_chunk, plan), end = row.end(write_chunk, plan);
        if (!batch.read[r]) return write_zeros(row, begin, end);
        const T factor = factor_of(batch, row, r, write_chunk);
        const T* a = SOFT ? row.a + begin : nullptr;
        const T pull = SOFT ? batch.pull[r] : T(0);
        if constexpr (PREPARED) {
            write_gradient<T, T, false>(row.odds + begin, a, buffer, end - begin, factor, pull);
            put_late_label(batch, r, buffer, begin, end);
            if (transform.has_slope()) {
                read_run<T, S>(row.logits + begin * call.logits.along, call.logits.along, end - begin, raw);
                transform.apply_slope(buffer, raw, begin, end - begin);
            }
            write_run<T, S>(buffer, end - begin, row.gradient + begin * call.gradient.along, call.gradient.along);
        } else {
            write_gradient<T, S, STREAM>(row.odds + begin, a, row.gradient + begin, end - begin, factor, pull);
            put_late_label(batch, r, row.gradient + begin, begin, end);
        }
    }

    template <class To>
    void put_late_label(const Batch& batch, int64_t r, To* gradient, int64_t begin, int64_t end) const {
        const int64_t label = batch.label[r];
        if (label_is_late[1 - now][r] && label >= begin && label < end)
            store_one(gradient + (label - begin), batch.at_label[r]);
    }

    void write_zeros(const Row<T, S>& row, int64_t begin, int64_t end) const {
        if (call.gradient.along == 1) {
            memset(row.gradient + begin, 0, size_t(end - begin) * sizeof(S));
        } else {
            for (int64_t k = begin; k < end; ++k) store_one(row.gradient + k * call.gradient.along, T(0));
        }
    }

    using Read = typename Choose<PREPARED, T, S>::Type;

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const RowPlan plan;
    const Transform<T> transform;
    const Targets<T> targets;
    const T* const shared_target;

    T *odds = nullptr, *peaks = nullptr, *filled = nullptr, *buffer = nullptr, *raw = nullptr;
    int now = 0;  // the half that is being read; the other is being written
    Batch batches[2] = {};
    Row<T, S> rows[2][Batch::capacity];
    bool label_is_late[2][Batch::capacity] = {};
    int64_t waiting = 0, write_row = 0, write_chunk = 0;
};

}  // namespace
}  // namespace XENT_ISA
