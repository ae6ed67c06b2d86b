// Independent pieces of work on several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace edgeopt {

// Calls fn(i) for i in [0, count), on up to `workers` threads, the calling one among them. Pieces
// are handed out one by one, so uneven ones balance. fn must not throw.
template <typename Fn>
void ParallelFor(int64_t count, int workers, Fn fn) {
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    for (int64_t i = next++; i < count; i = next++) fn(i);
  };
  std::vector<std::thread> threads;
  for (int64_t i = 1; i < std::min<int64_t>(workers, count); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace edgeopt
