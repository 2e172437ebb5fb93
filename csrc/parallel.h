// Work shared among threads, and their scratch memory.

#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*XentTask)(int64_t begin, int64_t end, void* context);

// Runs the task over [0, count) in stretches of at least `grain`, on torch's threads once their address is known.
void xent_parallel_for(int64_t count, int64_t grain, XentTask task, void* context);

// Threads that xent_parallel_for may use.
int xent_threads(void);

// Uninitialised memory of this thread, aligned to 64 bytes, kept from call to call; null if there is none.
// A slot's memory stays the caller's until the thread asks for that slot again.
void* xent_scratch(int slot, int64_t bytes);

// Addresses of torch's torch_parallel_for and torch_get_num_threads; 0 makes all work serial.
void xent_use_threads(uintptr_t parallel_for, uintptr_t num_threads);

#ifdef __cplusplus
}
#endif
