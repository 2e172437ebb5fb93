// What has to be known of all rows before the first is computed: whether every label names a class, and what the mean
// is divided by.

#pragma once

#include "../parallel.h"
#include "rows.h"

namespace XENT_ISA {
namespace {

struct RowCount {
    double weight;  // sum of sample_weight * weight of the labels
    int64_t bad;    // first row whose label names no class; -1: none
};

constexpr int64_t ROWS_A_COUNT = 8192;

template <class T>
struct RowCounter {
    const XentSoftmax& call;
    RowCount* counts;  // of each block of rows

    static void task(int64_t begin, int64_t end, void* context) {
        const RowCounter& counter = *static_cast<const RowCounter*>(context);
        for (int64_t block = begin; block < end; ++block) counter.count(block);
    }

    void count(int64_t block) const {
        const int64_t rows = call.outer * call.inner;
        const int64_t last = (block + 1) * ROWS_A_COUNT < rows ? (block + 1) * ROWS_A_COUNT : rows;
        RowCount& found = counts[block];
        found = {0, -1};
        for (int64_t row = block * ROWS_A_COUNT; row < last;) {
            const Stretch stretch(call, row, last - row);
            if (is_plain(stretch))
                count_labels(stretch, found);
            else
                count_rows(stretch, found);
            row += stretch.count;
        }
    }

    bool is_plain(const Stretch& stretch) const {
        return call.labels.data && stretch.step(call.labels) == 1 && !call.mask.data && !call.sample_weight.data &&
               !call.weight.data;
    }

    // Without branches, so that the compiler makes vectors of it.
    void count_labels(const Stretch& stretch, RowCount& found) const {
        const int64_t* label = stretch.at<const int64_t>(call.labels);
        const uint64_t classes = uint64_t(call.classes);
        const int64_t ignores = call.ignores != 0;
        int64_t ignored = 0, wrong = 0;
        for (int64_t r = 0; r < stretch.count; ++r) {
            const int64_t left_out = ignores & int64_t(label[r] == call.ignore_index);
            ignored += left_out;
            wrong |= int64_t(uint64_t(label[r]) >= classes) & (left_out ^ 1);
        }
        found.weight += double(stretch.count - ignored);
        if (wrong && found.bad < 0) find_wrong(stretch, found);
    }

    void find_wrong(const Stretch& stretch, RowCount& found) const {
        const int64_t* label = stretch.at<const int64_t>(call.labels);
        for (int64_t r = 0; r < stretch.count && found.bad < 0; ++r)
            if (!(call.ignores && label[r] == call.ignore_index) && (label[r] < 0 || label[r] >= call.classes))
                found.bad = stretch.first + r;
    }

    void count_rows(const Stretch& stretch, RowCount& found) const {
        const T* weight = call.labels.data ? static_cast<const T*>(call.weight.data) : nullptr;
        for (int64_t r = 0; r < stretch.count; ++r) {
            if (call.mask.data && !*stretch.at<const uint8_t>(call.mask, r)) continue;
            double counted = call.sample_weight.data ? double(*stretch.at<const T>(call.sample_weight, r)) : 1.0;
            if (counted == 0) continue;
            if (call.labels.data) {
                const int64_t y = *stretch.at<const int64_t>(call.labels, r);
                if (call.ignores && y == call.ignore_index) continue;
                if (y < 0 || y >= call.classes) {
                    if (found.bad < 0) found.bad = stretch.first + r;
                    continue;
                }
                if (weight) counted *= double(weight[y * call.weight.along]);
            }
            found.weight += counted;
        }
    }
};

}  // namespace
}  // namespace XENT_ISA
