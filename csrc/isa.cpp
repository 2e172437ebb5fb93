#include "isa.h"

#include <string.h>

extern "C" {
extern const XentKernels xent_kernels_baseline;
#ifdef XENT_HAS_AVX2
extern const XentKernels xent_kernels_avx2;
#endif
#ifdef XENT_HAS_AVX512
extern const XentKernels xent_kernels_avx512;
#endif
}

const XentKernels* const xent_compiled[] = {
#ifdef XENT_HAS_AVX512
    &xent_kernels_avx512,
#endif
#ifdef XENT_HAS_AVX2
    &xent_kernels_avx2,
#endif
    &xent_kernels_baseline,
    nullptr,
};

bool xent_supported(const XentKernels* kernels) {
#if defined(__x86_64__)
    // These ask the operating system too, whether it keeps the wider registers.
    if (!strcmp(kernels->name, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (!strcmp(kernels->name, "avx512"))
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return !strcmp(kernels->name, "baseline");
}

const XentKernels* xent_best(void) {
    int i = 0;
    while (!xent_supported(xent_compiled[i])) ++i;
    return xent_compiled[i];
}
