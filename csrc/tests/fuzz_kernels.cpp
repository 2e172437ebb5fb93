// Runs the kernels of every instruction set on random problems and compares what they give with the formulas, computed
// one number at a time in long double. Meant to be built with sanitizers: see XENT_SANITIZE in CMakeLists.txt.
//
//     fuzz_kernels [CASES [SEED]]
//
// A case is known by its seed: `fuzz_kernels 1 SEED` repeats it alone.

#include <stdio.h>
#include <stdlib.h>

#include <chrono>
#include <thread>

#include "../isa.h"
#include "pointwise_problem.h"
#include "sigmoid_problem.h"
#include "softmax_problem.h"
#include "threads.h"
#include "zlpr_problem.h"

#ifdef XENT_HAS_WIDE
extern "C" const XentKernels xent_kernels_wide;
#endif

namespace {

std::vector<const XentKernels*> runnable() {
    std::vector<const XentKernels*> sets;
    for (int i = 0; xent_compiled[i]; ++i)
        if (xent_supported(xent_compiled[i])) sets.push_back(xent_compiled[i]);
#ifdef XENT_HAS_WIDE
    // It is compiled with the options of the best set that is.
    if (xent_supported(xent_compiled[0])) sets.push_back(&xent_kernels_wide);
#endif
    return sets;
}

// What is being run, for the report of a sanitizer.
std::string current;

template <class Problem>
bool passes(uint64_t seed) {
    Problem problem(seed);
    bool all = true;
    for (const XentKernels* set : runnable()) {
        const XentKernels& kernels = *set;
        threads::use(Random(seed).between(0, 4));
        current = std::string(kernels.name) + ", seed " + std::to_string(seed) + ", " +
                  std::to_string(threads::count) + " threads: " + problem.describe();
        Faults faults;
        // In a thread of its own, for its scratch memory.
        std::thread([&] { faults = problem.run(kernels); }).join();
        if (faults.lines.empty()) continue;
        all = false;
        printf("FAILED %s", current.c_str());
        for (const std::string& line : faults.lines) printf("    %s\n", line.c_str());
    }
    return all;
}

bool case_passes(uint64_t seed) {
    switch (seed % 8) {
        case 0:
        case 4: return passes<SigmoidProblem>(seed);
        case 1: return passes<PointwiseProblem>(seed);
        case 5: return passes<ZLPRProblem>(seed);
        default: return passes<SoftmaxProblem>(seed);
    }
}

}  // namespace

extern "C" void __asan_on_error() { fprintf(stderr, "While running %s", current.c_str()); }

// Fresh memory holds NaN, so that what is read before it was written shows.
extern "C" const char* __asan_default_options() { return "malloc_fill_byte=255:max_malloc_fill_size=1073741824"; }

int main(int count, char** arguments) {
    const int64_t cases = count > 1 ? atoll(arguments[1]) : 1500;
    const uint64_t first = count > 2 ? strtoull(arguments[2], nullptr, 10) : 1;
    int64_t failed = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int64_t done = 0; done < cases && failed < 10;) {
        failed += !case_passes(first + uint64_t(done));
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (++done % 500 == 0 || done == cases)
            printf("%lld of %lld cases, %.0f s, %lld failed\n", (long long)done, (long long)cases, seconds,
                   (long long)failed);
        fflush(stdout);
    }
    return failed != 0;
}
