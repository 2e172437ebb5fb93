// What a kernel should give, how far from it it may be, and what it gave instead.

#pragma once

#include <stdio.h>

#include <string>
#include <vector>

#include "array.h"

// A true number, and what the contract lets a kernel add to its error beside the rounding of the result:
//     |error| <= ulp_out*|x| + 4*ulp*(1 + D)*|x| + smallest
// Where x is a sum of terms that may cancel, the second |x| is the sum of their sizes.
struct Expected {
    Real value = 0;
    Real slack = 0;  // 4*ulp*(1 + D)*|x|
    Real faint = 0;  // what `smallest` is multiplied by on the way to the result
    bool any = false;  // not defined: whatever comes is right

    void add(const Expected& term) {
        value += term.value;
        slack += term.slack;
        faint += term.faint;
        any |= term.any;
    }

    Expected times(Real factor) const {
        return {value * factor, slack * fabsl(factor), faint * fabsl(factor), any};
    }

    bool allows(Real found, int64_t dtype, int64_t flushed) const {
        if (any || found == value || (isnan(found) && isnan(value))) return true;
        if (isinf(value) || isnan(value)) return false;
        // Several terms of a number may have been flushed, and an event's slope multiplies them by a few.
        const Real inexact = slack + smallest_number(dtype) + 8 * faint * smallest_number(flushed);
        const Real bound = epsilon(dtype) * (fabsl(value) + inexact) + inexact;
        // Beyond the largest number of the dtype, infinity is the right rounding.
        if (isinf(found)) return (found > 0) == (value > 0) && fabsl(value) + bound >= largest_number(dtype);
        return fabsl(found - value) <= bound;
    }
};

// What a sum of n numbers adds to 1 + D. In a sum of equal numbers every addition may round to the same side; there are
// several sums side by side, and those of float take no more than 2048 numbers before they go on in double.
inline Real sum_error(int64_t arithmetic, int64_t n) {
    return Real(arithmetic == XENT_FLOAT64 || n < 2048 ? n : 2048) / 32;
}

// What is wrong with a case.
struct Faults {
    std::vector<std::string> lines;

    void add(const char* what, int64_t position, Real found, const Expected& expected) {
        char text[200];
        snprintf(text, sizeof text, "%s at %lld: %.9Lg, not %.9Lg (off by %.3Lg, allowed %.3Lg)", what,
                 (long long)position, found, expected.value, fabsl(found - expected.value), expected.slack);
        add(text);
    }

    void add(const std::string& line) {
        if (lines.size() < 6) lines.push_back(line);
    }

    void check(const char* what, const Array& array, const std::vector<Expected>& expected, int64_t flushed) {
        int64_t position = 0;
        for (int64_t o = 0; o < array.sizes.outer; ++o)
            for (int64_t a = 0; a < array.sizes.along; ++a)
                for (int64_t i = 0; i < array.sizes.inner; ++i, ++position) {
                    const Real found = array.get(o, a, i);
                    const Expected& wanted = expected[size_t(position)];
                    if (!wanted.allows(found, array.dtype, flushed)) add(what, position, found, wanted);
                }
    }
};
