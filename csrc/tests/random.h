// Random numbers that are the same on every machine.

#pragma once

#include <math.h>
#include <stdint.h>

#include <initializer_list>

class Random {
public:
    explicit Random(uint64_t seed) : state(seed) {}

    // SplitMix64 (Steele, Lea and Flood, 2014).
    uint64_t bits() {
        uint64_t x = state += 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    double uniform(double low = 0, double high = 1) { return low + (high - low) * double(bits() >> 11) * 0x1p-53; }
    bool chance(double p) { return uniform() < p; }

    // From `low` to `high`, both included.
    int64_t between(int64_t low, int64_t high) { return low + int64_t(bits() % uint64_t(high - low + 1)); }

    // Likewise, small numbers as often as large ones.
    int64_t of_any_size(int64_t low, int64_t high) {
        return int64_t(exp(uniform(log(double(low)), log(double(high) + 1))));
    }

    double normal() { return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform()); }

    template <class T>
    T one_of(std::initializer_list<T> choices) {
        return choices.begin()[between(0, int64_t(choices.size()) - 1)];
    }

private:
    uint64_t state;
};
