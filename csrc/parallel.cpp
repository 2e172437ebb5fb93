#include "parallel.h"

#include <stdlib.h>

namespace {

// torch/csrc/stable/c/shim.h, torch >= 2.10.
using ParallelFor = int32_t (*)(int64_t, int64_t, int64_t, XentTask, void*);
using NumThreads = int32_t (*)(uint32_t*);

ParallelFor parallel_for = nullptr;
NumThreads num_threads = nullptr;

constexpr int64_t ALIGNMENT = 64;
constexpr int SLOTS = 4;

struct Scratch {
    void* memory[SLOTS] = {};
    int64_t bytes[SLOTS] = {};

    ~Scratch() {
        for (void* block : memory) free(block);
    }
};

thread_local Scratch scratch;

}  // namespace

extern "C" {

void xent_use_threads(uintptr_t parallel_for_address, uintptr_t num_threads_address) {
    parallel_for = reinterpret_cast<ParallelFor>(parallel_for_address);
    num_threads = reinterpret_cast<NumThreads>(num_threads_address);
}

int xent_threads(void) {
    uint32_t threads = 1;
    if (num_threads && num_threads(&threads) != 0) threads = 1;
    return static_cast<int>(threads);
}

void xent_parallel_for(int64_t count, int64_t grain, XentTask task, void* context) {
    if (count <= 0) return;
    const bool alone = !parallel_for || count <= grain;
    if (alone || parallel_for(0, count, grain, task, context) != 0) task(0, count, context);
}

void* xent_scratch(int slot, int64_t bytes) {
    if (scratch.bytes[slot] >= bytes) return scratch.memory[slot];
    free(scratch.memory[slot]);
    const int64_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    scratch.memory[slot] = aligned_alloc(ALIGNMENT, rounded);
    scratch.bytes[slot] = scratch.memory[slot] ? rounded : 0;
    return scratch.memory[slot];
}

}  // extern "C"
