// Each thing that Verify refuses, and what it says.
#include <gtest/gtest.h>

#include <functional>

#include "formats/tflite/files.h"

namespace edgeopt::formats::tflite {
namespace {

using testing::DataOf;
using testing::Load;
using testing::Op;
using testing::TensorNamed;

struct Case {
  const char* name;
  const char* model;
  std::function<void(File&)> change;
  const char* message;
  ErrorCode code = ErrorCode::kBadInput;
};

void PrintTo(const Case& it, std::ostream* out) { *out << it.name; }

Buffer Strings(std::vector<uint32_t> words, const std::string& bytes) {
  std::string data(reinterpret_cast<const char*>(words.data()), words.size() * 4);
  return Buffer::Own(data + bytes);
}

schema::SubGraphT& Main(File& file) { return *file.model.subgraphs[0]; }
schema::SparsityParametersT& Sparsity(File& file) { return *TensorNamed(file, "sparse").sparsity; }

const Case kCases[] = {
    // The model
    {"Version", "conv", [](File& f) { f.model.version = 4; },
     "the model has schema version 4, expected 3", ErrorCode::kUnsupported},
    {"NoSubgraph", "conv", [](File& f) { f.model.subgraphs.clear(); }, "the model has no subgraph"},
    {"NullTensor", "conv", [](File& f) { Main(f).tensors[0].reset(); },
     "a TFLite model has a null tensor", ErrorCode::kInternal},
    {"BuffersNotParallel", "conv", [](File& f) { f.buffers.pop_back(); },
     "a TFLite model has 6 buffers, and bytes for 5", ErrorCode::kInternal},
    {"NegativeCode", "conv",
     [](File& f) { f.model.operator_codes[1]->builtin_code = schema::BuiltinOperator(-3); },
     "operator code 1 is -3, expected 0 or above"},
    {"CustomWithoutName", "everything",
     [](File& f) { f.model.operator_codes[1]->custom_code.clear(); },
     "operator code 1 is a custom operator without a name"},
    {"MetadataBuffer", "conv", [](File& f) { f.model.metadata[0]->buffer = 6; },
     "metadata 'min_runtime_version' is in buffer 6, the model has 6"},
    {"OldMetadataBuffer", "everything", [](File& f) { f.model.metadata_buffer = {-1}; },
     "metadata is in buffer -1, the model has 7"},
    {"SignatureSubgraph", "conv", [](File& f) { f.model.signature_defs[0]->subgraph_index = 1; },
     "signature 'serving_default': subgraph 1, the model has 1"},
    {"SignatureTensor", "conv",
     [](File& f) { f.model.signature_defs[0]->outputs[0]->tensor_index = 8; },
     "signature 'serving_default': output 'out' is tensor 8, the subgraph has 8"},
    {"ExternalGroup", "everything", [](File& f) { f.model.external_buffers[0]->group = 1; },
     "external buffer 7 is in group 1, the model has 1"},
    {"ExternalId", "everything", [](File& f) { f.model.external_buffers[0]->id = 0; },
     "external buffer 0: the number is taken"},
    {"ExternalRange", "everything",
     [](File& f) { f.model.external_buffers[0]->offset = ~uint64_t{0}; },
     "external buffer 7: its offset and length overflow"},
    {"Recursion", "everything",
     [](File& f) {
       auto op = std::make_unique<schema::OperatorT>();
       schema::CallOnceOptionsT options;
       options.init_subgraph_index = 0;
       op->builtin_options.Set(std::move(options));
       f.model.subgraphs[2]->operators.push_back(std::move(op));
     },
     "subgraph 0 ('main') calls itself, directly or through others"},
    // Operators
    {"OpcodeIndex", "conv", [](File& f) { Op(f, 1).opcode_index = 3; },
     "subgraph 0 ('main'): operator 1 (unknown): it has operator code 3, the model has 3"},
    {"InputIndex", "conv", [](File& f) { Op(f, 0).inputs[1] = 8; },
     "subgraph 0 ('main'): operator 0 (CONV_2D): an input is tensor 8, the subgraph has 8"},
    {"InputNegative", "conv", [](File& f) { Op(f, 0).inputs[1] = -2; }, "an input is tensor -2"},
    {"OutputOptional", "conv", [](File& f) { Op(f, 0).outputs[0] = -1; }, "an output is tensor -1"},
    {"Intermediate", "everything", [](File& f) { Op(f, 1).intermediates[0] = 99; },
     "operator 1 (MyOperator): an intermediate is tensor 99"},
    {"MutatingInputs", "everything", [](File& f) { Op(f, 1).mutating_variable_inputs.pop_back(); },
     "it says for 2 inputs whether it changes them, and has 3"},
    {"IfSubgraph", "everything",
     [](File& f) { Op(f, 0).builtin_options.AsIfOptions()->else_subgraph_index = 3; },
     "operator 0 (IF): it calls subgraph 3, the model has 3"},
    {"CompositeSubgraph", "everything",
     [](File& f) {
       Op(f, 2).builtin_options_2.AsStableHLOCompositeOptions()->decomposition_subgraph_index = -1;
     },
     "operator 2 (STABLEHLO_COMPOSITE): it calls subgraph -1"},
    {"GraphInput", "conv", [](File& f) { Main(f).inputs[0] = -1; },
     "an input of the subgraph is tensor -1"},
    {"GraphOutput", "conv", [](File& f) { Main(f).outputs[0] = 100; },
     "an output of the subgraph is tensor 100"},
    {"Order", "conv", [](File& f) { std::swap(Main(f).operators[0], Main(f).operators[1]); },
     "operator 0 (MEAN): it reads tensor 3 ('y'), which has no value yet"},
    {"ProducedTwice", "conv", [](File& f) { Op(f, 1).outputs = Op(f, 0).outputs; },
     "it writes tensor 3 ('y'), which is the output of an operator before already"},
    {"WritesConstant", "conv", [](File& f) { Op(f, 0).outputs[0] = 1; },
     "it writes tensor 1 ('w'), which is a constant already"},
    {"WritesInput", "conv", [](File& f) { Op(f, 0).outputs[0] = 0; },
     "it writes tensor 0 ('x'), which is an input of the subgraph already"},
    {"OutputWithoutValue", "conv", [](File& f) { Main(f).operators.pop_back(); },
     "output tensor 7 ('out') has no value"},
    {"HollowOptions", "before_3a",
     [](File& f) { Op(f, 0).builtin_options.type = schema::BuiltinOptions::NegOptions; },
     "operator 0 (NEG): its options are announced, but missing"},
    // Tensors
    {"Type", "conv", [](File& f) { TensorNamed(f, "y").type = schema::TensorType(99); },
     "tensor 3 ('y'): its element type TYPE_99 is not in the schema", ErrorCode::kUnsupported},
    {"NegativeSize", "conv", [](File& f) { TensorNamed(f, "y").shape[1] = -1; },
     "its shape is [1, -1, 4, 2]; sizes can't be negative"},
    {"SignatureRank", "conv", [](File& f) { TensorNamed(f, "x").shape_signature.pop_back(); },
     "its shape_signature [-1, 4, 4] and its shape [1, 4, 4, 1] differ in rank"},
    {"SignatureSize", "conv", [](File& f) { TensorNamed(f, "x").shape_signature[0] = -2; },
     "its shape_signature is [-2, 4, 4, 1]"},
    {"Overflow", "conv",
     [](File& f) { TensorNamed(f, "y").shape.assign(3, std::numeric_limits<int32_t>::max()); },
     "has more elements than 63 bits count"},
    {"BufferIndex", "conv", [](File& f) { TensorNamed(f, "w").buffer = 6; },
     "tensor 1 ('w'): it is in buffer 6, the model has 6"},
    {"DataSize", "conv", [](File& f) { TensorNamed(f, "w").shape[0] = 3; },
     "a FLOAT32 tensor of shape [3, 3, 3, 1] needs 108 bytes, buffer 1 has 72"},
    {"PackedDataSize", "everything",
     [](File& f) {
       TensorNamed(f, "packed").shape = {3, 5};
     },
     "a INT4 tensor of shape [3, 5] needs 8 bytes, buffer 4 has 7"},
    {"VariableWithData", "conv", [](File& f) { TensorNamed(f, "w").is_variable = true; },
     "it is a variable with data in the file"},
    {"VariantWithData", "everything",
     [](File& f) { TensorNamed(f, "packed").type = schema::TensorType::VARIANT; },
     "a VARIANT tensor can't have data in the file"},
    {"TwoData", "everything", [](File& f) { TensorNamed(f, "packed").external_buffer = 7; },
     "it has data both in buffer 4 and in an external buffer"},
    {"ExternalBuffer", "everything", [](File& f) { TensorNamed(f, "far").external_buffer = 8; },
     "it is in external buffer 8, which the model does not list"},
    // Strings
    {"StringCount", "everything", [](File& f) { TensorNamed(f, "words").shape[0] = 4; },
     "its string data holds 3 strings, expected 4"},
    {"StringsTooShort", "everything", [](File& f) { DataOf(f, "words") = Strings({}, "ab"); },
     "its string data has 2 bytes, too few for the number of strings"},
    {"StringPositions", "everything",
     [](File& f) {
       DataOf(f, "words") = Strings({3, 20}, "");
     },
     "its string data has 8 bytes, too few for the positions of 3 strings"},
    {"StringStart", "everything",
     [](File& f) {
       DataOf(f, "words") = Strings({3, 16, 20, 20, 20}, "");
     },
     "its first string begins at byte 16, expected 20"},
    {"StringEnd", "everything",
     [](File& f) {
       DataOf(f, "words") = Strings({3, 20, 22, 21, 22}, "ab");
     },
     "its string 1 ends at byte 21, expected 22 to 22"},
    {"StringRest", "everything",
     [](File& f) {
       DataOf(f, "words") = Strings({3, 20, 21, 21, 21}, "ab");
     },
     "its last string ends at byte 21 of 22"},
    // Quantization
    {"ZeroPoints", "quantized",
     [](File& f) { TensorNamed(f, "w").quantization->zero_point.pop_back(); },
     "tensor 2 ('w'): its quantization has 3 scales and 2 zero points, expected as many or one"},
    {"Scales", "quantized",
     [](File& f) { TensorNamed(f, "w").quantization->quantized_dimension = 1; },
     "its quantization has 3 scales, expected 1, or one per index of dimension 1 of shape [3, 4]"},
    {"QuantizedDimension", "quantized",
     [](File& f) { TensorNamed(f, "w").quantization->quantized_dimension = 2; },
     "its quantized dimension is 2, the shape is [3, 4]"},
    {"BlockScales", "everything",
     [](File& f) {
       TensorNamed(f, "packed").quantization->details.AsBlockwiseQuantization()->scales = 99;
     },
     "its quantization has scales in tensor 99"},
    {"BlockSize", "everything",
     [](File& f) {
       TensorNamed(f, "packed").quantization->details.AsBlockwiseQuantization()->block_size = 0;
     },
     "its quantization has blocks of 0 elements, expected 1 or more"},
    {"MultiAxis", "everything",
     [](File& f) {
       schema::MultiAxisQuantizationT axes;
       axes.scales = 5;
       axes.zero_points = -1;
       axes.quantized_dimensions = {0, 2};
       TensorNamed(f, "packed").quantization->details.Set(std::move(axes));
     },
     "its quantized dimension is 2, the shape is [2, 7]"},
    // Sparsity
    {"SparseLevels", "everything", [](File& f) { Sparsity(f).block_map.pop_back(); },
     "its sparsity has 4 levels, 4 descriptions of them and 1 block dimensions"},
    {"SparseOrder", "everything",
     [](File& f) {
       Sparsity(f).traversal_order = {0, 2, 1, 3};
     },
     "its sparsity has the traversal order [0, 2, 1, 3]"},
    {"BlockMap", "everything", [](File& f) { Sparsity(f).block_map[0] = 2; },
     "its sparsity maps a block to dimension 2 of shape [4, 4]"},
    {"SparseBlocks", "everything", [](File& f) { Sparsity(f).dim_metadata[2]->dense_size = 3; },
     "its sparsity has blocks of 3 along dimension 0 of shape [4, 4]"},
    {"DenseLevel", "everything", [](File& f) { Sparsity(f).dim_metadata[0]->dense_size = 3; },
     "its sparsity has a dense level of size 3, expected 2"},
    {"Segments", "everything",
     [](File& f) {
       Sparsity(f).dim_metadata[1]->array_segments.AsInt32Vector()->values = {0, 3};
     },
     "its sparsity has 2 segment borders, expected 2 + 1 rising ones from 0 to 3"},
    {"SparseIndex", "everything",
     [](File& f) { Sparsity(f).dim_metadata[1]->array_indices.AsUint8Vector()->values[2] = 2; },
     "its sparsity has index 2 in a dimension of size 2"},
    {"SparseData", "everything",
     [](File& f) { DataOf(f, "sparse") = Buffer::Own(std::string(44, '\0')); },
     "a FLOAT32 tensor of shape [4, 4] with its sparsity needs 48 bytes, buffer 2 has 44"},
    {"HollowIndices", "everything",
     [](File& f) {
       Sparsity(f).dim_metadata[0]->array_segments.type = schema::SparseIndexVector::Uint8Vector;
     },
     "the indices of its sparsity are announced, but missing"},
};

class TfliteVerify : public ::testing::TestWithParam<Case> {};

TEST_P(TfliteVerify, Refuses) {
  File file = Load(GetParam().model);
  ASSERT_TRUE(Verify(file).ok());
  GetParam().change(file);
  const Status status = Verify(file);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, GetParam().code);
  EXPECT_NE(status.error().message.find(GetParam().message), std::string::npos)
      << status.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, TfliteVerify, ::testing::ValuesIn(kCases),
                         [](const auto& it) { return std::string(it.param.name); });

TEST(TfliteVerification, AcceptsOneZeroPointForAllScales) {
  File file = Load("quantized");
  TensorNamed(file, "w").quantization->zero_point = {0};
  EXPECT_TRUE(Verify(file).ok());
}

TEST(TfliteNames, OfOperatorsAndTypes) {
  EXPECT_EQ(OperatorName(schema::BuiltinOperator::STABLEHLO_CASE), "STABLEHLO_CASE");
  EXPECT_EQ(OperatorName(schema::BuiltinOperator(999)), "BUILTIN_999");
  EXPECT_EQ(TypeName(schema::TensorType::BFLOAT16), "BFLOAT16");
  EXPECT_EQ(TypeName(schema::TensorType(-1)), "TYPE_-1");
  EXPECT_EQ(BitsOf(schema::TensorType::INT2), 2);
  EXPECT_EQ(BitsOf(schema::TensorType::COMPLEX128), 128);
  EXPECT_EQ(BitsOf(schema::TensorType::STRING), 0);
}

}  // namespace
}  // namespace edgeopt::formats::tflite
