#include "measure/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "base/file.h"

namespace edgeopt::measure {
namespace {

// "VmRSS:\t   10052 kB" in proc(5)'s status.
Result<int64_t> FieldBytes(const std::string& status, const std::string& field) {
  size_t at = status.find("\n" + field + ":");
  if (at == std::string::npos) return Unavailable("the kernel does not tell " + field);
  at = status.find_first_of("0123456789", at);
  int64_t kilobytes = 0;
  if (at == std::string::npos ||
      std::from_chars(status.data() + at, status.data() + status.size(), kilobytes).ec !=
          std::errc())
    return Unavailable("the kernel tells no number for " + field);
  return kilobytes * 1024;
}

}  // namespace

Result<ProcessMemory> ReadProcessMemory(const std::filesystem::path& proc) {
  EDGEOPT_TRY(const std::string status, ReadFile(proc / "status"));
  ProcessMemory memory;
  EDGEOPT_TRY(memory.resident_bytes, FieldBytes(status, "VmRSS"));
  EDGEOPT_TRY(memory.peak_bytes, FieldBytes(status, "VmHWM"));
  return memory;
}

bool ResetPeak(const std::filesystem::path& proc) {
  const int fd = ::open((proc / "clear_refs").c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, "5", 1) == 1;
  ::close(fd);
  return done;
}

}  // namespace edgeopt::measure
