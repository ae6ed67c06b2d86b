// LSTM, GRU and plain recurrent layers, and their cells.
//
// PyTorch has the gates of an LSTM in the order i, f, g (ONNX's c), o and those of a GRU in r, z, n
// (ONNX's h); ONNX wants i, o, f, c and z, r, h. PyTorch's GRU applies the reset gate behind the
// linear layer: linear_before_reset. Weights: [gates * H, I], [gates * H, H], two biases.
#include <algorithm>

#include "formats/pt2/lowering.h"

namespace edgeopt::formats::pt2 {
namespace {

enum class Kind { kLstm, kGru, kTanh, kRelu };

std::string OperatorOf(Kind kind) {
  return kind == Kind::kLstm ? "LSTM" : kind == Kind::kGru ? "GRU" : "RNN";
}

// Which of PyTorch's gates stands in each place of ONNX's.
std::vector<size_t> GateOrder(Kind kind) {
  if (kind == Kind::kLstm) return {0, 3, 1, 2};
  if (kind == Kind::kGru) return {1, 0, 2};
  return {0};
}

// The first axis in as many equal blocks as there are gates, reordered: bytes of the tensor.
Result<std::string> ReorderedBytes(OperatorLowering& op, ValueId value, Kind kind) {
  const auto tensor = op.ConstantOf(value);
  if (!tensor) return op.Unsupported("weights that a run computes");
  const std::vector<size_t> order = GateOrder(kind);
  if (tensor->rank() < 1 || tensor->dims()[0] % static_cast<int64_t>(order.size()) != 0)
    return BadInput("its weights don't have a block per gate");
  const std::string_view bytes = tensor->data().text();
  const size_t block = bytes.size() / order.size();
  std::string reordered;
  for (const size_t gate : order) reordered += bytes.substr(gate * block, block);
  return reordered;
}

// The weights of one layer, both directions.
struct Layer {
  ValueId weights, recurrence, bias;
  int64_t hidden = 0;
};

struct Stack {
  Kind kind = Kind::kLstm;
  std::vector<Operand> params;
  bool biased = true;
  int64_t layers = 1, directions = 1;
  size_t params_of_direction() const { return biased ? 4 : 2; }
};

Result<ir::Tensor> Joined(DataType type, const ir::Dims& dims, const std::string& bytes) {
  return ir::Tensor::Make(type, dims, Buffer::Copy(bytes.data(), bytes.size()));
}

Result<Layer> LayerOf(OperatorLowering& op, const Stack& stack, int64_t layer) {
  const size_t each = stack.params_of_direction();
  const size_t first = static_cast<size_t>(layer * stack.directions) * each;
  const Operand& example = stack.params[first];
  const auto input = example.dims(), recurrent = stack.params[first + 1].dims();
  if (!input || !recurrent || input->size() != 2 || recurrent->size() != 2)
    return BadInput("its weights are not matrices");
  std::string weights, recurrence, bias;
  for (int64_t direction = 0; direction < stack.directions; ++direction) {
    const size_t at = first + static_cast<size_t>(direction) * each;
    for (size_t i = 0; i < each; ++i) {
      const Operand& param = stack.params[at + i];
      if (param.type != example.type || param.shape != stack.params[first + i].shape)
        return BadInput("its weights differ between directions");
      EDGEOPT_TRY(const std::string bytes, ReorderedBytes(op, param.value, stack.kind));
      (i == 0 ? weights : i == 1 ? recurrence : bias) += bytes;
    }
  }
  const int64_t directions = stack.directions, rows = (*input)[0];
  Layer made{.hidden = (*recurrent)[1]};
  EDGEOPT_TRY(const ir::Tensor w, Joined(example.type, {directions, rows, (*input)[1]}, weights));
  EDGEOPT_TRY(const ir::Tensor r,
              Joined(example.type, {directions, (*recurrent)[0], made.hidden}, recurrence));
  made.weights = op.Constant(w, "weights");
  made.recurrence = op.Constant(r, "recurrence");
  if (stack.biased) {
    EDGEOPT_TRY(const ir::Tensor b, Joined(example.type, {directions, 2 * rows}, bias));
    made.bias = op.Constant(b, "bias");
  }
  return made;
}

Result<Stack> StackOf(OperatorLowering& op, Kind kind) {
  Stack stack{.kind = kind};
  EDGEOPT_TRY(stack.params, op.InList("params"));
  EDGEOPT_TRY(stack.biased, op.Bool("has_biases", true));
  EDGEOPT_TRY(stack.layers, op.Int("num_layers", 1));
  EDGEOPT_TRY(const bool both, op.Bool("bidirectional", false));
  EDGEOPT_TRY(const double dropout, op.Float("dropout", 0));
  EDGEOPT_TRY(const bool train, op.Bool("train", false));
  stack.directions = both ? 2 : 1;
  if (train && dropout > 0)
    return edgeopt::Unsupported("dropout of a model in training mode",
                                "call model.eval() before torch.export.export");
  const size_t each = stack.params_of_direction();
  constexpr int64_t kMostLayers = 1 << 16;
  if (stack.layers < 1 || stack.layers > kMostLayers)
    return BadInput("it has " + std::to_string(stack.layers) + " layers");
  const size_t expected = static_cast<size_t>(stack.layers * stack.directions) * each;
  if (stack.params.size() > expected) return op.Unsupported("projections (proj_size)");
  if (stack.params.size() < expected) return BadInput("it has too few weights");
  return stack;
}

// A state [layers * directions, N, H] or, without a batch, [layers * directions, H].
struct State {
  Operand operand;
  bool zero = false;  // a constant: ONNX's default
};
State StateOf(OperatorLowering& op, const Operand& operand, bool batched) {
  State state{operand};
  const auto constant = op.ConstantOf(operand.value);
  const auto numbers = constant ? constant->ToDoubles() : Result<std::vector<double>>(Error{});
  state.zero = numbers.ok() && std::ranges::all_of(*numbers, [](double x) { return x == 0; });
  if (!state.zero && !batched) state.operand.value = op.Unsqueeze(operand.value, {1});
  return state;
}

ValueId StateOfLayer(OperatorLowering& op, const State& state, const Stack& stack, int64_t layer) {
  if (state.zero || stack.layers == 1) return state.zero ? ir::kNoValue : state.operand.value;
  const int64_t first = layer * stack.directions;
  return op.Node("Slice",
                 {state.operand.value, op.IntVector({first}, "starts"),
                  op.IntVector({first + stack.directions}, "ends"), op.IntVector({0}, "axes")});
}

std::vector<ir::Attribute> AttributesOf(const Stack& stack, int64_t hidden) {
  std::vector<ir::Attribute> attributes = {{"hidden_size", hidden}};
  if (stack.directions == 2) attributes.push_back({"direction", std::string("bidirectional")});
  if (stack.kind == Kind::kGru) attributes.push_back({"linear_before_reset", int64_t{1}});
  if (stack.kind == Kind::kRelu)
    attributes.push_back(
        {"activations", std::vector<std::string>(static_cast<size_t>(stack.directions), "Relu")});
  return attributes;
}

// Y [T, directions, N, H] as [T, N, directions * H].
ValueId Sequence(OperatorLowering& op, ValueId y, const Stack& stack, int64_t hidden) {
  if (stack.directions == 1) return op.Squeeze(y, {1});
  const ValueId x = op.Transpose(y, {0, 2, 1, 3});
  return op.Node("Reshape", {x, op.IntVector({0, 0, stack.directions * hidden}, "shape")});
}

// The layers one behind the other; the last states of all of them, joined.
template <Kind kKind>
Status Recurrent(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand input, op.In("input"));
  EDGEOPT_TRY(const Stack stack, StackOf(op, kKind));
  EDGEOPT_TRY(const bool batch_first, op.Bool("batch_first", false));
  const bool batched = input.rank() == 3;
  if (!batched && input.rank() != 2) return BadInput("its input has not 2 or 3 axes");
  std::vector<Operand> given;
  if (kKind == Kind::kLstm) {
    EDGEOPT_TRY(given, op.InList("hx"));
  } else {
    EDGEOPT_TRY(const Operand state, op.In("hx"));
    given.push_back(state);
  }
  if (given.size() != (kKind == Kind::kLstm ? 2 : 1)) return BadInput("it lacks initial states");
  std::vector<State> states;
  for (const Operand& state : given) states.push_back(StateOf(op, state, batched));
  ValueId x = batched ? input.value : op.Unsqueeze(input.value, {1});
  if (batched && batch_first) x = op.Transpose(x, {1, 0, 2});
  std::vector<std::vector<ValueId>> last(states.size());
  for (int64_t i = 0; i < stack.layers; ++i) {
    EDGEOPT_TRY(const Layer layer, LayerOf(op, stack, i));
    std::vector<ValueId> inputs = {x, layer.weights, layer.recurrence, layer.bias, ir::kNoValue};
    for (const State& state : states) inputs.push_back(StateOfLayer(op, state, stack, i));
    const auto made =
        op.Nodes(OperatorOf(kKind), 1 + states.size(), inputs, AttributesOf(stack, layer.hidden));
    x = Sequence(op, made[0], stack, layer.hidden);
    for (size_t s = 0; s < states.size(); ++s) last[s].push_back(made[s + 1]);
  }
  if (batched && batch_first) x = op.Transpose(x, {1, 0, 2});
  EDGEOPT_CHECK_OK(op.Out(batched ? x : op.Squeeze(x, {1}), 0));
  for (size_t s = 0; s < states.size(); ++s) {
    if (op.OutUnused(s + 1)) continue;
    ValueId state = last[s].front();
    if (last[s].size() > 1) state = op.Node("Concat", last[s], {{"axis", int64_t{0}}});
    EDGEOPT_CHECK_OK(op.Out(batched ? state : op.Squeeze(state, {1}), s + 1));
  }
  return OkStatus();
}

// --- cells ---

// x w' + b, [N, gates * H], split into the gates.
Result<std::vector<ValueId>> Gates(OperatorLowering& op, ValueId x, const char* weight,
                                   const char* bias, size_t count) {
  EDGEOPT_TRY(const Operand w, op.In(weight));
  EDGEOPT_TRY(const ValueId b, op.InOrNone(bias));
  const auto dims = w.dims();
  if (!dims || dims->size() != 2 || (*dims)[0] % static_cast<int64_t>(count) != 0)
    return BadInput("its weights don't have a block per gate");
  const ValueId all = op.Node("Gemm", {x, w.value, b}, {{"transB", int64_t{1}}});
  if (count == 1) return std::vector<ValueId>{all};
  const std::vector<int64_t> sizes(count, (*dims)[0] / static_cast<int64_t>(count));
  return op.Nodes("Split", count, {all, op.IntVector(sizes, "split")}, {{"axis", int64_t{1}}});
}

Status CheckBatched(OperatorLowering& op, const Operand& input) {
  if (input.rank() == 2) return OkStatus();
  return op.Unsupported("of an input without a batch");
}

Status LstmCell(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand input, op.In("input"));
  EDGEOPT_CHECK_OK(CheckBatched(op, input));
  EDGEOPT_TRY(const auto states, op.InList("hx"));
  if (states.size() != 2) return BadInput("it lacks states");
  EDGEOPT_TRY(const auto of_input, Gates(op, input.value, "w_ih", "b_ih", 4));
  EDGEOPT_TRY(const auto of_state, Gates(op, states[0].value, "w_hh", "b_hh", 4));
  std::vector<ValueId> gates;  // i, f, g, o
  for (size_t i = 0; i < 4; ++i)
    gates.push_back(
        op.Node(i == 2 ? "Tanh" : "Sigmoid", {op.Node("Add", {of_input[i], of_state[i]})}));
  const ValueId cell = op.Node(
      "Add", {op.Node("Mul", {gates[1], states[1].value}), op.Node("Mul", {gates[0], gates[2]})});
  EDGEOPT_CHECK_OK(op.Out(op.Node("Mul", {gates[3], op.Node("Tanh", {cell})}), 0));
  return op.Out(cell, 1);
}

// n + z * (h - n), with n = tanh(W x + r * (U h)).
Status GruCell(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand input, op.In("input"));
  EDGEOPT_CHECK_OK(CheckBatched(op, input));
  EDGEOPT_TRY(const Operand state, op.In("hx"));
  EDGEOPT_TRY(const auto of_input, Gates(op, input.value, "w_ih", "b_ih", 3));
  EDGEOPT_TRY(const auto of_state, Gates(op, state.value, "w_hh", "b_hh", 3));
  const ValueId reset = op.Node("Sigmoid", {op.Node("Add", {of_input[0], of_state[0]})});
  const ValueId update = op.Node("Sigmoid", {op.Node("Add", {of_input[1], of_state[1]})});
  const ValueId fresh =
      op.Node("Tanh", {op.Node("Add", {of_input[2], op.Node("Mul", {reset, of_state[2]})})});
  const ValueId kept = op.Node("Mul", {update, op.Node("Sub", {state.value, fresh})});
  return op.Out(op.Node("Add", {fresh, kept}));
}

// Rows name the function.
Status PlainCell(OperatorLowering& op) {
  EDGEOPT_TRY(const Operand input, op.In("input"));
  EDGEOPT_CHECK_OK(CheckBatched(op, input));
  EDGEOPT_TRY(const Operand state, op.In("hx"));
  EDGEOPT_TRY(const auto of_input, Gates(op, input.value, "w_ih", "b_ih", 1));
  EDGEOPT_TRY(const auto of_state, Gates(op, state.value, "w_hh", "b_hh", 1));
  return op.Out(op.Node(op.onnx(), {op.Node("Add", {of_input[0], of_state[0]})}));
}

constexpr Rule kRules[] = {
    {"aten.gru.input", Recurrent<Kind::kGru>},
    {"aten.gru_cell.default", GruCell},
    {"aten.lstm.input", Recurrent<Kind::kLstm>},
    {"aten.lstm_cell.default", LstmCell},
    {"aten.rnn_relu.input", Recurrent<Kind::kRelu>},
    {"aten.rnn_relu_cell.default", PlainCell, "Relu"},
    {"aten.rnn_tanh.input", Recurrent<Kind::kTanh>},
    {"aten.rnn_tanh_cell.default", PlainCell, "Tanh"},
};

}  // namespace

Family recurrent() { return {"recurrent", kRules}; }

}  // namespace edgeopt::formats::pt2
