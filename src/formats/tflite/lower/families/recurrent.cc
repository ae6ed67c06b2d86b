// LSTM, GRU and RNN over a known number of steps, unrolled: one product with the input weights for
// all steps, then per step one with the recurrent weights and the gates' functions. TFLite's own
// recurrent operators keep their state from one invocation to the next, which ONNX's do not.
//
// Source: the equations of ONNX's operators LSTM, GRU and RNN.
#include <algorithm>
#include <cmath>

#include "formats/tflite/lower/compose.h"
#include "formats/tflite/lower/recurrent_functions.h"

namespace edgeopt::formats::tflite::lower {
namespace {

using ir::Dims;
using ir::Tensor;

// Steps times directions: some 30,000 operators, which LiteRT takes seconds to load.
constexpr int64_t kLongestUnroll = 2048;

// Rows [first, first + count) of a direction of [directions, rows, ...], or of [directions, rows].
Tensor Rows(const Tensor& tensor, int64_t direction, int64_t first, int64_t count) {
  Dims dims(tensor.dims().begin() + 1, tensor.dims().end());
  const int64_t inner = dims.size() == 1 ? 1 : dims[1];
  const auto begin = tensor.as<float>().begin() + (direction * dims[0] + first) * inner;
  dims[0] = count;
  return Tensor::Of(dims, std::vector<float>(begin, begin + count * inner));
}

Tensor Sum(const Tensor& left, const Tensor& right) {
  std::vector<float> sum(left.as<float>().begin(), left.as<float>().end());
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += right.as<float>()[i];
  return Tensor::Of(left.dims(), sum);
}

// kOmitted is a state of zeros: nothing is computed from it.
struct State {
  TensorIndex hidden = kOmitted, cell = kOmitted;
};

// One direction of the node, with what its steps share.
struct Direction {
  Composer& c;
  std::vector<RecurrentFunction> functions;  // f, g, h of ONNX's equations
  float clip = INFINITY;
  bool coupled = false;                // LSTM: the forget gate is what the input gate leaves
  bool linear_before_reset = false;    // GRU
  TensorIndex recurrent = kOmitted;    // [gates * hidden, hidden]; of a GRU its first two gates
  TensorIndex candidate = kOmitted;    // GRU: [hidden, hidden], the third gate
  TensorIndex bias = kOmitted;         // GRU: [hidden], of the third gate before the reset
  std::vector<TensorIndex> peepholes;  // LSTM: input, output, forget; or none

  // ONNX Runtime clips what the gates' functions get, but not what an LSTM's last one, h, does.
  TensorIndex Apply(size_t function, TensorIndex x) const {
    if (std::isfinite(clip) && function != 2)
      x = c.Binary(Op::MINIMUM, c.Binary(Op::MAXIMUM, x, -clip), static_cast<double>(clip));
    return functions[function](c, x);
  }
  TensorIndex Plus(TensorIndex x, TensorIndex y) const {
    return y == kOmitted ? x : c.Binary(Op::ADD, x, y);
  }
  TensorIndex Times(TensorIndex x, TensorIndex y) const {
    return y == kOmitted ? kOmitted : c.Binary(Op::MUL, x, y);
  }
  TensorIndex Connected(TensorIndex hidden, TensorIndex weights) const {
    return hidden == kOmitted ? kOmitted : c.Connected(hidden, weights, kOmitted);
  }
};

// --- a step: from the projected input [batch, gates * hidden] and the state to the next state ---

State StepRnn(const Direction& d, TensorIndex x, const State& state) {
  return {d.Apply(0, d.Plus(x, d.Connected(state.hidden, d.recurrent)))};
}

// Gates: update, reset, hidden.
State StepGru(const Direction& d, TensorIndex x, const State& state) {
  Composer& c = d.c;
  const auto inputs = c.Split(x, 3);
  std::vector<TensorIndex> recurrent = {kOmitted, kOmitted};
  if (state.hidden != kOmitted) recurrent = c.Split(d.Connected(state.hidden, d.recurrent), 2);
  const TensorIndex update = d.Apply(0, d.Plus(inputs[0], recurrent[0]));
  const TensorIndex reset = d.Apply(0, d.Plus(inputs[1], recurrent[1]));
  TensorIndex remembered;
  if (d.linear_before_reset) {
    remembered = state.hidden == kOmitted ? d.bias : c.Connected(state.hidden, d.candidate, d.bias);
    remembered = d.Times(reset, remembered);
  } else {
    remembered = d.Connected(d.Times(reset, state.hidden), d.candidate);
  }
  const TensorIndex candidate = d.Apply(1, d.Plus(inputs[2], remembered));
  const TensorIndex fresh = c.Binary(Op::MUL, c.Binary(Op::SUB, c.Scalar(1), update), candidate);
  return {d.Plus(fresh, d.Times(update, state.hidden))};
}

// Gates: input, output, forget, cell.
State StepLstm(const Direction& d, TensorIndex x, const State& state) {
  Composer& c = d.c;
  const auto gates = c.Split(d.Plus(x, d.Connected(state.hidden, d.recurrent)), 4);
  const auto peep = [&](size_t gate, TensorIndex cell) {
    return d.peepholes.empty() ? gates[gate]
                               : d.Plus(gates[gate], d.Times(d.peepholes[gate], cell));
  };
  const TensorIndex input = d.Apply(0, peep(0, state.cell));
  TensorIndex kept = kOmitted;
  if (state.cell != kOmitted) {
    const TensorIndex forget =
        d.coupled ? c.Binary(Op::SUB, c.Scalar(1), input) : d.Apply(0, peep(2, state.cell));
    kept = c.Binary(Op::MUL, forget, state.cell);
  }
  const TensorIndex cell = d.Plus(c.Binary(Op::MUL, input, d.Apply(1, gates[3])), kept);
  const TensorIndex output = d.Apply(0, peep(1, cell));
  return {c.Binary(Op::MUL, output, d.Apply(2, cell)), cell};
}

struct Cell {
  int64_t gates;
  std::vector<std::string> functions;  // by default
  // Gates, from the last one, whose recurrent weights the step reads apart.
  int64_t apart;
  State (*step)(const Direction&, TensorIndex x, const State&);
};

class Unrolling {
 public:
  Unrolling(NodeLowering& node, Cell cell) : node_(node), c_(node), cell_(std::move(cell)) {}

  Status Run() {
    EDGEOPT_CHECK_OK(ReadSizes());
    EDGEOPT_CHECK_OK(ReadWeights());
    EDGEOPT_TRY(functions_, RecurrentFunctionsOf(node_, cell_.functions, directions_));
    for (int64_t d = 0; d < directions_; ++d) {
      EDGEOPT_TRY(const Direction direction, Prepare(d));
      EDGEOPT_TRY(const TensorIndex projected, Project(d));
      Unroll(direction, d, projected);
    }
    return Write();
  }

 private:
  Status ReadSizes() {
    const std::string direction = node_.node().StringOr("direction", "forward");
    directions_ = direction == "bidirectional" ? 2 : 1;
    first_reversed_ = direction == "reverse";
    batch_first_ = node_.node().IntOr("layout", 0) != 0;
    const auto steps = node_.InDim(0, batch_first_ ? 1 : 0);
    if (!steps)
      return node_.Unsupported("the number of steps is not known",
                               "fix the sizes of the model's inputs with --shape");
    steps_ = *steps;
    if (steps_ * directions_ > kLongestUnroll)
      return node_.Unsupported(std::to_string(steps_ * directions_) +
                                   " steps, which TFLite needs an operator each for; at most " +
                                   std::to_string(kLongestUnroll) + " are unrolled",
                               "give the model shorter sequences with --shape");
    if (!node_.has_input(4)) return OkStatus();
    const auto lengths = node_.ConstantIn(4);
    if (!lengths) return node_.Unsupported("sequence_lens computed at run time");
    EDGEOPT_TRY(const auto values, lengths->ToInts());
    if (std::ranges::any_of(values, [&](int64_t length) { return length != steps_; }))
      return node_.Unsupported("sequence_lens shorter than the sequence",
                               "leave sequence_lens out");
    return OkStatus();
  }

  Result<Tensor> ConstantOf(size_t slot, const Dims& dims) const {
    const auto constant = node_.ConstantIn(slot);
    if (!constant)
      return node_.Unsupported("input " + std::to_string(slot) +
                               ", its weights, is computed at run time");
    if (constant->dims() != dims)
      return BadInput("input " + std::to_string(slot) + " has the shape " +
                      ir::ToString(constant->dims()) + "; expected " + ir::ToString(dims));
    return *constant;
  }

  Status ReadWeights() {
    const auto recurrent = node_.InType(2).static_dims();
    const auto features = node_.InDim(0, 2);
    if (!recurrent || recurrent->size() != 3 || !features)
      return node_.Unsupported("the number of features is not known");
    hidden_ = recurrent->back();
    const int64_t rows = cell_.gates * hidden_;
    EDGEOPT_TRY(input_weights_, ConstantOf(1, {directions_, rows, *features}));
    EDGEOPT_TRY(recurrent_weights_, ConstantOf(2, {directions_, rows, hidden_}));
    bias_ = Tensor::Zeros(ir::DataType::kFloat32, {directions_, 2 * rows});
    if (node_.has_input(3)) {
      EDGEOPT_TRY(bias_, ConstantOf(3, {directions_, 2 * rows}));
    }
    if (node_.has_input(7)) {
      EDGEOPT_TRY(peepholes_, ConstantOf(7, {directions_, 3 * hidden_}));
    }
    return OkStatus();
  }

  bool linear_before_reset() const { return node_.node().IntOr("linear_before_reset", 0) != 0; }

  Result<Direction> Prepare(int64_t d) {
    Direction direction{c_};
    const size_t count = cell_.functions.size();
    direction.functions.assign(functions_.begin() + d * static_cast<int64_t>(count),
                               functions_.begin() + (d + 1) * static_cast<int64_t>(count));
    direction.clip = node_.node().FloatOr("clip", INFINITY);
    direction.coupled = node_.node().IntOr("input_forget", 0) != 0;
    direction.linear_before_reset = linear_before_reset();
    const int64_t apart = cell_.apart * hidden_, rows = cell_.gates * hidden_;
    const Tensor together = Rows(recurrent_weights_, d, 0, rows - apart);
    EDGEOPT_TRY(direction.recurrent, node_.Weight(together, "recurrent"));
    if (apart != 0) {
      const Tensor last = Rows(recurrent_weights_, d, rows - apart, apart);
      EDGEOPT_TRY(direction.candidate, node_.Weight(last, "candidate"));
    }
    if (apart != 0 && linear_before_reset()) {
      const Tensor bias = Rows(bias_, d, 2 * rows - apart, apart);
      EDGEOPT_TRY(direction.bias, node_.Constant(bias, "candidate_bias"));
    }
    for (int64_t gate = 0; peepholes_ && gate < 3; ++gate) {
      const Tensor peephole = Rows(*peepholes_, d, gate * hidden_, hidden_);
      EDGEOPT_TRY(const TensorIndex added, node_.Constant(peephole, "peephole"));
      direction.peepholes.push_back(added);
    }
    return direction;
  }

  // Both biases go into the projection, but for that of a gate which is reset in between.
  Result<TensorIndex> Project(int64_t d) {
    const int64_t rows = cell_.gates * hidden_;
    Tensor recurrent = Rows(bias_, d, rows, rows);
    if (cell_.apart != 0 && linear_before_reset()) {
      std::vector<float> added(recurrent.as<float>().begin(), recurrent.as<float>().end());
      std::fill(added.end() - cell_.apart * hidden_, added.end(), 0.0f);
      recurrent = Tensor::Of({rows}, added);
    }
    EDGEOPT_TRY(const TensorIndex weights,
                node_.Weight(Rows(input_weights_, d, 0, rows), "weights"));
    EDGEOPT_TRY(const TensorIndex bias,
                node_.Constant(Sum(Rows(bias_, d, 0, rows), recurrent), "bias"));
    return c_.Connected(c_.In(0), weights, bias);
  }

  // Input `slot`, [directions, batch, hidden] or batch first; kOmitted without one.
  TensorIndex Initial(size_t slot, int64_t d) {
    if (!node_.has_input(slot)) return kOmitted;
    const auto parts = c_.Unpack(c_.In(slot), batch_first_ ? 1 : 0, directions_);
    return parts[static_cast<size_t>(d)];
  }

  void Unroll(const Direction& direction, int64_t d, TensorIndex projected) {
    const auto inputs = c_.Unpack(projected, batch_first_ ? 1 : 0, steps_);
    State state{Initial(5, d), cell_.gates == 4 ? Initial(6, d) : kOmitted};
    std::vector<TensorIndex> hidden(inputs.size());
    const bool reversed = first_reversed_ || d == 1;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const size_t step = reversed ? inputs.size() - 1 - i : i;
      state = cell_.step(direction, inputs[step], state);
      hidden[step] = state.hidden;
    }
    if (node_.has_output(0)) sequences_.push_back(c_.Pack(hidden, batch_first_ ? 1 : 0));
    last_hidden_.push_back(state.hidden);
    last_cell_.push_back(state.cell);
  }

  // Y [steps, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; batch first:
  // [batch, steps, directions, hidden] and [batch, directions, hidden].
  Status Write() {
    if (node_.has_output(0)) c_.PackInto(c_.Out(0), sequences_, batch_first_ ? 2 : 1);
    if (node_.has_output(1)) c_.PackInto(c_.Out(1), last_hidden_, batch_first_ ? 1 : 0);
    if (node_.has_output(2)) c_.PackInto(c_.Out(2), last_cell_, batch_first_ ? 1 : 0);
    return c_.status();
  }

  NodeLowering& node_;
  Composer c_;
  Cell cell_;
  int64_t directions_ = 1, steps_ = 0, hidden_ = 0;
  bool first_reversed_ = false, batch_first_ = false;
  Tensor input_weights_, recurrent_weights_, bias_;
  std::optional<Tensor> peepholes_;
  std::vector<RecurrentFunction> functions_;
  std::vector<TensorIndex> sequences_, last_hidden_, last_cell_;
};

Status Rnn(NodeLowering& node) { return Unrolling(node, {1, {"Tanh"}, 0, StepRnn}).Run(); }
Status Gru(NodeLowering& node) {
  return Unrolling(node, {3, {"Sigmoid", "Tanh"}, 1, StepGru}).Run();
}
Status Lstm(NodeLowering& node) {
  return Unrolling(node, {4, {"Sigmoid", "Tanh", "Tanh"}, 0, StepLstm}).Run();
}

constexpr Rule kRules[] = {
    {.op_type = "GRU", .lower = Gru},
    {.op_type = "LSTM", .lower = Lstm},
    {.op_type = "RNN", .lower = Rnn},
};

}  // namespace

Family recurrent() { return {"recurrent", kRules}; }

}  // namespace edgeopt::formats::tflite::lower
