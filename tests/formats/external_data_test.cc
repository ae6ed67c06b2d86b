// Weights in files of their own: read, refused, written.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "formats/proto_builder.h"

namespace edgeopt::formats {
namespace {

namespace fs = std::filesystem;
using testing::Message;
using testing::ReluModel;

class ExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    outside_ = folder_.path() / "secret.bin";
    fs::create_directory(folder_.path() / "model");
    ASSERT_TRUE(WriteFile(outside_, "12345678").ok());
    ASSERT_TRUE(WriteFile(InFolder("w.bin"), std::string("skip\0\0\x80\x3F\0\0\0\x40", 12)).ok());
  }

  fs::path InFolder(const std::string& name) const { return folder_.path() / "model" / name; }

  // Reads a model whose initializer "w" (float [2]) lies there.
  Result<ir::Model> Read(std::vector<std::pair<std::string, std::string>> entries) {
    onnx::ModelProto proto = ReluModel();
    onnx::TensorProto tensor = testing::Tensor("w", onnx::TensorProto::FLOAT, {2});
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : entries) {
      auto* entry = tensor.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    *proto.mutable_graph()->add_initializer() = tensor;
    EXPECT_TRUE(WriteFile(InFolder("m.onnx"), proto.SerializeAsString()).ok());
    return ReadOnnx(InFolder("m.onnx"));
  }

  void ExpectBadInput(std::vector<std::pair<std::string, std::string>> entries,
                      const std::string& message) {
    const auto model = Read(std::move(entries));
    ASSERT_FALSE(model.ok()) << message;
    EXPECT_EQ(model.error().code, ErrorCode::kBadInput);
    EXPECT_NE(model.error().message.find(message), std::string::npos) << model.error().message;
    EXPECT_NE(model.error().message.find("tensor 'w'"), std::string::npos);
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  fs::path outside_;
};

TEST_F(ExternalData, IsRead) {
  const auto model = Read({{"location", "w.bin"}, {"offset", "4"}, {"length", "8"}});
  ASSERT_TRUE(model.ok()) << Message(model);
  EXPECT_EQ(model->graph.value(model->graph.Find("w")).initializer->ToFloats().value(),
            (std::vector<float>{1, 2}));
}

TEST_F(ExternalData, OffsetAndLengthAreOptional) {
  EXPECT_TRUE(Read({{"location", "w.bin"}}).ok());
  EXPECT_TRUE(Read({{"location", "./w.bin"}, {"checksum", "unused"}}).ok());
}

TEST_F(ExternalData, PathsThatLeaveTheFolderAreRefused) {
  ExpectBadInput({{"location", "../secret.bin"}}, "leaves the model's folder, which is refused");
  ExpectBadInput({{"location", "sub/../../secret.bin"}}, "leaves the model's folder");
  ExpectBadInput({{"location", outside_.string()}}, "has an absolute path, which is refused");
  fs::create_symlink(outside_, InFolder("link.bin"));
  ExpectBadInput({{"location", "link.bin"}}, "through a symbolic link, which is refused");
  fs::create_directory_symlink(folder_.path(), InFolder("up"));
  ExpectBadInput({{"location", "up/secret.bin"}}, "through a symbolic link, which is refused");
}

TEST_F(ExternalData, LinksInsideTheFolderAreFollowed) {
  fs::create_symlink("w.bin", InFolder("link.bin"));
  EXPECT_TRUE(Read({{"location", "link.bin"}}).ok());
}

TEST_F(ExternalData, ItsFilesAreListed) {
  ASSERT_TRUE(Read({{"location", "./w.bin"}, {"offset", "4"}}).ok());
  const auto files = ExternalFiles(InFolder("m.onnx"));
  ASSERT_TRUE(files.ok()) << Message(files);
  EXPECT_EQ(*files, std::vector<fs::path>{"w.bin"});
  ASSERT_FALSE(Read({{"location", "none.bin"}}).ok());
  EXPECT_FALSE(ExternalFiles(InFolder("m.onnx")).ok());
  ASSERT_TRUE(WriteFile(InFolder("m.onnx"), ReluModel().SerializeAsString()).ok());
  EXPECT_TRUE(ExternalFiles(InFolder("m.onnx"))->empty());
}

TEST_F(ExternalData, DamagedEntries) {
  ExpectBadInput({}, "external data without a location");
  ExpectBadInput({{"location", "none.bin"}}, "'none.bin' is missing");
  ExpectBadInput({{"location", "w.bin"}, {"offset", "-4"}}, "offset is '-4', expected a number");
  ExpectBadInput({{"location", "w.bin"}, {"offset", "99999999999999999999"}}, "offset is");
  ExpectBadInput({{"location", "w.bin"}, {"offset", "8"}}, "expected 8 at offset 8");
  ExpectBadInput({{"location", "w.bin"}, {"offset", "18446744073709551615"}}, "at offset");
  ExpectBadInput({{"location", "w.bin"}, {"length", "4"}}, "needs 8 bytes, found a length of 4");
  ExpectBadInput({{"location", "."}}, "is not a regular file");
}

TEST_F(ExternalData, NeedsAFolder) {
  const auto model = Read({{"location", "w.bin"}});
  ASSERT_TRUE(model.ok());
  const auto bytes = Buffer::Map(InFolder("m.onnx")).value();
  EXPECT_FALSE(ParseOnnx(bytes).ok());
  EXPECT_TRUE(ParseOnnx(bytes, folder_.path() / "model").ok());
}

ir::Model LargeModel() {
  ir::Model large;
  large.ir_version = 8;
  large.opset_imports = {{"", 17}};
  large.graph.name = "g";
  ir::Graph& graph = large.graph;
  const auto x = graph.AddNamedValue("x"), y = graph.AddNamedValue("y");
  graph.SetType(x, ir::Type::OfTensor(ir::DataType::kFloat32, ir::ToShape({1, 512})));
  graph.SetType(y, graph.value(x).type);
  graph.AddInput(x);
  const auto a = graph.AddValue("a");
  const auto w = graph.AddInitializer(
      "w", ir::Tensor::Of<float>({512, 512}, std::vector<float>(512 * 512, 2)));
  const auto v =
      graph.AddInitializer("v", ir::Tensor::Of<float>({512}, std::vector<float>(512, 3)));
  const auto s = graph.AddInitializer("s", ir::Tensor::Scalar(4.0f));
  const auto b = graph.AddValue("b");
  graph.AddNode("MatMul", {x, w}, {a});
  graph.AddNode("Add", {a, v}, {b});
  graph.AddNode("Mul", {b, s}, {y});
  graph.AddOutput(y);
  return large;
}

TEST_F(ExternalData, IsWrittenBesideTheModel) {
  const ir::Model model = LargeModel();
  const fs::path path = folder_.path() / "out.onnx";
  ASSERT_TRUE(WriteOnnx(model, path, {.external_data_threshold_bytes = 0}).ok());
  EXPECT_LT(fs::file_size(path), 1000u);
  const auto again = ReadOnnx(path);
  ASSERT_TRUE(again.ok()) << Message(again);
  EXPECT_EQ(SerializeOnnx(*again).value(), SerializeOnnx(model).value());
  // Page-aligned, as onnx.proto advises; the scalar stays inside.
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(ReadFile(path).value()));
  int external = 0;
  for (const auto& tensor : proto.graph().initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) continue;
    ++external;
    EXPECT_EQ(tensor.external_data(0).value(), "out.onnx.data");
    EXPECT_EQ(std::stoul(tensor.external_data(1).value()) % (tensor.dims_size() == 2 ? 4096 : 64),
              0u);
  }
  EXPECT_EQ(external, 2);
}

TEST_F(ExternalData, RefusesToOverwriteEitherFile) {
  const OnnxWriteOptions options{.overwrite = Overwrite::kRefuse,
                                 .external_data_threshold_bytes = 0};
  const fs::path path = folder_.path() / "out.onnx";
  ASSERT_TRUE(WriteFile(folder_.path() / "out.onnx.data", "precious").ok());
  EXPECT_FALSE(WriteOnnx(LargeModel(), path, options).ok());
  EXPECT_FALSE(fs::exists(path));
  EXPECT_EQ(ReadFile(folder_.path() / "out.onnx.data").value(), "precious");
}

}  // namespace
}  // namespace edgeopt::formats
