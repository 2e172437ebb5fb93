// Softmax rows of a label, whose classes lie along memory and are few: more than are worth transposing, and so few that
// what is done once a row must be done for several rows together.
//
// Logits are copied in by groups of rows, padded to whole vectors, with -inf in the label's place: then nothing has to
// be taken out of a sum. The odds of a batch lie densely, as their gradient mostly does, whose cache lines are then
// written whole, also where one row ends within them and the next begins.

#pragma once

#include "../parallel.h"
#include "prepared.h"
#include "reduce.h"

namespace XENT_ISA {
namespace {

// Up to this many classes, a group of rows leaves room in the first-level cache for what passes through it, and a lane
// takes no more numbers than a sum in float may.
constexpr int64_t MOST_SHORT_CLASSES = 256;

enum ShortRowScratch { SHORT_ODDS, SHORT_LOGITS };

// With CHANGED, the logits are changed on their way in.
template <class T, class S, bool GRADIENT, bool STREAM, bool CHANGED>
class ShortRowKernel {
public:
    explicit ShortRowKernel(const RowSettings<T>& settings)
        : settings(settings),
          call(settings.call),
          classes(call.classes),
          padded(rounded_up(classes, L)),
          preparation(call) {}

    bool reserve() {
        const int64_t word = sizeof(T);
        logits = static_cast<T*>(xent_scratch(SHORT_LOGITS, 2 * GROUP * padded * word));
        odds = static_cast<T*>(xent_scratch(SHORT_ODDS, (Batch::capacity * classes + 2 * L) * word));
        if (CHANGED && GRADIENT && logits) place_slopes(logits + GROUP * padded);
        return logits && odds;
    }

    template <class Sink>
    void run(int64_t first, int64_t last, Sink& sink) {
        for (int64_t row = first; row < last;) {
            const Stretch rows(call, row, Batch::capacity < last - row ? Batch::capacity : last - row);
            describe(settings, rows, batch);
            for (int64_t r = 0; r < rows.count; r += GROUP) read_group(rows, r);
            leave_out_unread(rows.count);
            find_own_odds(batch, rows.count);
            finish_labels<GRADIENT>(settings, batch, rows.count);
            if (CHANGED && GRADIENT) multiply_slopes(rows.count);
            sink.take(row, batch.loss, rows.count);
            if (GRADIENT) write(rows);
            row += rows.count;
        }
        if (STREAM) stream_fence();
    }

private:
    using Batch = RowBatch<T>;
    static constexpr int L = LANES<T>;
    static constexpr int GROUP = 8;
    static constexpr int64_t PER_LINE = LINE / sizeof(S);

    void read_group(const Stretch& rows, int64_t first) {
        const int count = int(rows.count - first < GROUP ? rows.count - first : GROUP);
        const int64_t step = rows.step(call.logits);
        const S* z = rows.at<const S>(call.logits, first);
        V<T> tops[GROUP] = {}, sums[GROUP] = {};
        for (int r = 0; r < count; ++r) tops[r] = take_in(rows, z + r * step, logits + r * padded, first + r);
        maxima_of_lanes(tops, batch.peak + first);
        for (int r = 0; r < count; ++r) sums[r] = add_odds(logits + r * padded, odds_of(first + r), first + r);
        sums_of_lanes(sums, batch.others + first);
    }

    // Copies a row, but for its label's logit, and gives the largest logits.
    XENT_INLINE V<T> take_in(const Stretch& rows, const S* z, T* row, int64_t r) {
        const V<T> nothing = broadcast<T>(-Constants<T>::infinity);
        V<T> top = broadcast<T>(Constants<T>::lowest);
        if (!batch.read[r]) {
            for (int64_t i = 0; i < padded; i += L) store<T>(row + i, nothing);
            return top;
        }
        store<T>(row + padded - L, nothing);
        top = CHANGED ? change(rows, z, row, r) : copy(z, row, top);
        const int32_t label = batch.label[r];
        batch.own[r] = row[label];
        row[label] = -Constants<T>::infinity;
        return top;
    }

    XENT_INLINE V<T> copy(const S* z, T* row, V<T> top) const {
        prefetch(reinterpret_cast<const char*>(z) + PREFETCH_BYTES, classes * sizeof(S));
        for (int64_t i = 0; i + L <= classes; i += L) top = move(z, row, i, top);
        return move(z, row, classes - L, top);
    }

    XENT_INLINE V<T> change(const Stretch& rows, const S* z, T* row, int64_t r) {
        const bool inner = rows.along_inner;
        const ChunkPlace at = {0, classes, rows.outer + (inner ? 0 : r), rows.inner + (inner ? r : 0), batch.label[r]};
        const V<T> top = preparation.template run_dense<true>(at, z, row, kept ? slopes_of(r) : nullptr);
        if (GRADIENT) own_slope[r] = slopes ? slopes_of(r)[batch.label[r]] : preparation.changes().one_slope();
        return top;
    }

    // dz'/dz where it differs from class to class: found with the logits and kept as long as they are, or the same for
    // all rows, and then filled up to whole vectors.
    void place_slopes(T* place) {
        kept = preparation.keeps_slopes();
        const T* of_classes = preparation.changes().slope_of_classes();
        slopes = kept || of_classes ? place : nullptr;
        for (int64_t k = 0; k < padded; ++k) place[k] = of_classes && k < classes ? of_classes[k] : T(0);
    }

    T* slopes_of(int64_t r) const { return slopes + (kept ? r % GROUP * padded : 0); }

    // The odds have been multiplied already where slopes differ.
    void multiply_slopes(int64_t count) {
        const T of_all = slopes ? T(1) : preparation.changes().one_slope();
        for (int64_t r = 0; r < count; ++r) batch.factor[r] *= of_all, batch.at_label[r] *= own_slope[r];
    }

    static XENT_INLINE V<T> move(const S* z, T* row, int64_t i, V<T> top) {
        const V<T> x = load_as(z + i);
        store<T>(row + i, x);
        return max(x, top);
    }

    // Makes odds of logits, and gives their sums. The odds of the padding are overwritten by the next row's.
    XENT_INLINE V<T> add_odds(const T* row, T* to, int64_t r) const {
        const V<T> peak = broadcast<T>(batch.peak[r]);
        const T* slope = CHANGED && GRADIENT && slopes && batch.read[r] ? slopes_of(r) : nullptr;
        V<T> a = {}, b = {};
        int64_t i = 0;
        for (; i + 2 * L <= padded; i += 2 * L) {
            V<T> e[2] = {load<T>(row + i) - peak, load<T>(row + i + L) - peak};
            lifted_exp<T>(e);
            put_odds(to, i, e[0], slope), put_odds(to, i + L, e[1], slope);
            a += e[0], b += e[1];
        }
        if (i < padded) {
            const V<T> e = lifted_exp<T>(load<T>(row + i) - peak);
            put_odds(to, i, e, slope);
            a += e;
        }
        return LOWERED<T> * (a + b);
    }

    static XENT_INLINE void put_odds(T* to, int64_t i, V<T> e, const T* slope) {
        if (GRADIENT) store<T>(to + i, slope ? e * load<T>(slope + i) : e);
    }

    void leave_out_unread(int64_t count) {
        if (batch.all_read) return;
        for (int64_t r = 0; r < count; ++r)
            if (!batch.read[r]) leave_out(batch, r);
    }

    void write(const Stretch& rows) {
        clear_unread(rows.count);
        if (STREAM) return stream(rows.at<S>(call.gradient), rows.count);
        for (int64_t r = 0; r < rows.count; ++r) {
            S* gradient = rows.at<S>(call.gradient, r);
            write_gradient<T, S, false>(odds_of(r), nullptr, gradient, classes, batch.factor[r], T(0));
            store_one(gradient + batch.label[r], batch.at_label[r]);
        }
    }

    T* odds_of(int64_t r) const { return odds + r * classes; }

    // Rows without a gap between them, as one run of cache lines.
    void stream(S* gradient, int64_t count) {
        const bool all_placed = place_labels(count);
        const int64_t all = count * classes, head = until_line(gradient);
        write_each(gradient, 0, head);
        int64_t at = head;
        for (int64_t r = 0; r < count; ++r) {
            const int64_t end = (r + 1) * classes;
            const V<T> factor = broadcast<T>(batch.factor[r]);
            for (; at + PER_LINE <= end; at += PER_LINE)
                for (int64_t k = at; k < at + PER_LINE; k += L)
                    stream_as<S, T>(gradient + k, load<T>(odds + k) * factor);
            if (at < end && at + PER_LINE <= all) at = stream_border(gradient, at, r);
        }
        write_each(gradient, at, all);
        if (!all_placed) put_labels(gradient, count);
    }

    // A line that begins in row r and ends in one after it.
    XENT_INLINE int64_t stream_border(S* gradient, int64_t at, int64_t r) const {
        for (const int64_t stop = at + PER_LINE; at < stop; at += L) {
            if (at >= (r + 1) * classes) ++r;
            const int64_t left = (r + 1) * classes - at;
            V<T> factor = broadcast<T>(batch.factor[r]);
            if (left < L) factor = select<T>(lane_numbers<T>() < int(left), factor, broadcast<T>(batch.factor[r + 1]));
            stream_as<S, T>(gradient + at, load<T>(odds + at) * factor);
        }
        return at;
    }

    void write_each(S* gradient, int64_t at, int64_t stop) const {
        for (int64_t r = at / classes; at < stop; ++at) {
            if (at == (r + 1) * classes) ++r;
            store_one(gradient + at, odds[at] * batch.factor[r]);
        }
    }

    // Sets the odds at the labels so that times the factor they give the gradient there: patching the gradient itself,
    // once it is streamed past the caches, would wait for memory. Says whether that could be done.
    bool place_labels(int64_t count) {
        bool all_placed = true;
        for (int64_t r = 0; r < count; ++r) {
            T& factor = batch.factor[r];
            factor *= lower_odds(odds_of(r), classes, factor);
            const T instead = batch.at_label[r] / factor;
            odds_of(r)[batch.label[r]] = instead;
            all_placed &= instead < T(LARGEST_ODDS) && instead > -T(LARGEST_ODDS);
        }
        return all_placed;
    }

    void put_labels(S* gradient, int64_t count) const {
        for (int64_t r = 0; r < count; ++r) store_one(gradient + r * classes + batch.label[r], batch.at_label[r]);
    }

    // Their gradient is 0 whatever that of the loss is.
    void clear_unread(int64_t count) {
        if (batch.all_read) return;
        for (int64_t r = 0; r < count; ++r)
            if (!batch.read[r]) batch.factor[r] = batch.at_label[r] = T(0);
    }

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const int64_t classes, padded;
    const Preparation<T, S> preparation;
    T *odds = nullptr, *logits = nullptr, *slopes = nullptr;
    bool kept = false;  // slopes differ from row to row
    T own_slope[Batch::capacity] = {};
    Batch batch = {};
};

}  // namespace
}  // namespace XENT_ISA
