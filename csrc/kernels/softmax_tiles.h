// Softmax rows side by side: tiles of rows whose lanes are rows and whose outer loop is over the classes. For rows that
// lie along memory one beside the other (the pixels of a segmentation map), and for rows of few classes, which are
// transposed on their way in and out.

#pragma once

#include "../parallel.h"
#include "chunk.h"
#include "targets.h"
#include "transpose.h"

namespace XENT_ISA {
namespace {

enum RowTileScratch { TILE_ODDS, TILE_TARGETS };

// A tile in scratch memory: class-major, RowBatch::capacity rows wide.
template <class T>
struct RowTile {
    static constexpr int width = RowBatch<T>::capacity;
    T* cells;

    T* at(int64_t k, int64_t r) const { return cells + k * width + r; }
};

// Brings a tile in from memory, or out to it. `along` steps from class to class, `step` from row to row.
template <class T, class S>
struct TileMover {
    static constexpr int L = LANES<T>;
    RowTile<T> tile;
    int64_t classes, rows, along, step;

    void load(const S* from) const {
        if (step == 1) return load_planes(from);
        int64_t r = 0;
        if constexpr (sizeof(T) == 4) {
            if (is_pairs())
                for (; r + L <= rows; r += L) load_pairs(from + 2 * r, r);
            else if (along == 1 && classes >= 4)
                for (; r + L <= rows; r += L) load_transposed(from + r * step, r);
        }
        for (; r < rows; ++r)
            for (int64_t k = 0; k < classes; ++k) *tile.at(k, r) = load_one(from + k * along + r * step);
        fill_up();
    }

    void store_to(S* to, bool stream) const {
        if (step == 1) return store_planes(to, stream);
        int64_t r = 0;
        if constexpr (sizeof(T) == 4) {
            if (is_pairs())
                for (; r + L <= rows; r += L) store_pairs(to + 2 * r, r);
            else if (along == 1 && classes >= 4)
                for (; r + L <= rows; r += L) store_transposed(to + r * step, r);
        }
        for (; r < rows; ++r)
            for (int64_t k = 0; k < classes; ++k) store_one(to + k * along + r * step, *tile.at(k, r));
    }

private:
    void load_planes(const S* from) const {
        for (int64_t k = 0; k < classes; ++k) {
            const S* plane = from + k * along;
            int64_t r = 0;
            for (; r + L <= rows; r += L) store<T>(tile.at(k, r), load_as(plane + r));
            for (; r < rows; ++r) *tile.at(k, r) = load_one(plane + r);
        }
        fill_up();
    }

    void store_planes(S* to, bool stream) const {
        for (int64_t k = 0; k < classes; ++k) {
            S* plane = to + k * along;
            const bool whole_lines = until_line(plane) == 0 && rows * int64_t(sizeof(S)) % LINE == 0;
            int64_t r = 0;
            if (stream && whole_lines)
                for (; r < rows; r += L) stream_as<S, T>(plane + r, XENT_ISA::load<T>(tile.at(k, r)));
            for (; r + L <= rows; r += L) store_as(plane + r, XENT_ISA::load<T>(tile.at(k, r)));
            for (; r < rows; ++r) store_one(plane + r, *tile.at(k, r));
        }
    }

    bool is_pairs() const { return classes == 2 && along == 1 && step == 2; }

    void load_pairs(const S* from, int64_t r) const {
        VF pair[2] = {load_as(from), load_as(from + L)};
        unzip(pair);
        for (int k = 0; k < 2; ++k) store<float>(tile.at(k, r), pair[k]);
    }

    void store_pairs(S* to, int64_t r) const {
        VF pair[2] = {XENT_ISA::load<float>(tile.at(0, r)), XENT_ISA::load<float>(tile.at(1, r))};
        zip(pair);
        for (int k = 0; k < 2; ++k) store_as(to + k * L, pair[k]);
    }

    // The last four classes may overlap the four before them.
    void load_transposed(const S* from, int64_t r) const {
        for (int64_t k = 0; k < classes; k += 4) {
            const int64_t first = k + 4 <= classes ? k : classes - 4;
            VF column[4];
            load_columns(from + first, step, column);
            for (int q = 0; q < 4; ++q) store<float>(tile.at(first + q, r), column[q]);
        }
    }

    void store_transposed(S* to, int64_t r) const {
        for (int64_t k = 0; k < classes; k += 4) {
            const int64_t first = k + 4 <= classes ? k : classes - 4;
            VF column[4];
            for (int q = 0; q < 4; ++q) column[q] = XENT_ISA::load<float>(tile.at(first + q, r));
            store_columns(to + first, step, column);
        }
    }

    // Lanes beyond the rows hold something harmless.
    void fill_up() const {
        for (int64_t k = 0; k < classes; ++k)
            for (int64_t r = rows; r % (2 * L); ++r) *tile.at(k, r) = T(0);
    }
};

template <class T, class S, bool SOFT, bool GRADIENT>
class TileKernel {
public:
    TileKernel(const RowSettings<T>& settings, bool large)
        : settings(settings), call(settings.call), targets(call), large(large) {}

    bool reserve() {
        const int64_t bytes = call.classes * RowTile<T>::width * int64_t(sizeof(T));
        odds.cells = static_cast<T*>(xent_scratch(TILE_ODDS, bytes));
        target.cells = SOFT ? static_cast<T*>(xent_scratch(TILE_TARGETS, bytes)) : nullptr;
        return odds.cells && (!SOFT || target.cells);
    }

    template <class Sink>
    void run(int64_t first, int64_t last, Sink& sink) {
        for (int64_t row = first; row < last;) {
            const int64_t left = last - row;
            const Stretch rows(call, row, left < RowTile<T>::width ? left : RowTile<T>::width);
            describe(settings, rows, batch);
            read(rows);
            if (!batch.all_read)
                for (int64_t r = 0; r < rows.count; ++r)
                    if (!batch.read[r]) leave_out(batch, r);
            if (SOFT)
                finish_distributions(settings, batch, rows.count);
            else
                finish_labels<GRADIENT>(settings, batch, rows.count);
            sink.take(row, batch.loss, rows.count);
            if (GRADIENT) write(rows);
            row += rows.count;
        }
        stream_fence();
    }

private:
    static constexpr int L = LANES<T>;

    void read(const Stretch& rows) {
        const TileMover<T, S> mover = {odds, call.classes, rows.count, call.logits.along, rows.step(call.logits)};
        mover.load(rows.at<const S>(call.logits));
        if (SOFT && !call.labels.data) load_probabilities(rows);
        next = large && mover.step == 1 ? rows.at<const S>(call.logits) + RowTile<T>::width : nullptr;
        if (!SOFT) return read_labels(rows.count);
        for (int64_t r = 0; r < rows.count; r += L) read_distributions(r);
    }

    void load_probabilities(const Stretch& rows) {
        const XentView& given = call.probabilities;
        switch (given.dtype) {
            case XENT_BFLOAT16: return load_probabilities_as<BFloat16>(rows);
            case XENT_FLOAT16: return load_probabilities_as<Float16>(rows);
            default: return load_probabilities_as<T>(rows);
        }
    }

    template <class P>
    void load_probabilities_as(const Stretch& rows) {
        if constexpr (sizeof(Arithmetic<P>) == sizeof(T)) {
            const XentView& given = call.probabilities;
            const TileMover<T, P> mover = {target, call.classes, rows.count, given.along, rows.step(given)};
            mover.load(rows.at<const P>(given));
        }
    }

    V<T> peak_of(int64_t r) const {
        V<T> peak = broadcast<T>(Constants<T>::lowest);
        for (int64_t k = 0; k < call.classes; ++k) peak = max(load<T>(odds.at(k, r)), peak);
        return peak;
    }

    Mask<T> label_lanes(int64_t r) const {
        typename IntOf<T>::Type lane[L];
        for (int l = 0; l < L; ++l) lane[l] = batch.label[r + l];
        Mask<T> label;
        memcpy(&label, lane, sizeof label);
        return label;
    }

    void read_labels(int64_t rows) {
        for (int64_t r = 0; r < rows; r += L) store<T>(batch.peak + r, peak_of(r));
        exchange_labels(rows, batch.own, nullptr);  // the label is not among the others
        for (int64_t r = 0; r < rows; r += 2 * L) next ? add_others<true>(r) : add_others<false>(r);
        find_own_odds(batch, rows);
    }

    // Takes the labels' cells out, if `out` is given, leaving -inf; puts `in` into them if that is given. Cell by cell,
    // or for fewer classes than a vector has lanes, class by class: a vector cannot soon be loaded from where single
    // cells have just been stored.
    void exchange_labels(int64_t rows, T* out, const T* in) const {
        if (call.classes < L) return exchange_by_class(rows, out, in);
        for (int64_t r = 0; r < rows; ++r) {
            T& cell = *odds.at(batch.label[r], r);
            if (out) out[r] = cell;
            cell = in ? in[r] : -Constants<T>::infinity;
        }
    }

    void exchange_by_class(int64_t rows, T* out, const T* in) const {
        for (int64_t r = 0; r < rows; r += L) {
            const Mask<T> label = label_lanes(r);
            const V<T> put = in ? load<T>(in + r) : broadcast<T>(-Constants<T>::infinity);
            V<T> taken = {};
            Mask<T> number = {};
            for (int64_t k = 0, classes = call.classes; k < classes; ++k, number += 1) {
                const V<T> cell = load<T>(odds.at(k, r));
                const Mask<T> is_label = number == label;
                taken = select<T>(is_label, cell, taken);
                store<T>(odds.at(k, r), select<T>(is_label, put, cell));
            }
            if (out) store<T>(out + r, taken);
        }
    }

    // Of two vectors of rows at once, whose steps overlap.
    template <bool AHEAD>
    void add_others(int64_t r) {
        const V<T> peak[2] = {load<T>(batch.peak + r), load<T>(batch.peak + r + L)};
        V<T> others[2] = {};
        for (int64_t k = 0, classes = call.classes; k < classes; ++k) {
            T* cell = odds.at(k, r);
            if (AHEAD) prefetch(next + k * call.logits.along + r, 2 * L * int64_t(sizeof(S)));
            V<T> e[2] = {load<T>(cell) - peak[0], load<T>(cell + L) - peak[1]};
            lifted_exp<T>(e);
            for (int u = 0; u < 2; ++u) {
                others[u] += e[u];
                if (GRADIENT) store<T>(cell + u * L, e[u]);
            }
        }
        for (int u = 0; u < 2; ++u) store<T>(batch.others + r + u * L, LOWERED<T> * others[u]);
    }

    // Probability that the target gives class k, before smoothing.
    V<T> given(int64_t k, int64_t r, Mask<T> is_label) const {
        return call.labels.data ? keep<T>(is_label, broadcast<T>(1)) : load<T>(target.at(k, r));
    }

    // Sum of the prior over the classes that remain.
    V<T> total_prior(int64_t r) const {
        V<T> total = {};
        for (int64_t k = 0; k < call.classes; ++k) {
            const Mask<T> remains = load<T>(odds.at(k, r)) != -Constants<T>::infinity;
            total += keep<T>(remains, broadcast<T>(targets.class_prior(k)));
        }
        return select<T>(total == T(0), broadcast<T>(1), total);
    }

    void read_distributions(int64_t r) {
        const V<T> peak = peak_of(r), inverse = targets.is_smooth() ? T(1) / total_prior(r) : V<T>{};
        const Mask<T> label = label_lanes(r);
        V<T> others = {}, tops = {}, mass = {}, dot = {};
        Mask<T> number = {};
        for (int64_t k = 0; k < call.classes; ++k, number += 1) {
            const V<T> z = load<T>(odds.at(k, r)), gap = z - peak, e = lifted_exp<T>(gap);
            V<T> a = targets.of_label(k) * given(k, r, number == label);
            if (targets.is_smooth())
                a += keep<T>(z != -Constants<T>::infinity, targets.spread(k) * inverse);
            others += keep<T>(~(z >= peak), e);
            tops += keep<T>(z == peak, broadcast<T>(1));
            mass += a;
            dot += keep<T>(a != T(0), a * gap);
            if (GRADIENT) store<T>(odds.at(k, r), e);
            if (GRADIENT) store<T>(target.at(k, r), a);
        }
        store<T>(batch.peak + r, peak);
        store<T>(batch.others + r, LOWERED<T> * others);
        store<T>(batch.tops + r, tops);
        store<T>(batch.mass + r, mass);
        store<T>(batch.dot + r, dot);
    }

    void write(const Stretch& rows) {
        for (int64_t r = 0; r < rows.count; r += L) make_gradient(r);
        if (!SOFT) exchange_labels(rows.count, nullptr, batch.at_label);
        if (!batch.all_read)
            for (int64_t r = 0; r < rows.count; ++r)
                if (!batch.read[r]) clear(r);
        const TileMover<T, S> mover = {odds, call.classes, rows.count, call.gradient.along, rows.step(call.gradient)};
        mover.store_to(rows.at<S>(call.gradient), large);
    }

    void make_gradient(int64_t r) {
        const V<T> factor = load<T>(batch.factor + r), pull = load<T>(batch.pull + r), one = broadcast<T>(1);
        // Odds are lowered again by the factor, or before it if it is small itself: so that neither is flushed to 0.
        const Mask<T> is_small = (factor < one) & (factor > -one);
        const V<T> first = select<T>(is_small, broadcast<T>(LOWERED<T>), one);
        const V<T> then = select<T>(is_small, factor, LOWERED<T> * factor);
        for (int64_t k = 0, classes = call.classes; k < classes; ++k) {
            const V<T> g = load<T>(odds.at(k, r)) * first * then;
            store<T>(odds.at(k, r), SOFT ? g - load<T>(target.at(k, r)) * pull : g);
        }
    }

    void clear(int64_t r) {
        for (int64_t k = 0; k < call.classes; ++k) *odds.at(k, r) = T(0);
    }

    const RowSettings<T>& settings;
    const XentSoftmax& call;
    const Targets<T> targets;
    const bool large;  // more than the caches hold: planes are read ahead, and their gradient is streamed
    RowTile<T> odds = {}, target = {};
    const S* next = nullptr;  // logits of the following tile, if they are to be read ahead
    RowBatch<T> batch = {};
};

}  // namespace
}  // namespace XENT_ISA
