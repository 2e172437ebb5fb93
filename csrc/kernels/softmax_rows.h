// Softmax rows whose classes lie along memory, and, brought together first, rows of any other layout or with changed
// logits.
//
// A batch of rows is read while the gradient of the batch before is written, chunk by chunk, so that memory never
// idles: the odds e^(z - peak) of a batch wait in a scratch buffer that stays in the second-level cache. Each chunk's
// odds are relative to the largest logit up to it, which is kept with them.

#pragma once

#include "../parallel.h"
#include "prepared.h"
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
    T* slopes;  // dz'/dz if it is kept until the gradient is written, or null
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
          preparation(call),
          targets(call),
          shared_target(shared_target) {}

    bool reserve() {
        const int64_t rows = plan.rows_a_batch, cells = rows * plan.slot, word = sizeof(T);
        odds = static_cast<T*>(xent_scratch(ODDS, cells * word));
        peaks = static_cast<T*>(xent_scratch(CHUNK_PEAKS, 2 * rows * plan.chunks * word));
        return odds && peaks && (!SOFT || reserve_targets(cells)) && (!PREPARED || reserve_chunks(cells));
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
    using Read = typename Choose<PREPARED, T, S>::Type;

    bool reserve_targets(int64_t cells) {
        filled = static_cast<T*>(xent_scratch(TARGETS, 2 * cells * int64_t(sizeof(T)) + plan.classes));
        remaining = reinterpret_cast<uint8_t*>(filled + 2 * cells);
        return filled;
    }

    bool reserve_chunks(int64_t cells) {
        const int64_t longest = plan.chunk + (plan.chunks > 1 ? plan.chunk + LINE : 0);
        const int64_t chunk = (longest + LINE) / LINE * LINE;
        const int64_t bytes = (2 * chunk + (SOFT ? cells : chunk)) * int64_t(sizeof(T));
        buffer = static_cast<T*>(xent_scratch(CHUNK_BUFFER, bytes));
        spare = buffer + chunk;
        slopes = GRADIENT && preparation.keeps_slopes() ? spare + chunk : nullptr;
        return buffer;
    }

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
        row.slopes = SOFT && slopes ? slopes + (row.odds - odds) : nullptr;
        row.peaks = peaks + (now * plan.rows_a_batch + r) * plan.chunks;
        row.outer = stretch.outer + (stretch.along_inner ? 0 : r);
        row.inner = stretch.inner + (stretch.along_inner ? r : 0);
        row.a = nullptr;
        return row;
    }

    // Logits of a chunk as the softmax takes them, of how many vectors may be made, and the largest.
    struct Chunk {
        const Read* z;
        int64_t n;
        T top;
    };

    // PREPARED logits are put in `to`, and their slopes kept if that is wanted.
    XENT_INLINE Chunk take_in(const Row<T, S>& row, int64_t label, int64_t begin, int64_t end, T* to,
                              T* kept_slopes) const {
        const int64_t n = end - begin;
        if constexpr (PREPARED) {
            const ChunkPlace at = {begin, n, row.outer, row.inner, label};
            const T top = preparation.run(at, row.logits + begin * call.logits.along, to, spare, kept_slopes);
            return {to, padded(n), top};
        } else {
            return {row.logits + begin, n, largest<T>(row.logits + begin, n)};
        }
    }

    // Where a chunk's logits wait to become odds: in the odds' place, unless its last vector overlaps the one before.
    T* place_of_logits(const Row<T, S>& row, int64_t begin, int64_t end) const {
        return GRADIENT && (end - begin) % LANES<T> == 0 ? row.odds + begin : buffer;
    }

    static int64_t padded(int64_t n) { return PREPARED && n < LANES<T> ? LANES<T> : n; }

    void read_row(Batch& batch, int64_t r) {
        if (SOFT && targets.are_shared() && plan.classes >= LANES<T>) {
            rows[now][r].a = shared_target;
            if (read_chunks<true>(batch, r)) return;
        }
        if (SOFT) rows[now][r].a = target_of(rows[now][r], r, batch.label[r]);
        read_chunks<false>(batch, r);
    }

    // With SHARED, rows differ in nothing of the target but the label; says whether that came out, as it does if no
    // class is removed.
    template <bool SHARED>
    bool read_chunks(Batch& batch, int64_t r) {
        const Row<T, S>& row = rows[now][r];
        const int64_t label = batch.label[r];
        batch.own[r] = T(0);
        own_slope[r] = changes().one_slope();
        RunningSums<T> sums;
        for (int64_t c = 0; c < row.chunks; ++c) {
            const int64_t begin = row.begin(c, plan), end = row.end(c, plan);
            if (GRADIENT) write_until(r, end - row.head);
            const Chunk chunk = take_in(row, label, begin, end, place_of_logits(row, begin, end),
                                        place_of_slopes(row, begin));
            const T* slope = slopes_of(row, begin);
            if (call.labels.data && label >= begin && label < end) {
                batch.own[r] = load_one(chunk.z + (label - begin));
                if (slope) own_slope[r] = slope[label - begin];
            }
            sums.raise(chunk.top);
            row.peaks[c] = sums.peak;
            add_chunk<SHARED>(row, chunk, slope, label, begin, sums);
        }
        if (SHARED) sums.tops = exp<T>(broadcast<T>(batch.own[r] - sums.peak))[0];
        sums.hand_to(batch, r);
        if (SOFT && row.a == shared_target) add_label(batch, r, label);
        return !SHARED || batch.dot[r] - batch.dot[r] == T(0);
    }

    // The odds come last: they may overwrite the logits.
    template <bool SHARED>
    XENT_INLINE void add_chunk(const Row<T, S>& row, const Chunk& chunk, const T* slope, int64_t label, int64_t begin,
                               RunningSums<T>& sums) const {
        const T* a = SOFT ? row.a + begin : nullptr;
        T* to = row.odds + begin;
        const auto add = [&](const auto& odds) __attribute__((always_inline)) {
            sums.add(sums_of_others<T, SOFT>(source(row, chunk, begin), a, odds, chunk.n, label - begin, sums.peak));
        };
        if constexpr (SOFT && !SHARED) {
            sums.add(sums_of_distribution<T, Read, GRADIENT>(chunk.z, a, to, chunk.n, sums.peak));
        } else if constexpr (!GRADIENT) {
            add(NoOdds<T>{});
        } else {
            if (PREPARED && !SOFT && slope) return add(SlopedOdds<T>{to, slope});
            add(PlainOdds<T>{to});
        }
    }

    XENT_INLINE auto source(const Row<T, S>& row, const Chunk& chunk, int64_t begin) const {
        if constexpr (PREPARED)
            return preparation.buffered(chunk.z, row.logits + begin * call.logits.along);
        else
            return StoredLogits<T, S>{chunk.z};
    }

    const T* target_of(Row<T, S>& row, int64_t r, int64_t label) {
        const XentView& given = call.probabilities;
        if (targets.are_plain() && padded(plan.classes) == plan.classes)
            return static_cast<const T*>(given.data) + row.outer * given.outer + row.inner * given.inner;
        if (targets.is_smooth()) {
            if (call.labels.data && !may_remove(row, label)) return shared_target;
            if (mark_remaining(row, label) && call.labels.data) return shared_target;
        }
        T* a = filled + (now * plan.rows_a_batch + r) * plan.slot;
        targets.fill(a, row.outer, row.inner, label, [&](int64_t k) { return remaining[k] != 0; });
        for (int64_t k = plan.classes; k < plan.classes + LANES<T>; ++k) a[k] = T(0);
        return a;
    }

    // Whether a class may have no part in the row's softmax; of fewer classes than a vector holds it is not found out.
    bool may_remove(const Row<T, S>& row, int64_t label) {
        if (plan.classes < LANES<T>) return true;
        for (int64_t c = 0; c < row.chunks; ++c) {
            const Chunk chunk = take_in(row, label, row.begin(c, plan), row.end(c, plan), buffer, nullptr);
            if (has_removed<T>(chunk.z, chunk.n)) return true;
        }
        return false;
    }

    // Marks the classes that have a part in the row's softmax, and says whether all of them do.
    bool mark_remaining(const Row<T, S>& row, int64_t label) {
        bool all = true;
        for (int64_t c = 0; c < row.chunks; ++c) {
            const int64_t begin = row.begin(c, plan), end = row.end(c, plan);
            const Chunk chunk = take_in(row, label, begin, end, buffer, nullptr);
            for (int64_t k = begin; k < end; ++k) {
                remaining[k] = load_one(chunk.z + (k - begin)) != -Constants<T>::infinity;
                all &= remaining[k] != 0;
            }
        }
        return all;
    }

    void add_label(Batch& batch, int64_t r, int64_t label) {
        const T extra = targets.of_label(label);
        if (extra == T(0)) return;
        batch.mass[r] += extra;
        batch.dot[r] += extra * (batch.own[r] - batch.peak[r]);
    }

    void finish(int64_t count) {
        Batch& batch = batches[now];
        if (SOFT) {
            finish_distributions(settings, batch, count);
        } else {
            find_own_odds(batch, count);
            finish_labels<GRADIENT>(settings, batch, count);
        }
        if (PREPARED && GRADIENT) multiply_slopes(batch, count);
    }

    // Where slopes differ, the odds have been multiplied already, or will be when the gradient is written.
    void multiply_slopes(Batch& batch, int64_t count) const {
        const T of_all = changes().has_one_slope() ? changes().one_slope() : T(1);
        for (int64_t r = 0; r < count; ++r)
            batch.factor[r] *= of_all, batch.pull[r] *= of_all, batch.at_label[r] *= own_slope[r];
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
        if (!PREPARED || call.gradient.along == 1)
            return put_gradient<STREAM>(batch, row, row.gradient + begin, begin, end, factor);
        put_gradient<false>(batch, row, buffer, begin, end, factor);
        write_run<T, S>(buffer, end - begin, row.gradient + begin * call.gradient.along, call.gradient.along);
    }

    template <bool STREAMED, class To>
    XENT_INLINE void put_gradient(const Batch& batch, const Row<T, S>& row, To* to, int64_t begin, int64_t end,
                                  T factor) {
        const T* a = SOFT ? row.a + begin : nullptr;
        const T pull = SOFT ? batch.pull[write_row] : T(0);
        const T* slope = SOFT ? slopes_of(row, begin) : nullptr;
        if (PREPARED && SOFT && slope)
            write_sloped_gradient<T, To, STREAMED>(row.odds + begin, a, slope, to, end - begin, factor, pull);
        else
            write_gradient<T, To, STREAMED>(row.odds + begin, a, to, end - begin, factor, pull);
        const int64_t label = batch.label[write_row];
        if (label_is_late[1 - now][write_row] && label >= begin && label < end)
            store_one(to + (label - begin), batch.at_label[write_row] * (slope ? slope[label - begin] : T(1)));
    }

    const Transform<T>& changes() const { return preparation.changes(); }

    // Where a chunk's dz'/dz is put, if it has to be: for a row with a label, until the odds are multiplied by it.
    T* place_of_slopes(const Row<T, S>& row, int64_t begin) const {
        return SOFT && slopes ? row.slopes + begin : slopes;
    }

    // dz'/dz of a chunk where it differs from class to class; otherwise null.
    const T* slopes_of(const Row<T, S>& row, int64_t begin) const {
        if (!PREPARED) return nullptr;
        if (slopes) return place_of_slopes(row, begin);
        const T* of_classes = changes().slope_of_classes();
        return of_classes ? of_classes + begin : nullptr;
    }

    void write_zeros(const Row<T, S>& row, int64_t begin, int64_t end) const {
        if (call.gradient.along == 1) {
            memset(row.gradient + begin, 0, size_t(end - begin) * sizeof(S));
        } else {
            for (int64_t k = begin; k < end; ++k) store_one(row.gradient + k * call.gradient.along, T(0));
        }
    }

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const RowPlan plan;
    const Preparation<T, S> preparation;
    const Targets<T> targets;
    const T* const shared_target;

    T *odds = nullptr, *peaks = nullptr, *filled = nullptr, *buffer = nullptr, *spare = nullptr, *slopes = nullptr;
    uint8_t* remaining = nullptr;  // of a row, whether a class has a part in the softmax
    int now = 0;  // the half that is being read; the other is being written
    Batch batches[2] = {};
    T own_slope[Batch::capacity] = {};  // dz'/dz at the labels of the rows that are read
    Row<T, S> rows[2][Batch::capacity];
    bool label_is_late[2][Batch::capacity] = {};
    int64_t waiting = 0, write_row = 0, write_chunk = 0;
};

}  // namespace
}  // namespace XENT_ISA
