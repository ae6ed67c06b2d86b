// eliminate-cast: casts that change nothing go, of two casts in a row one.
//
// Before:   y = Cast<to = T>(x)                         x of type T
// After:    x in place of y
// Before:   a = Cast<to = A>(x);  y = Cast<to = B>(a)   every value of x's type is exact in A
// After:    y = Cast<to = B>(x); nothing at all when x is of type B
// Requires: the type of x is known; A is a wider integer or floating-point type (not 8 bits float
//           or smaller, not string: what they do depends on more than the value); not from a
//           floating-point x to an integer B, since what becomes of a number out of range depends
//           on the width that it is converted from.
// Maths:    B(A(x)) = B(x), since A(x) = x.
// Numerics: exact.
// Source:   ONNX operator Cast.
#include "passes/operands.h"
#include "passes/rewriter.h"

namespace edgeopt::passes {
namespace {

using ir::DataType;

// Bits of the magnitude that the type holds exactly: of integers all but the sign, of floats the
// significand. 0 for the types that this pass leaves alone.
int ExactBits(DataType type) {
  switch (type) {
    case DataType::kBool:
      return 1;
    case DataType::kInt8:
      return 7;
    case DataType::kUint8:
      return 8;
    case DataType::kInt16:
      return 15;
    case DataType::kUint16:
      return 16;
    case DataType::kInt32:
      return 31;
    case DataType::kUint32:
      return 32;
    case DataType::kInt64:
      return 63;
    case DataType::kUint64:
      return 64;
    case DataType::kFloat16:
      return 11;
    case DataType::kBfloat16:
      return 8;
    case DataType::kFloat32:
      return 24;
    case DataType::kFloat64:
      return 53;
    default:
      return 0;
  }
}

bool IsUnsigned(DataType type) {
  return type == DataType::kBool || type == DataType::kUint8 || type == DataType::kUint16 ||
         type == DataType::kUint32 || type == DataType::kUint64;
}

// Every value of `from` is a value of `to`.
bool IsExact(DataType from, DataType to) {
  if (from == to) return ExactBits(from) > 0;
  if (ExactBits(from) == 0 || ExactBits(to) == 0 || to == DataType::kBool) return false;
  if (ir::IsFloatingPoint(from)) {
    // The exponent ranges: float16 < bfloat16 = float32 < float64.
    return to == DataType::kFloat64 || (to == DataType::kFloat32 && from != DataType::kFloat64);
  }
  if (!IsUnsigned(from) && IsUnsigned(to)) return false;
  return ExactBits(from) <= ExactBits(to);
}

DataType TargetOf(const ir::Node& cast) { return static_cast<DataType>(cast.IntOr("to", 0)); }

// The second of two casts in a row reads what the first one reads. Returns whether it does.
bool SkipFirstCast(Rewriter& rewriter, ir::NodeId id) {
  ir::Graph& graph = rewriter.graph();
  const ir::Node& node = graph.node(id);
  const ir::Node* first = graph.ProducerIf(node.input(0), "Cast");
  if (!first) return false;
  const DataType source = rewriter.ElementOf(first->input(0));
  if (!IsExact(source, TargetOf(*first))) {
    rewriter.Skip(id, "the cast before it is not known to be exact");
    return false;
  }
  if (ExactBits(TargetOf(node)) == 0 ||
      (ir::IsFloatingPoint(source) && !ir::IsFloatingPoint(TargetOf(node)))) {
    rewriter.Skip(id, "its result depends on the width of the type that it is cast from");
    return false;
  }
  const ir::NodeId producer = graph.producer(node.input(0));
  graph.SetInput(id, 0, first->input(0));
  rewriter.RemoveIfUnused(producer);
  rewriter.Count();
  return true;
}

Status Eliminate(Rewriter& rewriter, ir::NodeId id) {
  const ir::Node& node = rewriter.graph().node(id);
  if (!node.Is("Cast")) return OkStatus();
  while (SkipFirstCast(rewriter, id)) {
  }
  if (rewriter.ElementOf(node.input(0)) == TargetOf(node) &&
      rewriter.ElementOf(node.input(0)) != DataType::kUndefined)
    rewriter.Bypass(id, node.output(0), node.input(0));
  return OkStatus();
}

Result<Outcome> Run(ir::Model& model, const Context& context) {
  return OverNodes(model, context, Eliminate);
}

}  // namespace

Pass eliminate_cast() {
  return {"eliminate-cast", "casts to the same type and exact round trips are removed", Run};
}

}  // namespace edgeopt::passes
