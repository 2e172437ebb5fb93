// Instruction sets: those compiled in, those this machine has, and the one in use.

#pragma once

#include "xent.h"

// Every set compiled in, best first, ended by null.
extern const XentKernels* const xent_compiled[];

// Whether this machine can run a set.
bool xent_supported(const XentKernels* kernels);

// The best set that is compiled in and supported; the baseline always is.
const XentKernels* xent_best(void);
