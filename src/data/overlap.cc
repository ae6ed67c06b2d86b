#include "data/overlap.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>

#include "base/hash.h"

namespace edgeopt::data {
namespace {

Result<std::vector<std::string>> Hashes(const Dataset& dataset, int threads,
                                        const CancelToken* cancel) {
  std::vector<std::string> hashes(static_cast<size_t>(dataset.size()));
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::optional<Error> error;
  const auto work = [&] {
    for (int64_t i = next++; i < dataset.size() && !failed; i = next++) {
      Result<std::string> hash = Interrupted();
      if (!cancel || !cancel->cancelled()) hash = dataset.ContentHash(i);
      if (hash.ok()) {
        hashes[static_cast<size_t>(i)] = *std::move(hash);
        continue;
      }
      const std::lock_guard lock(mutex);
      failed = true;
      error = hash.error();
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  if (error) return *error;
  return hashes;
}

}  // namespace

Result<Overlap> FindOverlap(const Dataset& first, const Dataset& second, int threads,
                            const CancelToken* cancel) {
  EDGEOPT_TRY(const std::vector<std::string> mine, Hashes(first, threads, cancel));
  EDGEOPT_TRY(const std::vector<std::string> others, Hashes(second, threads, cancel));
  const std::set<std::string_view> known(others.begin(), others.end());
  Overlap overlap;
  overlap.first_size = first.size();
  overlap.second_size = second.size();
  constexpr size_t kExamples = 3;
  for (size_t i = 0; i < mine.size(); ++i) {
    if (!known.contains(mine[i])) continue;
    ++overlap.shared;
    if (overlap.examples.size() < kExamples)
      overlap.examples.push_back(first.SampleName(static_cast<int64_t>(i)));
  }
  return overlap;
}

Result<std::string> ContentHashOfAll(const Dataset& dataset, int threads,
                                     const CancelToken* cancel) {
  EDGEOPT_TRY(const std::vector<std::string> hashes, Hashes(dataset, threads, cancel));
  Sha256 all;
  for (const std::string& hash : hashes) all.Update(std::as_bytes(std::span(hash)));
  return all.Finish();
}

}  // namespace edgeopt::data
