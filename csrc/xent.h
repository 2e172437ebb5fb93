// What the kernels take and give: plain structs and one table of functions for each instruction set.
//
// Addresses and sizes are numbers, so that whoever fills the structs needs no header of torch. Strides count elements,
// not bytes. Nothing here owns memory, and nothing is written to but what is named as a result.

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum XentDtype { XENT_FLOAT32 = 0, XENT_FLOAT64 = 1, XENT_BFLOAT16 = 2, XENT_FLOAT16 = 3 };
enum XentReduction { XENT_NONE = 0, XENT_MEAN = 1, XENT_SUM = 2 };

// A tensor seen along three axes: those before the class axis as one, the class axis, those after it as one. An axis
// along which the tensor does not change has stride 0. data is null for what is not given.
typedef struct {
    void* data;
    int64_t dtype;
    int64_t outer, along, inner;
} XentView;

typedef struct {
    double gamma, poly, q, shift;
} XentEvent;

// Softmax rows: outer * inner of them, of `classes` classes. Where not said otherwise, a view may be null, and holds
// the type of arithmetic: double for double logits, else float.
typedef struct {
    int64_t outer, classes, inner;
    XentView logits;         // any dtype; required
    XentView gradient;       // result, dtype of the logits; null: the loss alone is wanted. It may be the logits themselves
    XentView rows;           // result: the loss of every row, any dtype
    XentView result;         // result: the reduced loss, one number of any dtype
    XentView labels;         // int64; null: probabilities are given instead
    XentView probabilities;  // any dtype
    XentView weight;         // of the classes
    XentView prior;          // what smoothing mixes in, of the classes; null: uniform
    XentView sample_weight;  // of the rows
    XentView mask;           // of the rows, one byte each: 0 for rows that are not read
    XentView scale;          // factor of the logits, of the classes
    XentView offset;         // addend of the logits; -inf removes a class
    XentView label_offset;   // further addend, `outer` steps from label to label
    XentView margin;         // of the classes, subtracted at the label
    XentView row_gradient;   // gradient in the loss of every row, times which the gradient is formed
    int64_t reduction;       // XentReduction
    int64_t ignores;         // whether labels equal to ignore_index are not read
    int64_t ignore_index;
    double divisor;          // of the mean; 0: the sum of sample_weight * weight of the rows that are read
    double grad_output;      // gradient in the result
    double smoothing;        // label smoothing, 0 to 1
    double z_loss;
    double softcap;          // 0: none
    XentEvent event;
} XentSoftmax;

// Binary cross entropy of outer * classes elements; views have no inner axis. Weights hold the type of arithmetic.
typedef struct {
    int64_t outer, classes;
    XentView logits;         // any dtype, `along` 1; required
    XentView gradient;       // result, as logits
    XentView rows;           // result: the loss of every element, any dtype, `along` 1
    XentView result;         // result: the reduced loss, one number
    XentView target;         // any dtype
    XentView weight;
    XentView pos_weight;
    XentView neg_weight;
    XentView prior;          // what smoothing mixes in; null: 1/2
    XentView sample_weight;
    XentView mask;           // one byte each
    XentView scale;
    XentView offset;
    XentView row_gradient;   // gradient in the loss of every element
    int64_t reduction;
    int64_t ignores;
    double ignore_index;
    double divisor;          // of the mean; 0: the sum of sample_weight of the elements that are read
    double grad_output;
    double smoothing;
    double neg_scale;
    double softcap;          // 0: none
    double distance;         // exponent of |y - p|, a factor of what is then plain binary cross entropy; 0: none
    XentEvent positive, negative;
} XentSigmoid;

enum XentPointwiseKind { XENT_BCE = 0, XENT_KL = 1, XENT_KL_LOG_TARGET = 2 };

// Losses of probabilities (BCE) or log-probabilities (KL), element by element.
typedef struct {
    int64_t kind;            // XentPointwiseKind
    int64_t outer, classes;
    XentView input;          // any dtype, `along` 1; required
    XentView gradient;       // result, as input
    XentView rows;           // result, any dtype, `along` 1
    XentView result;         // result: the reduced loss, one number
    XentView target;         // any dtype
    XentView weight;         // BCE only
    XentView sample_weight;
    XentView mask;           // one byte each
    XentView row_gradient;
    int64_t reduction;
    double divisor;          // of the mean; 0: the sum of sample_weight of the elements that are read
    double batch;            // KL: the divisor is also divided by this number of elements a distribution; 1 for none
    double grad_output;
} XentPointwise;

enum XentRowStatus { XENT_FINE = 0, XENT_NO_CLASS = 1, XENT_NO_SOFTMAX = 2 };

// What an audit asks of outer rows of `classes` classes with a label each. Every view is required; those of rows have a
// step `outer`. Where the status is not XENT_FINE, that the label is no class, or a logit is NaN or infinity or all are
// -inf, the row's other results are 0, and it is not in the sums.
typedef struct {
    int64_t outer, classes;
    XentView logits;       // any dtype, `along` 1
    XentView labels;       // int64
    XentView status;       // result: XentRowStatus, one byte each
    XentView nll;          // result: cross entropy, float64
    XentView predicted;    // result: the class of the largest logit, the first of equal ones, int64
    XentView confidence;   // result: its probability, float64
    XentView log_odds;     // result: its logit less that of the label, float64
    XentView probability;  // of the classes: int64, to which the probabilities of the rows are added in units of 2^-24
} XentSurvey;

enum XentOperand { XENT_INPUT = 0, XENT_TARGET = 1, XENT_NO_MEMORY = 2 };

// What went on. If a label or value was out of its range, or memory ran out, no result is to be used.
typedef struct {
    double total;            // sum of the losses
    double divisor;          // what the mean was divided by
    int64_t bad;             // flat position, in the order outer, along, inner, of the first bad label or value; -1: none
    int64_t bad_operand;     // XentOperand: where it is; XENT_NO_MEMORY whatever `bad` says
} XentOutcome;

typedef struct {
    const char* name;
    void (*softmax)(const XentSoftmax*, XentOutcome*);
    void (*zlpr)(const XentSoftmax*, XentOutcome*);
    void (*sigmoid)(const XentSigmoid*, XentOutcome*);
    void (*pointwise)(const XentPointwise*, XentOutcome*);
    void (*survey)(const XentSurvey*, XentOutcome*);
} XentKernels;

#ifdef __cplusplus
}
#endif
