#include "ir/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/subprocess.h"

namespace edgeopt::ir {
namespace {

// Files that NumPy wrote (data/generate_npy.py).
const nlohmann::json& Expected() {
  static const nlohmann::json expected =
      nlohmann::json::parse(std::ifstream(EDGEOPT_SOURCE_DIR "/tests/ir/data/npy.json"));
  return expected;
}

std::string File(const std::string& name) {
  const std::string hex = Expected()[name]["file"];
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

Result<Tensor> Decode(std::string bytes) { return DecodeNpy(Buffer::Own(std::move(bytes))); }

TEST(Npy, ReadsWhatNumpyWrote) {
  for (const auto& [name, expected] : Expected().items()) {
    SCOPED_TRACE(name);
    const auto tensor = Decode(File(name));
    ASSERT_TRUE(tensor.ok()) << tensor.error().ToString();
    EXPECT_EQ(tensor->dims(), expected["shape"].get<Dims>());
    if (name == "strings") {
      EXPECT_EQ(tensor->strings(), expected["values"].get<std::vector<std::string>>());
    } else if (name == "bool") {
      EXPECT_EQ(
          *tensor,
          (Tensor::Make(DataType::kBool, {1, 2}, Buffer::Own(std::string("\x01\x00", 2))).value()));
    } else if (name == "complex128") {
      EXPECT_EQ(tensor->type(), DataType::kComplex128);
      const double parts[] = {1, 2};
      EXPECT_EQ(std::memcmp(tensor->data().data(), parts, sizeof(parts)), 0);
    } else {
      EXPECT_EQ(tensor->ToDoubles().value(), expected["values"].get<std::vector<double>>());
    }
  }
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
  for (const char* name : {"float32", "float64_scalar", "int64_vector", "bool", "uint8_empty",
                           "float16", "complex128", "strings"}) {
    const std::string file = File(name);
    EXPECT_EQ(EncodeNpy(Decode(file).value()).value(), file) << name;
  }
}

TEST(Npy, WidensWhatNumpyLacks) {
  const auto int4 = Tensor::Make(DataType::kInt4, {3}, Buffer::Own(std::string("\x7F\x08", 2)));
  const Tensor wide = Decode(EncodeNpy(*int4).value()).value();
  EXPECT_EQ(wide, Tensor::Of<int8_t>({3}, {-1, 7, -8}));
  const auto bfloat16 =
      Tensor::Make(DataType::kBfloat16, {1}, Buffer::Own(std::string("\x49\x40")));
  EXPECT_EQ(Decode(EncodeNpy(*bfloat16).value()).value(), Tensor::Of<float>({1}, {3.140625f}));
}

TEST(Npy, EveryTruncationIsBadInput) {
  for (const char* name : {"float32", "float32_v2", "strings", "int32_fortran"}) {
    const std::string file = File(name);
    for (size_t length = 0; length < file.size(); ++length) {
      const auto tensor = Decode(file.substr(0, length));
      ASSERT_FALSE(tensor.ok()) << name << " " << length;
      EXPECT_EQ(tensor.error().code, ErrorCode::kBadInput);
    }
    EXPECT_FALSE(Decode(file + "x").ok());
  }
}

TEST(Npy, RefusesWrongHeaders) {
  const std::string good = File("float32");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string file = good;
    file.replace(file.find(from), from.size(), to);
    return Decode(file);
  };
  EXPECT_EQ(with("<f4", "|O8").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(with("<f4", "<U0").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(with("<f4", "<f9").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(with("'descr'", "'dexcr'").error().code, ErrorCode::kBadInput);
  EXPECT_EQ(with("(2, 3)", "(2,-3)").error().code, ErrorCode::kBadInput);
  EXPECT_EQ(with("(2, 3)", "(2, 4)").error().code, ErrorCode::kBadInput);
  EXPECT_EQ(with("(2, 3), }           ", "(9223372036854775807)").error().code,
            ErrorCode::kBadInput);
  EXPECT_EQ(with("\x01", "\x07").error().code, ErrorCode::kUnsupported);
}

class NpzTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_.path() / "out.npz"; }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
};

std::vector<Tensor> Arrays() {
  Tensor a = Tensor::Of<float>({2, 2}, {1, 2, 3, 4});
  a.name = "a";
  Tensor empty = Tensor::Zeros(DataType::kInt64, {0});
  empty.name = "dir/empty";
  return {a, empty};
}

TEST_F(NpzTest, IsDeterministicAndRefusesDoubleNames) {
  ASSERT_TRUE(WriteNpz(path(), Arrays()).ok());
  const std::string first = ReadFile(path()).value();
  ASSERT_TRUE(WriteNpz(path(), Arrays()).ok());
  EXPECT_EQ(ReadFile(path()).value(), first);
  EXPECT_FALSE(WriteNpz(path(), Arrays(), Overwrite::kRefuse).ok());

  auto writer = NpzWriter::Create(folder_.path() / "other.npz").value();
  ASSERT_TRUE(writer.Add("x", Arrays()[0]).ok());
  EXPECT_EQ(writer.Add("x", Arrays()[0]).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(writer.Add("", Arrays()[0]).error().code, ErrorCode::kBadInput);
}

// Info-ZIP and Python's zipfile check structure and CRC, with and without ZIP64 records.
TEST_F(NpzTest, OtherZipReadersAcceptIt) {
  if (!RunCommand({"python3", "--version"}).ok()) GTEST_SKIP() << "no python3 to read it with";
  for (const uint64_t zip64_from : {uint64_t{0xFFFFFFFF}, uint64_t{1}}) {
    auto writer = NpzWriter::Create(path(), Overwrite::kReplace, zip64_from).value();
    for (const Tensor& tensor : Arrays()) ASSERT_TRUE(writer.Add(tensor.name, tensor).ok());
    ASSERT_TRUE(writer.Commit().ok());
    const auto out = RunCommand(
        {"python3", "-c",
         "import sys, zipfile\n"
         "z = zipfile.ZipFile(sys.argv[1])\n"
         "assert z.testzip() is None\n"
         "print(z.namelist(), z.read('a.npy')[-16:].hex(), z.infolist()[1].date_time[0])",
         path().string()});
    ASSERT_TRUE(out.ok());
    EXPECT_EQ(out->out, "['a.npy', 'dir/empty.npy'] 0000803f000000400000404000008040 1980\n")
        << out->err;
  }
}

}  // namespace
}  // namespace edgeopt::ir
