// The kernels of one instruction set. Compiled once for each, with XENT_ISA its name and XENT_VECTOR_BYTES its register
// size; all but the table below has internal linkage, so that no set's code is taken for another's.

#include "pointwise.h"
#include "sigmoid.h"
#include "softmax.h"
#include "survey.h"
#include "zlpr.h"

#define XENT_JOIN(a, b) a##b
#define XENT_TABLE(isa) XENT_JOIN(xent_kernels_, isa)
#define XENT_STRING(x) #x
#define XENT_NAME(isa) XENT_STRING(isa)

extern "C" {
extern const XentKernels XENT_TABLE(XENT_ISA);
const XentKernels XENT_TABLE(XENT_ISA) = {XENT_NAME(XENT_ISA), XENT_ISA::softmax, XENT_ISA::zlpr,
                                          XENT_ISA::sigmoid, XENT_ISA::pointwise, XENT_ISA::survey};
}
