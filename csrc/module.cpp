// xent._native: the kernels as Python functions of tuples of numbers, laid out as the structs of xent.h.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "isa.h"
#include "parallel.h"

namespace nb = nanobind;

namespace {

const XentKernels* kernels = xent_best();

// Every field of the structs is one or several words of eight bytes.
class Words {
public:
    Words(void* memory, size_t bytes) : next(static_cast<char*>(memory)), end(next + bytes) {}

    void put(nb::handle value) {
        if (PyTuple_Check(value.ptr())) {
            for (nb::handle item : nb::borrow<nb::tuple>(value)) put(item);
        } else if (PyFloat_Check(value.ptr())) {
            put_word(PyFloat_AS_DOUBLE(value.ptr()));
        } else {
            const long long number = PyLong_AsLongLong(value.ptr());
            if (number == -1 && PyErr_Occurred()) throw nb::python_error();
            put_word(static_cast<int64_t>(number));
        }
    }

    void check_full() const {
        if (next != end) throw nb::value_error("too few numbers for the struct");
    }

private:
    template <class T>
    void put_word(T word) {
        static_assert(sizeof(T) == 8);
        if (next == end) throw nb::value_error("too many numbers for the struct");
        memcpy(next, &word, 8);
        next += 8;
    }

    char* next;
    char* const end;
};

nb::tuple as_tuple(const XentOutcome& outcome) {
    return nb::make_tuple(outcome.total, outcome.divisor, outcome.bad, outcome.bad_operand);
}

template <class Plan>
nb::tuple run(void (*kernel)(const Plan*, XentOutcome*), nb::tuple numbers) {
    static_assert(sizeof(void*) == 8);
    Plan plan;
    Words words(&plan, sizeof plan);
    words.put(numbers);
    words.check_full();
    XentOutcome outcome = {0, 0, -1, 0};
    {
        nb::gil_scoped_release unlocked;
        kernel(&plan, &outcome);
    }
    return as_tuple(outcome);
}

// Work of fewer logits takes about as long as to let go of the interpreter and to get hold of it again.
constexpr int64_t fewest_unlocked = 4096;

// The most frequent call, with the few numbers that make up its plan: class indices for the rows of a matrix. What the
// mean was divided by is all that is of interest, unless a label was out of its range or memory ran out.
nb::object plain(uintptr_t logits, int64_t dtype, int64_t rows, int64_t classes, uintptr_t gradient, uintptr_t result,
                 int64_t result_dtype, uintptr_t labels, int64_t ignore_index, int64_t reduction) {
    XentSoftmax plan = {};
    plan.outer = rows;
    plan.classes = classes;
    plan.inner = 1;
    plan.logits = {reinterpret_cast<void*>(logits), dtype, classes, 1, 0};
    plan.gradient = {reinterpret_cast<void*>(gradient), dtype, classes, 1, 0};
    plan.result = {reinterpret_cast<void*>(result), result_dtype, 0, 0, 0};
    plan.labels = {reinterpret_cast<void*>(labels), 0, 1, 0, 0};
    plan.reduction = reduction;
    plan.ignores = 1;
    plan.ignore_index = ignore_index;
    plan.grad_output = 1;
    XentOutcome outcome = {0, 0, -1, 0};
    if (rows <= fewest_unlocked / classes) {
        kernels->softmax(&plan, &outcome);
    } else {
        nb::gil_scoped_release unlocked;
        kernels->softmax(&plan, &outcome);
    }
    if (outcome.bad >= 0 || outcome.bad_operand) return as_tuple(outcome);
    return nb::float_(outcome.divisor);
}

nb::list compiled() {
    nb::list names;
    for (int i = 0; xent_compiled[i]; ++i) names.append(nb::str(xent_compiled[i]->name));
    return names;
}

nb::list supported() {
    nb::list names;
    for (int i = 0; xent_compiled[i]; ++i)
        if (xent_supported(xent_compiled[i])) names.append(nb::str(xent_compiled[i]->name));
    return names;
}

// Asks for huge pages under the memory, where the system grants them on request. Fresh memory then costs one page fault
// for every 2 MiB instead of 512.
void advise_huge_pages(uintptr_t address, size_t bytes) {
#if defined(__linux__)
    const uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE));
    const uintptr_t first = (address + page - 1) / page * page, last = (address + bytes) / page * page;
    if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);  // advice may be refused
#else
    (void)address, (void)bytes;
#endif
}

void use(const std::string& name) {
    for (int i = 0; xent_compiled[i]; ++i) {
        if (name != xent_compiled[i]->name) continue;
        if (!xent_supported(xent_compiled[i])) throw nb::value_error("this machine lacks the instruction set");
        kernels = xent_compiled[i];
        return;
    }
    throw nb::value_error("the instruction set is not compiled in");
}

}  // namespace

NB_MODULE(_native, m) {
    m.doc() = "Kernels for the CPU. Private: xent.backends.native speaks to them.";
    m.def("softmax", [](nb::tuple numbers) { return run(kernels->softmax, numbers); });
    m.def("zlpr", [](nb::tuple numbers) { return run(kernels->zlpr, numbers); });
    m.def("sigmoid", [](nb::tuple numbers) { return run(kernels->sigmoid, numbers); });
    m.def("pointwise", [](nb::tuple numbers) { return run(kernels->pointwise, numbers); });
    m.def("survey", [](nb::tuple numbers) { return run(kernels->survey, numbers); });
    m.def("plain", &plain, "A float, the divisor of the mean; or the outcome as a tuple if no result is to be used.");
    m.def("instruction_set", [] { return kernels->name; });
    m.def("compiled", &compiled, "Instruction sets compiled in, best first.");
    m.def("supported", &supported, "Those of them that this machine has.");
    m.def("use", &use, "Use an instruction set.");
    m.def("use_threads", &xent_use_threads, "Addresses of torch_parallel_for and torch_get_num_threads.");
    m.def("advise_huge_pages", &advise_huge_pages, "Ask for huge pages under address, bytes.");
    m.def("threads", &xent_threads);
}
