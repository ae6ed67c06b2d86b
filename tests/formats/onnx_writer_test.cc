#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/file.h"
#include "formats/onnx/proto.h"
#include "formats/proto_builder.h"
#include "formats/proto_compare.h"

namespace edgeopt::formats {
namespace {

namespace fs = std::filesystem;
using testing::Message;

ir::Model Example() { return ReadOnnx(EDGEOPT_SOURCE_DIR "/examples/fashion_mbv2.onnx").value(); }

size_t FilesIn(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// The hand-made stream of parts is what protobuf itself writes.
TEST(OnnxWriter, BytesAreProtobufsOwn) {
  const ir::Model model = Example();
  EXPECT_EQ(SerializeOnnx(model).value(), internal::ToProto(model).SerializeAsString());
}

TEST(OnnxWriter, BytesAreProtobufsOwnWithEveryField) {
  onnx::ModelProto proto = testing::ReluModel();
  proto.set_producer_name("p");
  proto.set_producer_version("1");
  proto.set_domain("d");
  proto.set_model_version(3);
  proto.set_doc_string("doc");
  proto.mutable_graph()->set_doc_string("graph doc");
  onnx::TensorProto tensor = testing::Tensor("w", onnx::TensorProto::FLOAT, {1});
  tensor.set_raw_data("1234");
  tensor.set_doc_string("tensor doc");
  auto* entry = tensor.add_metadata_props();
  entry->set_key("k");
  entry->set_value("v");
  *proto.mutable_graph()->add_initializer() = tensor;
  onnx::TensorProto strings = testing::Tensor("s", onnx::TensorProto::STRING, {2});
  strings.add_string_data("a");
  strings.add_string_data("");
  *proto.mutable_graph()->add_initializer() = strings;
  const auto model = testing::Parse(proto);
  ASSERT_TRUE(model.ok()) << Message(model);
  const std::string bytes = SerializeOnnx(*model).value();
  EXPECT_EQ(bytes, internal::ToProto(*model).SerializeAsString());
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(bytes));
  EXPECT_EQ(testing::Differences(proto, written), "");
}

TEST(OnnxWriter, KeepsWhatItDoesNotUnderstand) {
  onnx::ModelProto proto = testing::ReluModel();
  proto.add_training_info()->mutable_initialization()->set_name("init");
  proto.add_configuration()->set_name("two devices");
  proto.mutable_graph()->add_quantization_annotation()->set_tensor_name("x");
  proto.mutable_graph()->mutable_node(0)->add_device_configurations()->set_configuration_id("c");
  // Fields of a later version of ONNX.
  for (auto* fields :
       {proto.mutable_unknown_fields(), proto.mutable_graph()->mutable_unknown_fields(),
        proto.mutable_graph()->mutable_node(0)->mutable_unknown_fields()})
    fields->AddLengthDelimited(1000, "from the future");
  const auto model = testing::Parse(proto);
  ASSERT_TRUE(model.ok()) << Message(model);
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(SerializeOnnx(*model).value()));
  EXPECT_EQ(testing::Differences(proto, written), "");
}

TEST(OnnxWriter, WritesAndRefusesToOverwrite) {
  const auto folder = TemporaryFolder::Create().value();
  const fs::path path = folder.path() / "m.onnx";
  const OnnxWriteOptions refuse{.overwrite = Overwrite::kRefuse};
  ASSERT_TRUE(WriteOnnx(Example(), path, refuse).ok());
  EXPECT_EQ(ReadFile(path).value(), SerializeOnnx(Example()).value());
  EXPECT_EQ(WriteOnnx(Example(), path, refuse).error().code, ErrorCode::kUsage);
  EXPECT_TRUE(WriteOnnx(Example(), path).ok());
  EXPECT_EQ(FilesIn(folder.path()), 1u);
}

TEST(OnnxWriter, MissingFolder) {
  const Status status = WriteOnnx(Example(), "/nonexistent-folder/m.onnx");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

// The limit on file sizes stands for a full disk: both make write() fail half-way.
TEST(OnnxWriter, FullDiskLeavesNothingBehind) {
  const auto folder = TemporaryFolder::Create().value();
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10'000, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status plain = WriteOnnx(Example(), folder.path() / "m.onnx");
  const Status external =
      WriteOnnx(Example(), folder.path() / "e.onnx", {.external_data_threshold_bytes = 0});
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().code, ErrorCode::kUnavailable);
  ASSERT_FALSE(external.ok());
  EXPECT_EQ(FilesIn(folder.path()), 0u);
}

TEST(OnnxWriter, ReadOnlyFolder) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const auto folder = TemporaryFolder::Create().value();
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  const Status status = WriteOnnx(Example(), folder.path() / "m.onnx");
  EXPECT_EQ(::chmod(folder.path().c_str(), 0700), 0);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(FilesIn(folder.path()), 0u);
}

// --- paths that are no model ---

TEST(OnnxReaderPaths, SayWhatTheyAre) {
  const auto folder = TemporaryFolder::Create().value();
  const auto message = [&](const fs::path& path) { return Message(ReadOnnx(path)); };
  EXPECT_NE(message(folder.path() / "none.onnx").find("does not exist"), std::string::npos);
  EXPECT_NE(message(folder.path()).find("is a folder, expected an ONNX file"), std::string::npos);
  ASSERT_TRUE(WriteFile(folder.path() / "saved_model.pb", "x").ok());
  EXPECT_NE(message(folder.path()).find("SavedModel"), std::string::npos);
  ASSERT_TRUE(WriteFile(folder.path() / "empty.onnx", "").ok());
  EXPECT_NE(message(folder.path() / "empty.onnx").find("the file is empty"), std::string::npos);
  EXPECT_NE(message("/dev/null").find("is not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::formats
