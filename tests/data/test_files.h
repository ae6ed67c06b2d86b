// What the tests of data sets share: recorded oracles, and data sets written on the fly.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/file.h"
#include "data/image.h"
#include "data/npz.h"
#include "data/open.h"

namespace edgeopt::data {

inline std::filesystem::path Oracle(const std::string& name) {
  return std::filesystem::path(EDGEOPT_SOURCE_DIR) / "tests/data/oracle" / name;
}

// The arrays that tests/data/generate.py recorded.
inline std::map<std::string, ir::Tensor> ReadOracle(const std::string& name) {
  std::map<std::string, ir::Tensor> arrays;
  const auto tensors = ReadNpzTensors(Oracle(name));
  EXPECT_TRUE(tensors.ok()) << tensors.error().ToString();
  if (tensors.ok())
    for (const ir::Tensor& tensor : *tensors) arrays[tensor.name] = tensor;
  return arrays;
}

inline Image ImageOf(const ir::Tensor& array) {
  const auto bytes = array.as<uint8_t>();
  return {static_cast<int>(array.dims()[1]),
          static_cast<int>(array.dims()[0]),
          array.rank() == 3 ? static_cast<int>(array.dims()[2]) : 1,
          {bytes.begin(), bytes.end()}};
}

// A folder of files for one test.
class Folder {
 public:
  Folder() : folder_(TemporaryFolder::Create().value()) {}
  std::filesystem::path path() const { return folder_.path(); }
  std::string operator/(const std::string& name) const { return (folder_.path() / name).string(); }
  void Write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name, std::ios::binary) << content;
  }
  // A copy of one of the oracle's files.
  void Copy(const std::string& name, const std::string& oracle) const {
    Write(name, ReadFile(Oracle(oracle)).value());
  }

 private:
  TemporaryFolder folder_;
};

// The data set, or a failure with its error.
inline std::unique_ptr<Dataset> MustOpen(const OpenOptions& options) {
  auto dataset = Open(options);
  EXPECT_TRUE(dataset.ok()) << (dataset.ok() ? "" : dataset.error().ToString());
  return dataset.ok() ? *std::move(dataset) : nullptr;
}
// The error's text; "" for success.
template <typename T>
std::string ErrorOf(const Result<T>& result) {
  return result.ok() ? std::string() : result.error().ToString();
}

// That the error is of the code and holds all the parts.
template <typename T>
void ExpectError(const Result<T>& result, ErrorCode code,
                 std::initializer_list<const char*> parts) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(static_cast<int>(result.error().code), static_cast<int>(code))
      << result.error().ToString();
  for (const char* part : parts)
    EXPECT_NE(result.error().ToString().find(part), std::string::npos)
        << "no '" << part << "' in: " << result.error().ToString();
}

}  // namespace edgeopt::data
