// The weighted target a_k = weight_k * t'_k of a row, with label smoothing t' = (1 - eps) * t + eps * prior, the prior
// renormalised over the classes that remain (z_k > -inf).

#pragma once

#include "transform.h"

namespace XENT_ISA {
namespace {

template <class T>
class Targets {
public:
    Targets(const XentSoftmax& call)
        : call(call),
          weight(static_cast<const T*>(call.weight.data)),
          prior(static_cast<const T*>(call.prior.data)),
          smoothing(T(call.smoothing)),
          keep(T(1 - call.smoothing)) {}

    bool is_smooth() const { return smoothing != 0; }
    T class_weight(int64_t k) const { return weight ? weight[k * call.weight.along] : T(1); }
    T class_prior(int64_t k) const { return prior ? prior[k * call.prior.along] : T(1); }

    // What the label has beyond the smoothed part.
    T of_label(int64_t label) const { return keep * class_weight(label); }

    // What smoothing adds to a class's target, times the sum of the prior over the classes that remain.
    T spread(int64_t k) const { return smoothing * class_weight(k) * class_prior(k); }

    // Whether a row's probabilities can be taken from where they are.
    bool are_plain() const {
        const int64_t own = sizeof(T) == 8 ? XENT_FLOAT64 : XENT_FLOAT32;
        return !call.labels.data && !weight && !is_smooth() && call.probabilities.dtype == own &&
               call.probabilities.along == 1;
    }

    // Whether rows in which all classes remain differ in the label alone.
    bool are_shared() const { return call.labels.data && is_smooth(); }

    // The smoothed part for rows in which all classes remain: the same for each.
    void fill_shared(T* a) const {
        double total = 0;
        for (int64_t k = 0; k < call.classes; ++k) total += class_prior(k);
        for (int64_t k = 0; k < call.classes; ++k) a[k] = smoothed(k, total);
    }

    // The whole of a row's a_k. `remains(k)` says whether a class takes part.
    template <class Remains>
    void fill(T* a, int64_t outer, int64_t inner, int64_t label, const Remains& remains) const {
        if (call.labels.data) {
            memset(a, 0, size_t(call.classes) * sizeof(T));
        } else {
            const XentView& given = call.probabilities;
            const Storage<T> storage = Storage<T>::of(given.dtype);
            const char* first = static_cast<const char*>(given.data);
            storage.read(first + (outer * given.outer + inner * given.inner) * storage.size, given.along, call.classes, a);
            if (is_smooth() || weight)
                for (int64_t k = 0; k < call.classes; ++k) a[k] *= of_label(k);
        }
        if (is_smooth()) {
            double total = 0;
            for (int64_t k = 0; k < call.classes; ++k)
                if (remains(k)) total += class_prior(k);
            for (int64_t k = 0; k < call.classes; ++k)
                if (remains(k)) a[k] += smoothed(k, total);
        }
        if (call.labels.data) a[label] += of_label(label);
    }

private:
    T smoothed(int64_t k, double total) const {
        return total == 0 ? T(0) : T(spread(k) / total);
    }

    const XentSoftmax& call;
    const T* const weight;
    const T* const prior;
    const T smoothing, keep;
};

}  // namespace
}  // namespace XENT_ISA
