#include "cli/each_host.h"

#include <exception>
#include <mutex>
#include <thread>

namespace edgeopt::cli {
namespace {

class NamingSink : public Sink {
 public:
  NamingSink(std::string host, Sink& sink, std::mutex& mutex)
      : prefix_("'" + std::move(host) + "': "), sink_(sink), mutex_(mutex) {}
  void Note(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    sink_.Note(prefix_ + std::string(text));
  }
  void Warn(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    sink_.Warn(prefix_ + std::string(text));
  }

 private:
  std::string prefix_;
  Sink& sink_;
  std::mutex& mutex_;
};

}  // namespace

void OnEachHost(const std::vector<std::string>& hosts, const Context& context,
                const std::function<void(size_t, Context&)>& work) {
  std::mutex mutex;
  std::exception_ptr thrown;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < hosts.size(); ++i)
    threads.emplace_back([&, i] {
      NamingSink sink(hosts[i], *context.sink, mutex);
      Context own = context;
      own.sink = &sink;
      try {
        work(i, own);
      } catch (...) {
        const std::lock_guard lock(mutex);
        thrown = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  if (thrown) std::rethrow_exception(thrown);
}

std::optional<Error> Worst(const std::vector<HostFailure>& failures) {
  const HostFailure* worst = nullptr;
  for (const HostFailure& failure : failures)
    if (worst == nullptr || failure.error.code > worst->error.code) worst = &failure;
  if (worst == nullptr) return std::nullopt;
  return worst->error.Within("'" + worst->host + "'");
}

}  // namespace edgeopt::cli
