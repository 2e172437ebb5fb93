// Threads with the interface of torch's torch_parallel_for and torch_get_num_threads. Every call has threads of its
// own, whose scratch memory is therefore just as large as was asked for.

#pragma once

#include <stdint.h>

#include <thread>
#include <vector>

#include "../parallel.h"

namespace threads {

inline int64_t count = 1;

inline int32_t parallel_for(int64_t begin, int64_t end, int64_t grain, XentTask task, void* context) {
    const int64_t most = (end - begin + grain - 1) / grain, used = most < count ? most : count;
    const int64_t share = (end - begin + used - 1) / used;
    std::vector<std::thread> running;
    for (int64_t first = begin + share; first < end; first += share)
        running.emplace_back(task, first, first + share < end ? first + share : end, context);
    task(begin, begin + share < end ? begin + share : end, context);
    for (std::thread& thread : running) thread.join();
    return 0;
}

inline int32_t get_num_threads(uint32_t* threads) {
    *threads = uint32_t(count);
    return 0;
}

// 0: the kernels are told of no threads at all.
inline void use(int64_t threads) {
    count = threads;
    xent_use_threads(threads ? reinterpret_cast<uintptr_t>(&parallel_for) : 0,
                     threads ? reinterpret_cast<uintptr_t>(&get_num_threads) : 0);
}

}  // namespace threads
