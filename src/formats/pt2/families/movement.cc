// Elements in other places: transposed, flipped, rolled, or padded.
#include <algorithm>
#include <limits>
#include <numeric>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();

// x from `start` (counted from the end where negative) to `end` along one axis.
ValueId Sliced(OperatorLowering& op, ValueId x, int64_t axis, const Size& start, const Size& end) {
  return op.Node("Slice", {x, op.Vector({start}, "starts"), op.Vector({end}, "ends"),
                           op.IntVector({axis}, "axes")});
}

// --- transposes ---

std::vector<int64_t> Identity(int64_t rank) {
  std::vector<int64_t> axes(static_cast<size_t>(rank));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Status OutPermuted(OperatorLowering& op, const Operand& self, const std::vector<int64_t>& axes) {
  if (axes == Identity(self.rank())) return op.OutSame(self);
  return op.Out(op.Permuted(self.value, axes));
}

Status Permute(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto axes, op.AxesOf("dims", self.rank()));
  std::vector<int64_t> sorted = axes;
  std::ranges::sort(sorted);
  if (sorted != Identity(self.rank())) return BadInput("its axes are no permutation");
  return OutPermuted(op, self, axes);
}

Status SwapAxes(OperatorLowering& op, const Operand& self, int64_t first, int64_t second) {
  std::vector<int64_t> axes = Identity(self.rank());
  if (self.rank() > 0)
    std::swap(axes[static_cast<size_t>(first)], axes[static_cast<size_t>(second)]);
  return OutPermuted(op, self, axes);
}

template <const char* kFirst, const char* kSecond>
Status Transpose(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const int64_t first, op.AxisOf(kFirst, 0, self.rank()));
  EDGEOPT_TRY(const int64_t second, op.AxisOf(kSecond, 0, self.rank()));
  return SwapAxes(op, self, first, second);
}
constexpr char kDim0[] = "dim0", kDim1[] = "dim1", kAxis0[] = "axis0", kAxis1[] = "axis1";

// Of the last two axes.
Status MatrixTranspose(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  if (self.rank() < 2) return op.OutSame(self);
  return SwapAxes(op, self, self.rank() - 2, self.rank() - 1);
}

Status ReverseAxes(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  std::vector<int64_t> axes = Identity(self.rank());
  std::ranges::reverse(axes);
  return OutPermuted(op, self, axes);
}

// The source axes go to their destinations, the others fill the rest in order.
Status MoveAxes(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto sources, op.Ints("source", {}));
  EDGEOPT_TRY(const auto destinations, op.Ints("destination", {}));
  if (sources.size() != destinations.size()) return BadInput("its axes differ in number");
  std::vector<int64_t> axes(static_cast<size_t>(self.rank()), -1), left = Identity(self.rank());
  for (size_t i = 0; i < sources.size(); ++i) {
    EDGEOPT_TRY(const int64_t source, op.Axis(sources[i], self.rank()));
    EDGEOPT_TRY(const int64_t destination, op.Axis(destinations[i], self.rank()));
    if (self.rank() == 0) return op.OutSame(self);
    axes[static_cast<size_t>(destination)] = source;
    if (std::erase(left, source) != 1) return BadInput("its source axes repeat");
  }
  auto next = left.begin();
  for (int64_t& axis : axes) {
    if (axis >= 0) continue;
    if (next == left.end()) return BadInput("its destination axes repeat");
    axis = *next++;
  }
  if (next != left.end()) return BadInput("its destination axes repeat");
  return OutPermuted(op, self, axes);
}

// --- flips and rolls ---

Status Flip(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(auto axes, op.Ints("dims", {}));
  if (axes.empty() || self.rank() == 0) return op.OutSame(self);
  for (int64_t& axis : axes) {
    EDGEOPT_TRY(axis, op.Axis(axis, self.rank()));
  }
  const auto all = [&](int64_t value, const char* what) {
    return op.IntVector(std::vector<int64_t>(axes.size(), value), what);
  };
  return op.Out(op.Node(
      "Slice", {self.value, all(-1, "starts"), all(std::numeric_limits<int64_t>::min(), "ends"),
                op.IntVector(axes, "axes"), all(-1, "steps")}));
}

// What leaves at the end comes in at the front.
ValueId Rolled(OperatorLowering& op, ValueId x, const Size& size, int64_t axis, int64_t shift) {
  Size cut;
  if (const auto* known = std::get_if<int64_t>(&size)) {
    if (*known == 0 || shift % *known == 0) return x;
    const int64_t forward = shift % *known;
    cut = forward > 0 ? *known - forward : -forward;
  } else {
    cut = op.Node("Mod", {op.Scalar64(-shift), std::get<ValueId>(size)});
  }
  return op.Node("Concat", {Sliced(op, x, axis, cut, kEnd), Sliced(op, x, axis, int64_t{0}, cut)},
                 {{"axis", axis}});
}

Status Roll(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const auto shifts, op.Ints("shifts", {}));
  EDGEOPT_TRY(const auto dims, op.Ints("dims", {}));
  if (std::ranges::count(shifts, std::numeric_limits<int64_t>::min()) != 0)
    return BadInput("its shift is no shift");
  ValueId x = self.value;
  if (!dims.empty()) {
    if (shifts.size() != dims.size()) return BadInput("it has not one shift per axis");
    for (size_t i = 0; i < dims.size(); ++i) {
      EDGEOPT_TRY(const int64_t axis, op.Axis(dims[i], self.rank()));
      x = Rolled(op, x, op.SizeOfAxis(self, axis), axis, shifts[i]);
    }
    return op.Out(x);
  }
  // Laid out flat.
  const auto shape = self.dims();
  if (shifts.size() != 1 || !shape) return op.Unsupported("without axes, of a size not known");
  EDGEOPT_TRY(const int64_t count, ir::ElementCount(*shape));
  x = Rolled(op, op.Reshape(x, std::vector<int64_t>{-1}), count, 0, shifts.front());
  return op.Out(op.Reshape(x, *shape));
}

// --- padding ---

struct Padding {
  Sizes before, after;  // per axis
};

// PyTorch lists pairs from the last axis on.
Result<Padding> PaddingOf(OperatorLowering& op, std::string_view name, int64_t rank) {
  EDGEOPT_TRY(const Sizes sizes, op.SizesOf(name));
  const size_t axes = static_cast<size_t>(rank);
  if (sizes.size() % 2 != 0 || sizes.size() / 2 > axes)
    return BadInput("its padding has " + std::to_string(sizes.size()) + " numbers for " +
                    std::to_string(rank) + " axes");
  Padding padding{Sizes(axes, int64_t{0}), Sizes(axes, int64_t{0})};
  for (size_t i = 0; i < sizes.size() / 2; ++i) {
    padding.before[axes - 1 - i] = sizes[2 * i];
    padding.after[axes - 1 - i] = sizes[2 * i + 1];
  }
  return padding;
}

Status OutPadded(OperatorLowering& op, const Operand& self, const Padding& padding,
                 const std::string& mode, ValueId value) {
  Sizes pads = padding.before;
  pads.insert(pads.end(), padding.after.begin(), padding.after.end());
  const bool none = std::ranges::all_of(pads, [](const Size& n) { return n == Size(int64_t{0}); });
  if (none) return op.OutSame(self);
  return op.Out(op.Node("Pad", {self.value, op.Vector(pads, "pads"), value}, {{"mode", mode}}));
}

Status PadConstant(OperatorLowering& op, const Operand& self, const Padding& padding) {
  EDGEOPT_TRY(const ValueId value, op.NumberAs("value", self.type, 0));
  return OutPadded(op, self, padding, "constant", value);
}

// The other end of each axis, before and behind; opset 17's Pad doesn't wrap.
Status PadCircular(OperatorLowering& op, const Operand& self, const Padding& padding) {
  ValueId x = self.value;
  for (int64_t axis = 0; axis < self.rank(); ++axis) {
    const auto pair = KnownInts(
        {padding.before[static_cast<size_t>(axis)], padding.after[static_cast<size_t>(axis)]});
    if (!pair || pair->front() < 0 || pair->back() < 0)
      return op.Unsupported("circular padding that is negative or known in a run only");
    std::vector<ValueId> parts;
    if (pair->front() > 0) parts.push_back(Sliced(op, x, axis, -pair->front(), kEnd));
    parts.push_back(x);
    if (pair->back() > 0) parts.push_back(Sliced(op, x, axis, int64_t{0}, pair->back()));
    if (parts.size() > 1) x = op.Node("Concat", parts, {{"axis", axis}});
  }
  return op.Out(x);
}

Status Pad(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const std::string mode, op.String("mode", "constant"));
  EDGEOPT_TRY(const Padding padding, PaddingOf(op, "pad", self.rank()));
  if (mode == "constant") return PadConstant(op, self, padding);
  op.Ignore("value");  // of the constant mode alone
  if (mode == "reflect") return OutPadded(op, self, padding, "reflect", ir::kNoValue);
  if (mode == "replicate") return OutPadded(op, self, padding, "edge", ir::kNoValue);
  if (mode == "circular") return PadCircular(op, self, padding);
  return op.Unsupported("padding mode '" + mode + "'");
}

Status ConstantPad(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Padding padding, PaddingOf(op, "pad", self.rank()));
  return PadConstant(op, self, padding);
}

// Rows name the mode of ONNX's Pad.
Status ModePad(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand self, op.In("self"));
  EDGEOPT_TRY(const Padding padding, PaddingOf(op, "padding", self.rank()));
  return OutPadded(op, self, padding, op.onnx(), ir::kNoValue);
}

constexpr Rule kRules[] = {
    {"aten.constant_pad_nd.default", ConstantPad},
    {"aten.flip.default", Flip},
    {"aten.mT.default", MatrixTranspose},
    {"aten.moveaxis.int", MoveAxes},
    {"aten.moveaxis.intlist", MoveAxes},
    {"aten.movedim.int", MoveAxes},
    {"aten.movedim.intlist", MoveAxes},
    {"aten.numpy_T.default", ReverseAxes},
    {"aten.pad.default", Pad},
    {"aten.permute.default", Permute},
    {"aten.permute_copy.default", Permute},
    {"aten.reflection_pad1d.default", ModePad, "reflect"},
    {"aten.reflection_pad2d.default", ModePad, "reflect"},
    {"aten.reflection_pad3d.default", ModePad, "reflect"},
    {"aten.replication_pad1d.default", ModePad, "edge"},
    {"aten.replication_pad2d.default", ModePad, "edge"},
    {"aten.replication_pad3d.default", ModePad, "edge"},
    {"aten.roll.default", Roll},
    {"aten.swapaxes.default", Transpose<kAxis0, kAxis1>},
    {"aten.swapdims.default", Transpose<kDim0, kDim1>},
    {"aten.t.default", MatrixTranspose},
    {"aten.transpose.int", Transpose<kDim0, kDim1>},
    {"aten.transpose_copy.int", Transpose<kDim0, kDim1>},
};

}  // namespace

Family movement() { return {"movement", kRules}; }

}  // namespace edgeopt::formats::pt2
