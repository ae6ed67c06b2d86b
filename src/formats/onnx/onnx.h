// ONNX files in and out, and the services of ONNX's own C++ library (checker, shape inference,
// version converter, function inliner, text syntax) on the IR. Protobuf stops inside this folder.
//
// Nothing that a ModelProto says is lost on the way in and out, with these exceptions, which carry
// no meaning: tensors are written as raw_data whatever field held them, an empty string is the same
// as an absent one (so is model_version 0), and a value named by several ValueInfoProtos gets one
// merged type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/file.h"
#include "base/result.h"
#include "ir/model.h"
#include "ops/cost.h"
#include "ops/inspection.h"

namespace edgeopt::formats {

// Reads a model; external data is memory-mapped. BadInput says what is wrong with a broken file
// (and what a file of another format looks like); external-data paths that leave the model's folder
// (absolute, "..", a symbolic link) are refused. The result satisfies ir::Verify and is
// topologically sorted.
Result<ir::Model> ReadOnnx(const std::filesystem::path& path);
// The same from bytes. External data is looked for in `folder`; an empty one refuses it.
Result<ir::Model> ParseOnnx(const Buffer& bytes, const std::filesystem::path& folder = {});
// The files beside the model that hold its external data, sorted, relative to its folder. Reads the
// model: whatever ReadOnnx refuses is refused.
Result<std::vector<std::filesystem::path>> ExternalFiles(const std::filesystem::path& path);

struct OnnxWriteOptions {
  Overwrite overwrite = Overwrite::kReplace;
  // A model with more bytes of weights than this gets them in a second file, NAME.data beside it
  // (protobuf ends at 2 GiB). 0 forces it.
  int64_t external_data_threshold_bytes = 1'900'000'000;
};
// Writes atomically (temporary name, sync, rename). The same model gives the same bytes.
// Unavailable when the disk is full or the folder read-only; nothing is left behind then.
Status WriteOnnx(const ir::Model& model, const std::filesystem::path& path,
                 const OnnxWriteOptions& options = {});
// The bytes of a model without external data. Unsupported above 2 GB.
Result<std::string> SerializeOnnx(const ir::Model& model);

enum class CheckDepth { kStructure, kTypes };
// ONNX's checker; kTypes adds strict shape inference. BadInput is what the checker says.
Status CheckModel(const ir::Model& model, CheckDepth depth = CheckDepth::kStructure);

// ONNX's shape inference with data propagation, into the value types of the model and its
// subgraphs. Quick (large weights are represented by their dimensions). A type that is known
// already is only refined, never forgotten; a node that inference does not understand is passed
// over.
Status InferTypes(ir::Model& model);

// ONNX's version converter, ai.onnx domain, up or down. Unsupported names the operator that can't
// be converted, or the input that would change. Documentation, metadata and weights are kept. A
// model with functions is refused: inline them first.
Result<ir::Model> ConvertVersion(const ir::Model& model, int64_t opset);

struct Versions {
  int64_t opset = 0;  // of the domain ai.onnx
  int64_t ir = 0;
};
// The model for readers that know ONNX up to `newest`; the same model where it is no newer.
// Operators that came later become what ONNX defines them to be. Unsupported names what has no
// older form.
Result<ir::Model> InOlderVersions(const ir::Model& model, Versions newest);

// ONNX's inliner: every call of a model-local function becomes its body.
Result<ir::Model> InlineFunctions(const ir::Model& model);

// Operators that are `wanted` and that ONNX defines as functions of others become these others, in
// subgraphs too; returns how many did. Requires types, on which definitions may depend.
Result<int64_t> ExpandOperators(ir::Model& model,
                                const std::function<bool(const ir::Node&)>& wanted);

// MACs, parameters and memory with every input size fixed: the given ones, or the assumptions that
// ops/sizes.h makes, which are listed in the result.
ops::ModelCost CostOf(const ir::Model& model, const ops::CostOptions& options = {});
// All that `edgeopt inspect` shows.
ops::Inspection Inspect(const ir::Model& model, const ops::CostOptions& options = {});

struct TextOptions {
  // Tensors of more elements are printed as their type and a note instead of their data. -1: never.
  int64_t max_elements = 16;
};
// ONNX's text syntax (docs/Syntax.md of onnx). With max_elements = -1 ParseText reads it back.
std::string PrintText(const ir::Model& model, const TextOptions& options = {});
// Reads ONNX's text syntax: a whole model, or a graph alone (IR version 10 and opset 20 then).
// BadInput gives line and column.
Result<ir::Model> ParseText(std::string_view text);

// One canonical text per meaning, for comparing graphs in tests: nodes in an order that does not
// depend on the file's, attributes sorted, internal values numbered instead of named, constants
// (initializers and Constant nodes alike) written out where they are used, those of more than 256
// elements as a hash. Inputs and outputs keep name and type.
std::string PrintGraph(const ir::Graph& graph);

}  // namespace edgeopt::formats
