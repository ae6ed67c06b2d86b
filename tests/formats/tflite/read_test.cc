#include <gtest/gtest.h>

#include <filesystem>

#include "formats/tflite/files.h"

namespace edgeopt::formats::tflite {
namespace {

using testing::BytesOf;
using testing::DataOf;
using testing::Load;
using testing::Op;
using testing::Parse;
using testing::PathOf;
using testing::TensorNamed;
using testing::Text;

TEST(TfliteReader, ReadsWhatLiteRtsSchemaWrote) {
  File file = Load("conv");
  EXPECT_EQ(file.model.description, "convolution");
  ASSERT_EQ(file.model.subgraphs.size(), 1U);
  const schema::SubGraphT& graph = *file.model.subgraphs[0];
  EXPECT_EQ(graph.name, "main");
  ASSERT_EQ(graph.operators.size(), 3U);
  EXPECT_EQ(OperatorName(*file.model.operator_codes[graph.operators[0]->opcode_index]), "CONV_2D");
  const auto* options = graph.operators[0]->builtin_options.AsConv2DOptions();
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->stride_w, 1);
  EXPECT_EQ(options->dilation_w_factor, 1);
  EXPECT_EQ(options->padding, schema::Padding::SAME);
  EXPECT_EQ(options->fused_activation_function, schema::ActivationFunctionType::RELU);
  EXPECT_EQ(TensorNamed(file, "x").shape_signature, (std::vector<int32_t>{-1, 4, 4, 1}));
  EXPECT_EQ(Text(DataOf(file, "bias")), std::string("\0\0\0\x3f\0\0\0\xbf", 8));
  ASSERT_EQ(file.model.signature_defs.size(), 1U);
  EXPECT_EQ(file.model.signature_defs[0]->signature_key, "serving_default");
  EXPECT_EQ(Text(file.buffers[file.model.metadata[0]->buffer]),
            std::string("1.5.0", 5) + std::string(11, '\0'));
}

TEST(TfliteReader, ReadsEveryCornerOfTheSchema) {
  File file = Load("everything");
  EXPECT_EQ(file.model.subgraphs.size(), 3U);
  EXPECT_TRUE(TensorNamed(file, "state").is_variable);
  EXPECT_EQ(
      TensorNamed(file, "sparse").sparsity->dim_metadata[1]->array_indices.AsUint8Vector()->values,
      (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_EQ(TensorNamed(file, "packed").quantization->details.AsBlockwiseQuantization()->block_size,
            4);
  EXPECT_EQ(TensorNamed(file, "variant").variant_tensors[0]->type, schema::TensorType::INT64);
  EXPECT_EQ(TensorNamed(file, "far").external_buffer, 7U);
  EXPECT_EQ(file.model.external_buffers[0]->packing, "none");
  EXPECT_TRUE(HasData(DataOf(file, "nothing")));
  EXPECT_TRUE(DataOf(file, "nothing").empty());
  EXPECT_FALSE(HasData(file.buffers[0]));
  EXPECT_EQ(Op(file, 0).builtin_options.AsIfOptions()->else_subgraph_index, 2);
  EXPECT_EQ(Op(file, 0).debug_metadata_index, 4);
  EXPECT_EQ(OperatorName(*file.model.operator_codes[Op(file, 1).opcode_index]), "MyOperator");
  EXPECT_EQ(Op(file, 1).custom_options, (std::vector<uint8_t>{'o', 'p', 't', 'i', 'o', 'n', 's'}));
  EXPECT_EQ(Op(file, 1).inputs[1], -1);
  EXPECT_EQ(Op(file, 1).mutating_variable_inputs, (std::vector<bool>{false, false, true}));
  EXPECT_EQ(Op(file, 2).builtin_options_2.AsStableHLOCompositeOptions()->name, "odml.rms_norm");
  // An operator that is newer than our schema is carried through.
  EXPECT_EQ(OperatorName(*file.model.operator_codes[Op(file, 3).opcode_index]), "BUILTIN_250");
}

TEST(TfliteReader, TakesAnOldOperatorCodeForTheCode) {
  const File file = Load("before_3a");
  EXPECT_EQ(file.model.operator_codes[0]->builtin_code, schema::BuiltinOperator::NEG);
  EXPECT_EQ(file.model.operator_codes[0]->deprecated_builtin_code, 0);
}

TEST(TfliteReader, FindsWhatLiesBehindTheFlatbuffer) {
  File inside = Load("conv"), outside = Load("outside");
  ASSERT_EQ(inside.buffers.size(), outside.buffers.size());
  for (size_t i = 0; i < inside.buffers.size(); ++i)
    EXPECT_EQ(Text(inside.buffers[i]), Text(outside.buffers[i])) << i;
  const std::vector<uint8_t>& options = Op(outside, 3).custom_options;
  EXPECT_EQ(std::string(options.begin(), options.end()), "custom options outside");
  EXPECT_EQ(Op(outside, 3).large_custom_options_offset, 0U);
}

TEST(TfliteReader, DoesNotCopyAlignedWeights) {
  const auto folder = TemporaryFolder::Create().value();
  const auto path = folder.path() / "m.tflite";
  ASSERT_TRUE(WriteTflite(Load("conv"), path).ok());
  const auto bytes = Buffer::Map(path).value();
  auto file = ParseTflite(bytes);
  ASSERT_TRUE(file.ok());
  const std::byte* weights = DataOf(*file, "w").data();
  EXPECT_GE(weights, bytes.data());
  EXPECT_LT(weights, bytes.data() + bytes.size());
  // What the file of another schema has at odd places is copied.
  for (const Buffer& buffer : Load("conv").buffers)
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 16, 0U);
}

TEST(TfliteReader, KeepsTheMappingAlive) {
  const auto folder = TemporaryFolder::Create().value();
  const auto path = folder.path() / "m.tflite";
  ASSERT_TRUE(WriteTflite(Load("conv"), path).ok());
  auto file = ReadTflite(path);
  ASSERT_TRUE(file.ok());
  std::filesystem::remove(path);
  EXPECT_EQ(Text(DataOf(*file, "bias")), std::string("\0\0\0\x3f\0\0\0\xbf", 8));
}

TEST(TfliteReader, SaysWhatElseAFileLooksLike) {
  const auto message = [](const std::string& bytes) {
    const auto file = Parse(bytes);
    EXPECT_FALSE(file.ok());
    EXPECT_EQ(file.error().code, ErrorCode::kBadInput);
    return file.error().ToString();
  };
  EXPECT_EQ(message(""), "the file is empty");
  EXPECT_NE(message("PK\x03\x04 and so on").find("looks like a zip archive"), std::string::npos);
  EXPECT_NE(message("anything at all").find("no identifier TFL3"), std::string::npos);
}

TEST(TfliteReader, SaysWhatIsNoFile) {
  EXPECT_NE(ReadTflite("/nonexistent.tflite").error().message.find("does not exist"),
            std::string::npos);
  EXPECT_NE(ReadTflite("/tmp").error().message.find("is a folder"), std::string::npos);
}

TEST(TfliteReader, SurvivesEveryTruncation) {
  for (const char* name : testing::kFiles) {
    const std::string bytes = BytesOf(name);
    for (size_t length = 0; length < bytes.size(); ++length) {
      // Bytes that nothing refers to may be missing; whatever is accepted is whole.
      const auto file = Parse(bytes.substr(0, length));
      if (file.ok())
        EXPECT_TRUE(Verify(*file).ok()) << name << " " << length;
      else
        EXPECT_EQ(file.error().code, ErrorCode::kBadInput) << name << " " << length;
    }
  }
}

TEST(TfliteReader, SurvivesEveryChangedByte) {
  for (const char* name : {"everything", "outside", "labelled"}) {
    std::string bytes = BytesOf(name);
    for (size_t i = 0; i < bytes.size(); ++i) {
      const char kept = bytes[i];
      for (const int value : {1, 255}) {
        bytes[i] = static_cast<char>(value);
        const auto file = Parse(bytes);
        EXPECT_TRUE(!file.ok() || SerializeTflite(*file).ok()) << name << " " << i;
      }
      bytes[i] = kept;
    }
  }
}

// 1000 tensors with one shape vector of 100,000 elements between them: a file of half a megabyte
// that would unpack to 400.
TEST(TfliteReader, RefusesAFileThatWouldFillTheMemory) {
  flatbuffers::FlatBufferBuilder builder;
  const auto shape = builder.CreateVector(std::vector<int32_t>(100'000, 1));
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (int i = 0; i < 1000; ++i) tensors.push_back(schema::CreateTensor(builder, shape));
  const std::vector graphs = {schema::CreateSubGraph(builder, builder.CreateVector(tensors))};
  schema::FinishModelBuffer(builder,
                            schema::CreateModel(builder, 3, 0, builder.CreateVector(graphs)));
  const auto file = ParseTflite(Buffer::Copy(builder.GetBufferPointer(), builder.GetSize()));
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("out of proportion"), std::string::npos)
      << file.error().message;
}

// Fields 0 to 10 are those that the schema knows.
TEST(TfliteReader, NamesAFieldOfANewerSchema) {
  flatbuffers::FlatBufferBuilder builder;
  const auto start = builder.StartTable();
  builder.AddElement<uint32_t>(schema::Model::VT_VERSION, 3, 0);
  builder.AddElement<uint32_t>(flatbuffers::FieldIndexToOffset(12), 1, 0);
  builder.Finish(flatbuffers::Offset<schema::Model>(builder.EndTable(start)), "TFL3");
  const auto file = ParseTflite(Buffer::Copy(builder.GetBufferPointer(), builder.GetSize()));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(file.error().message.find("model has a field of number 12"), std::string::npos)
      << file.error().message;
}

TEST(TfliteReader, NamesOptionsOfANewerSchema) {
  flatbuffers::FlatBufferBuilder builder;
  const auto options = schema::CreateCallOnceOptions(builder);
  const std::vector ops = {schema::CreateOperator(
      builder, 0, 0, 0, static_cast<schema::BuiltinOptions>(200), options.Union())};
  const std::vector graphs = {schema::CreateSubGraph(builder, 0, 0, 0, builder.CreateVector(ops))};
  schema::FinishModelBuffer(builder,
                            schema::CreateModel(builder, 3, 0, builder.CreateVector(graphs)));
  const auto file = ParseTflite(Buffer::Copy(builder.GetBufferPointer(), builder.GetSize()));
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(
      file.error().message.find("model.subgraphs[0].operators[0].builtin_options_type is 200"),
      std::string::npos)
      << file.error().message;
}

}  // namespace
}  // namespace edgeopt::formats::tflite
