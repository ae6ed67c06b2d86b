#include "runtimes/litert/late_shapes.h"

#include <algorithm>
#include <array>

namespace edgeopt::runtimes::litert {
namespace {

constexpr int kReshape = 22, kShape = 77, kRank = 110, kIf = 118, kWhile = 119;

struct LateRow {
  int code;  // BuiltinOperator of the schema
  const char* name;
  std::array<int, 3> shape_inputs;  // late unless all of these are constant; -1: none
};
constexpr std::array<int, 3> kAlways = {-1, -1, -1};
// The operators whose kernels call SetTensorToDynamic (tflite/kernels of LiteRT 2.1.4), with the
// inputs that decide it.
constexpr LateRow kLate[] = {
    {kReshape, "RESHAPE", {1, -1, -1}},
    {23, "RESIZE_BILINEAR", {1, -1, -1}},
    {34, "PAD", {1, -1, -1}},
    {37, "BATCH_TO_SPACE_ND", {1, 2, -1}},
    {38, "SPACE_TO_BATCH_ND", {1, 2, -1}},
    {39, "TRANSPOSE", {1, -1, -1}},
    {40, "MEAN", {1, -1, -1}},
    {45, "STRIDED_SLICE", {1, 2, 3}},
    {48, "TOPK_V2", {1, -1, -1}},
    {49, "SPLIT", {0, -1, -1}},
    {56, "ARG_MAX", {1, -1, -1}},
    {60, "PADV2", {1, -1, -1}},
    {65, "SLICE", {1, 2, -1}},
    {67, "TRANSPOSE_CONV", {0, -1, -1}},
    {68, "SPARSE_TO_DENSE", {1, -1, -1}},
    {69, "TILE", {1, -1, -1}},
    {70, "EXPAND_DIMS", {1, -1, -1}},
    {74, "SUM", {1, -1, -1}},
    {79, "ARG_MIN", {1, -1, -1}},
    {81, "REDUCE_PROD", {1, -1, -1}},
    {82, "REDUCE_MAX", {1, -1, -1}},
    {85, "ONE_HOT", {1, -1, -1}},
    {89, "REDUCE_MIN", {1, -1, -1}},
    {91, "REDUCE_ANY", {1, -1, -1}},
    {94, "FILL", {0, -1, -1}},
    {96, "RANGE", {0, 1, 2}},
    {97, "RESIZE_NEAREST_NEIGHBOR", {1, -1, -1}},
    {100, "MIRROR_PAD", {1, -1, -1}},
    {102, "SPLIT_V", {1, 2, -1}},
    {103, "UNIQUE", kAlways},
    {109, "WHERE", kAlways},
    {kIf, "IF", kAlways},  // when something in a body is late
    {kWhile, "WHILE", kAlways},
    {120, "NON_MAX_SUPPRESSION_V4", {2, -1, -1}},
    {121, "NON_MAX_SUPPRESSION_V5", {2, -1, -1}},
    {122, "SCATTER_ND", {2, -1, -1}},
    {125, "SEGMENT_SUM", {1, -1, -1}},
    {130, "BROADCAST_TO", {1, -1, -1}},
    {131, "RFFT2D", {1, -1, -1}},
    {140, "REDUCE_ALL", {1, -1, -1}},
    {141, "CONV_3D_TRANSPOSE", {0, -1, -1}},
    {145, "BROADCAST_ARGS", {0, 1, -1}},
    {146, "RANDOM_STANDARD_NORMAL", {0, -1, -1}},
    {148, "RANDOM_UNIFORM", {0, -1, -1}},
    {149, "MULTINOMIAL", {1, -1, -1}},
    {153, "UNSORTED_SEGMENT_PROD", {2, -1, -1}},
    {154, "UNSORTED_SEGMENT_MAX", {2, -1, -1}},
    {155, "UNSORTED_SEGMENT_SUM", {2, -1, -1}},
    {157, "UNSORTED_SEGMENT_MIN", {2, -1, -1}},
};

bool HasNoElements(const FileTensor& tensor) {
  return std::find(tensor.signature.begin(), tensor.signature.end(), 0) != tensor.signature.end();
}

class LateFinder {
 public:
  explicit LateFinder(const ModelFile& file)
      : file_(file), from_shapes_(file.tensors.size()), made_late_(file.tensors.size(), -1) {
    // Without elements there is nothing to depend on, although LiteRT takes such a tensor for data.
    for (size_t i = 0; i < file.tensors.size(); ++i)
      from_shapes_[i] = file.tensors[i].constant || HasNoElements(file.tensors[i]);
  }

  Result<LateShapes> Find() {
    LateShapes found;
    for (size_t i = 0; i < file_.operators.size(); ++i) {
      const FileOperator& op = file_.operators[i];
      const LateRow* row = RowIfLate(op);
      if (row != nullptr) {
        const std::string name = std::string(row->name) + " (operator " + std::to_string(i) + ")";
        if (!OnlyFromShapes(op, *row))
          return Unsupported(name + " makes a result whose size depends on the data; LiteRT does " +
                                 "not hand such results over",
                             "cut the model before it and do that step outside");
        if (found.first.empty()) found.first = name;
        for (const int32_t output : op.outputs) MarkLate(output, static_cast<int>(i));
      }
      Propagate(op);
    }
    EDGEOPT_CHECK_OK(Redirect(found));
    return found;
  }

 private:
  bool Constant(int32_t tensor) const {
    return tensor < 0 || file_.tensors[static_cast<size_t>(tensor)].constant;
  }
  bool FromShapes(int32_t tensor) const {
    return tensor < 0 || from_shapes_[static_cast<size_t>(tensor)];
  }
  void MarkLate(int32_t tensor, int op) {
    if (tensor >= 0) made_late_[static_cast<size_t>(tensor)] = op;
  }

  const LateRow* RowIfLate(const FileOperator& op) const {
    const auto* row = std::find_if(std::begin(kLate), std::end(kLate),
                                   [&](const LateRow& each) { return each.code == op.code; });
    if (row == std::end(kLate)) return nullptr;
    if (op.code == kIf || op.code == kWhile) return AnyLateBody() ? row : nullptr;
    if (row->shape_inputs == kAlways) return row;
    // Slices of shapes are computed before the run (strided_slice.cc).
    if (op.code != kReshape && AllPersistent(op)) return nullptr;
    for (const int input : row->shape_inputs)
      if (input >= 0 && static_cast<size_t>(input) < op.inputs.size() &&
          !Constant(op.inputs[static_cast<size_t>(input)]))
        return row;
    return nullptr;
  }
  bool AnyLateBody() const {
    return std::any_of(file_.bodies.begin(), file_.bodies.end(), [](const ModelFile& body) {
      const LateFinder finder(body);
      return std::any_of(body.operators.begin(), body.operators.end(), [&](const FileOperator& op) {
        return op.code != kIf && op.code != kWhile && finder.RowIfLate(op) != nullptr;
      });
    });
  }
  bool AllPersistent(const FileOperator& op) const {
    return std::all_of(op.inputs.begin(), op.inputs.end(), [&](int32_t t) { return Constant(t); });
  }

  bool OnlyFromShapes(const FileOperator& op, const LateRow& row) const {
    if (row.shape_inputs == kAlways) return false;
    for (const int input : row.shape_inputs)
      if (input >= 0 && static_cast<size_t>(input) < op.inputs.size() &&
          !FromShapes(op.inputs[static_cast<size_t>(input)]))
        return false;
    return true;
  }

  // What is computed from constants and shapes alone.
  void Propagate(const FileOperator& op) {
    const bool known =
        op.code == kShape || op.code == kRank ||
        (!op.inputs.empty() && std::all_of(op.inputs.begin(), op.inputs.end(),
                                           [&](int32_t tensor) { return FromShapes(tensor); }));
    for (const int32_t output : op.outputs)
      if (output >= 0 && known) from_shapes_[static_cast<size_t>(output)] = true;
  }

  static bool Among(const std::vector<int32_t>& tensors, int32_t tensor) {
    return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
  }

  Status Redirect(LateShapes& found) const {
    for (size_t i = 0; i < file_.outputs.size(); ++i) {
      int32_t tensor = file_.outputs[i];
      // A chain of reshapes as long as the graph at most.
      for (size_t step = 0; step <= file_.operators.size(); ++step) {
        const int maker = made_late_[static_cast<size_t>(tensor)];
        if (maker < 0) break;
        const FileOperator& op = file_.operators[static_cast<size_t>(maker)];
        if (op.code != kReshape || op.inputs.empty() || op.inputs[0] < 0)
          return Unsupported("output '" + file_.output_names[i] + "' is made by operator " +
                                 std::to_string(maker) + ", which learns its size while it runs; " +
                                 "LiteRT does not hand such results over",
                             "convert the model with a fixed batch size");
        tensor = op.inputs[0];
      }
      const bool moved = tensor != file_.outputs[i];
      if (moved && (Constant(tensor) || Among(file_.inputs, tensor) ||
                    Among(file_.outputs, tensor) || Among(found.instead, tensor)))
        return Unsupported("output '" + file_.output_names[i] + "' is an input, a constant or " +
                               "another output under a shape that is computed while the model " +
                               "runs; LiteRT does not hand such results over",
                           "convert the model with a fixed batch size");
      found.instead.push_back(moved ? tensor : -1);
    }
    return OkStatus();
  }

  const ModelFile& file_;
  std::vector<bool> from_shapes_;
  std::vector<int> made_late_;  // the late operator that makes the tensor, or -1
};

}  // namespace

Result<LateShapes> FindLateShapes(const ModelFile& file) { return LateFinder(file).Find(); }

}  // namespace edgeopt::runtimes::litert
