// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace edgeopt {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::span<const std::byte> bytes);
  // 64 lower-case hexadecimal digits; call once.
  std::string Finish();

 private:
  void* context_;
};

std::string Sha256Hex(std::span<const std::byte> bytes);
Result<std::string> Sha256File(const std::filesystem::path& path);

}  // namespace edgeopt
