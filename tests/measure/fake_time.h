// A clock that moves only when a fake model runs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "measure/benchmark.h"

namespace edgeopt::measure {

class FakeTime {
 public:
  // The duration of run i, in nanoseconds.
  explicit FakeTime(std::function<int64_t(int64_t)> duration_ns)
      : duration_ns_(std::move(duration_ns)) {}

  Clock clock() {
    return [this] { return now_ns_; };
  }
  std::function<Status(int64_t)> run() {
    return [this](int64_t i) {
      now_ns_ += duration_ns_(i);
      ++runs_;
      return OkStatus();
    };
  }
  int64_t runs() const { return runs_; }

 private:
  std::function<int64_t(int64_t)> duration_ns_;
  int64_t now_ns_ = 0, runs_ = 0;
};

inline constexpr int64_t kMs = 1'000'000;

}  // namespace edgeopt::measure
