// Reading and writing a file loses nothing: ONNX's own test models and the example models.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "formats/proto_compare.h"
#include "ir/verifier.h"

namespace edgeopt::formats {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> ModelsIn(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code ec;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ec))
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Reads, writes, reads again; returns what went wrong.
std::string RoundTrip(const fs::path& path) {
  auto model = ReadOnnx(path);
  if (!model.ok()) return model.error().ToString();
  if (const Status valid = ir::Verify(*model); !valid.ok()) return valid.error().ToString();
  const auto bytes = SerializeOnnx(*model);
  if (!bytes.ok()) return bytes.error().ToString();
  onnx::ModelProto written;
  if (!written.ParseFromString(*bytes)) return "the written bytes can't be parsed";
  if (std::string difference = testing::Differences(testing::LoadProto(path), written);
      !difference.empty())
    return difference;
  const auto again = ParseOnnx(Buffer::Own(*bytes));
  if (!again.ok()) return "second read: " + again.error().ToString();
  return *SerializeOnnx(*again) == *bytes ? "" : "the second write gives other bytes";
}

fs::path NodeCases() { return fs::path(EDGEOPT_DEPS_DIR) / "node-cases-1.23.2"; }

void ExpectRoundTrips(const fs::path& folder, size_t expected_models) {
  ASSERT_TRUE(fs::exists(folder)) << "no test models in " << folder << "; run tools/setup --tests";
  const std::vector<fs::path> paths = ModelsIn(folder);
  EXPECT_EQ(paths.size(), expected_models);
  for (const fs::path& path : paths) EXPECT_EQ(RoundTrip(path), "") << path;
}

TEST(OnnxRoundTrip, NodeCases) { ExpectRoundTrips(NodeCases() / "node", 1884); }

TEST(OnnxRoundTrip, ModelsShippedWithOnnx) { ExpectRoundTrips(NodeCases() / "data", 149); }

TEST(OnnxRoundTrip, Examples) { ExpectRoundTrips(fs::path(EDGEOPT_SOURCE_DIR) / "examples", 2); }

}  // namespace
}  // namespace edgeopt::formats
