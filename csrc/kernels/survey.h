// What an audit asks of rows of a label, in one visit of each: its cross entropy, the class on top and its probability,
// and of every class the sum of its probability over the rows.
//
// A row is copied into the first-level cache, filled up to whole vectors with classes that have no part in the softmax,
// and becomes its odds there. The sums are integers, so that they are the same however the rows are shared out; and no
// row's results depend on its neighbours.

#pragma once

#include "../parallel.h"
#include "chunk.h"

namespace XENT_ISA {
namespace {

// Probabilities are added in units of 2^-24, which is the precision of float below 1.
constexpr double UNITS = 1 << 24;
// Rows whose units of a class, each row's at most 2^24 and a few, an int32 holds.
constexpr int ROWS_OF_UNITS = 127;
// Logits of rows that are finished together: what leaves room in the first-level cache.
constexpr int64_t GROUP_BYTES = 16 << 10;
// Logits that are worth a thread.
constexpr int64_t SURVEY_GRAIN = 32768;

enum SurveyScratch { SURVEY_ROWS, SURVEY_UNITS, SURVEY_TOTALS };

// To the nearest integer, of at most 2^24 and a few. The addend is the largest number below 1/2: from 2^23 on, where
// 1/2 might be rounded up, it is lost.
XENT_INLINE MF to_units(VF x) { return __builtin_convertvector(x + 0x1.fffffep-2f, MF); }

// The sum's lowest bits are the integer.
XENT_INLINE MD to_units(VD x) { return (MD)(x + 0x1.8p52) - (MD)broadcast<double>(0x1.8p52); }

// Rows whose logits have been read.
struct SurveyGroup {
    static constexpr int capacity = 8;

    int64_t row[capacity];
    double own[capacity];     // logit of the label
    double peak[capacity];    // largest logit
    double others[capacity];  // sum of e^(z - peak) without the label
    int64_t predicted[capacity];

    double nll[capacity];
    double confidence[capacity];
    double log_odds[capacity];
    double fine[capacity];  // 1 if there is a softmax, else 0
};

template <class T, class S>
class SurveyKernel {
public:
    explicit SurveyKernel(const XentSurvey& call)
        : call(call),
          classes(call.classes),
          padded(rounded_up(call.classes, L)),
          rows_a_group(larger(1, smaller(SurveyGroup::capacity, GROUP_BYTES / (padded * int64_t(sizeof(T)))))) {}

    bool reserve() {
        odds = static_cast<T*>(xent_scratch(SURVEY_ROWS, rows_a_group * padded * int64_t(sizeof(T))));
        units = static_cast<Units*>(xent_scratch(SURVEY_UNITS, padded * int64_t(sizeof(Units))));
        totals = static_cast<int64_t*>(xent_scratch(SURVEY_TOTALS, padded * int64_t(sizeof(int64_t))));
        if (!odds || !units || !totals) return false;
        memset(units, 0, size_t(padded) * sizeof(Units));
        memset(totals, 0, size_t(padded) * sizeof(int64_t));
        return true;
    }

    void run(int64_t first, int64_t last) {
        for (int64_t row = first; row < last; row += rows_a_group) {
            const int count = read_group(row, smaller(rows_a_group, last - row));
            finish(count);
            for (int r = 0; r < count; ++r) put(r);
        }
        flush();
        int64_t* sums = static_cast<int64_t*>(call.probability.data);
        for (int64_t k = 0; k < classes; ++k) __atomic_fetch_add(sums + k, totals[k], __ATOMIC_RELAXED);
    }

private:
    using Units = typename IntOf<T>::Type;
    static constexpr int L = LANES<T>;

    T* odds_of(int64_t r) const { return odds + r * padded; }

    template <class Result>
    static Result& at(const XentView& view, int64_t row) {
        return static_cast<Result*>(view.data)[row * view.outer];
    }

    // Reads rows, and says how many of them have a label.
    int read_group(int64_t first, int64_t count) {
        int read = 0;
        for (int64_t row = first; row < first + count; ++row) {
            const int64_t label = at<const int64_t>(call.labels, row);
            if (label >= 0 && label < classes)
                read_row(row, label, read++);
            else
                leave_out(row, XENT_NO_CLASS);
        }
        return read;
    }

    void read_row(int64_t row, int64_t label, int r) {
        T* z = odds_of(r);
        copy(static_cast<const S*>(call.logits.data) + row * call.logits.outer, z);
        const T peak = largest<T>(z, padded);
        group.row[r] = row;
        group.own[r] = double(z[label]);
        group.peak[r] = double(peak);
        group.predicted[r] = first_of_peak(z, peak);
        const StoredLogits<T, T> logits = {z};
        group.others[r] = sums_of_others<T, false>(logits, nullptr, PlainOdds<T>{z}, padded, label, peak).others;
    }

    XENT_INLINE void copy(const S* z, T* to) const {
        store<T>(to + padded - L, broadcast<T>(-Constants<T>::infinity));
        if (classes < L) {
            for (int64_t k = 0; k < classes; ++k) to[k] = load_one(z + k);
            return;
        }
        for (int64_t i = 0; i + L <= classes; i += L) {
            __builtin_prefetch(reinterpret_cast<const char*>(z + i) + PREFETCH_BYTES);
            store<T>(to + i, load_as(z + i));
        }
        store<T>(to + classes - L, load_as(z + classes - L));
    }

    // The first class whose logit is the largest; 0 if there is none, as where all are NaN.
    XENT_INLINE int64_t first_of_peak(const T* z, T peak) const {
        for (int64_t i = 0; i < padded; i += L) {
            if (!any(load<T>(z + i) == peak)) continue;
            while (z[i] != peak) ++i;
            return i;
        }
        return 0;
    }

    // The label is not in `others`: see finish_labels in rows.h.
    void finish(int count) {
        for (int r = 0; r < count; r += LANES<double>) {
            const VD others = load<double>(group.others + r), peak = load<double>(group.peak + r);
            const VD gap = load<double>(group.own + r) - peak;
            const VD sum = others + exp<double>(gap);
            const VD beyond = select<double>(gap == 0.0, others, sum - 1.0);
            store<double>(group.nll + r, log1p<double>(beyond) - gap);
            store<double>(group.confidence + r, 1.0 / sum);
            store<double>(group.log_odds + r, -gap);
            store<double>(group.fine + r, keep<double>((sum > 0.0) & (peak < Constants<double>::infinity),
                                                       broadcast<double>(1.0)));
        }
    }

    void put(int r) {
        const int64_t row = group.row[r];
        if (group.fine[r] == 0) return leave_out(row, XENT_NO_SOFTMAX);
        at<uint8_t>(call.status, row) = XENT_FINE;
        at<double>(call.nll, row) = group.nll[r];
        at<int64_t>(call.predicted, row) = group.predicted[r];
        at<double>(call.confidence, row) = group.confidence[r];
        at<double>(call.log_odds, row) = group.log_odds[r];
        add_units(odds_of(r), T(UNITS * LOWERED<double> * group.confidence[r]));
    }

    void leave_out(int64_t row, XentRowStatus status) const {
        at<uint8_t>(call.status, row) = uint8_t(status);
        at<int64_t>(call.predicted, row) = 0;
        at<double>(call.nll, row) = at<double>(call.confidence, row) = at<double>(call.log_odds, row) = 0;
    }

    XENT_INLINE void add_units(const T* row, T factor) {
        for (int64_t i = 0; i < padded; i += L) {
            Mask<T> sum;
            memcpy(&sum, units + i, sizeof sum);
            sum += to_units(load<T>(row + i) * factor);
            memcpy(units + i, &sum, sizeof sum);
        }
        if (++rows_of_units == ROWS_OF_UNITS) flush();
    }

    void flush() {
        for (int64_t k = 0; k < padded; ++k) totals[k] += units[k], units[k] = 0;
        rows_of_units = 0;
    }

    const XentSurvey& call;
    const int64_t classes, padded, rows_a_group;
    T* odds = nullptr;
    Units* units = nullptr;  // of the last rows, of every class
    int64_t* totals = nullptr;
    int rows_of_units = 0;
    SurveyGroup group = {};
};

template <class T, class S>
struct SurveyTask {
    const XentSurvey& call;
    bool failed;

    static void run(int64_t begin, int64_t end, void* context) {
        SurveyTask& task = *static_cast<SurveyTask*>(context);
        const FlushSubnormals flushed;
        SurveyKernel<T, S> kernel(task.call);
        if (kernel.reserve())
            kernel.run(begin, end);
        else
            task.failed = true;
    }
};

template <class T, class S>
void survey_in(const XentSurvey& call, XentOutcome& outcome) {
    SurveyTask<T, S> task = {call, false};
    xent_parallel_for(call.outer, larger(1, SURVEY_GRAIN / call.classes), &SurveyTask<T, S>::run, &task);
    if (task.failed) outcome.bad_operand = XENT_NO_MEMORY;
}

void survey(const XentSurvey* call, XentOutcome* outcome) {
    *outcome = {0, 0, -1, 0};
    switch (call->logits.dtype) {
        case XENT_FLOAT64: return survey_in<double, double>(*call, *outcome);
        case XENT_BFLOAT16: return survey_in<float, BFloat16>(*call, *outcome);
        case XENT_FLOAT16: return survey_in<float, Float16>(*call, *outcome);
        default: return survey_in<float, float>(*call, *outcome);
    }
}

}  // namespace
}  // namespace XENT_ISA
