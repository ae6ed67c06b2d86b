// LSTM, GRU and RNN, unrolled: every form against ONNX Runtime.
#include <gtest/gtest.h>

#include <map>

#include "support/convert.h"

namespace edgeopt::testing {
namespace {

// The text of a model with one node over 5 steps of 3 features, for a batch of 2, with 4 hidden
// units. `operands` are those behind the weights: wb (biases), lengths, h, c (states), wp
// (peepholes); empty: left out.
class Recurrent {
 public:
  Recurrent(std::string op_type, std::string attributes, std::vector<std::string> operands = {})
      : op_type_(std::move(op_type)),
        attributes_(std::move(attributes)),
        operands_(std::move(operands)) {}

  std::string Text() const {
    const std::string rows = std::to_string(4 * gates()), d = Has("bidirectional") ? "2" : "1";
    const std::string state = batch_first() ? "float[2," + d + ",4]" : "float[" + d + ",2,4]";
    std::map<std::string, std::string> types = {
        {"wb", "float[" + d + "," + std::to_string(8 * gates()) + "]"},
        {"lengths", "int32[2]"},
        {"h", state},
        {"c", state},
        {"wp", "float[" + d + ",12]"}};
    std::string inputs = batch_first() ? "float[2,5,3] x" : "float[5,2,3] x";
    inputs += ", float[" + d + "," + rows + ",3] w, float[" + d + "," + rows + ",4] wr";
    std::string call = "x, w, wr";
    for (const std::string& operand : operands_) {
      call += ", " + operand;
      if (!operand.empty() && operand != "lengths") inputs += ", " + types[operand] + " " + operand;
    }
    const std::string y = batch_first() ? "float[2,5," + d + ",4] y" : "float[5," + d + ",2,4] y";
    const bool cell = op_type_ == "LSTM";
    return "g (" + inputs + ") => (" + y + ", " + state + " yh" +
           (cell ? ", " + state + " yc" : "") + ")\n<int32[2] lengths = {" + lengths +
           "}> { y, yh" + (cell ? ", yc" : "") + " = " + op_type_ + "<hidden_size = 4" +
           (attributes_.empty() ? "" : ", " + attributes_) + ">(" + call + ") }";
  }

  std::string lengths = "5, 5";

 private:
  bool Has(const std::string& text) const { return attributes_.find(text) != std::string::npos; }
  bool batch_first() const { return Has("layout = 1"); }
  int64_t gates() const { return op_type_ == "LSTM" ? 4 : op_type_ == "GRU" ? 3 : 1; }

  std::string op_type_, attributes_;
  std::vector<std::string> operands_;
};

std::string Check(const std::string& op_type, const std::string& attributes,
                  const std::vector<std::string>& operands = {}) {
  return Problem(Recurrent(op_type, attributes, operands).Text());
}

const std::vector<std::string> kStates = {"wb", "", "h", "c"};
const std::vector<std::string> kState = {"wb", "", "h"};

TEST(Recurrent, Lstm) {
  EXPECT_EQ(Check("LSTM", ""), "");
  EXPECT_EQ(Check("LSTM", "", {"wb"}), "");
  EXPECT_EQ(Check("LSTM", "direction = \"reverse\"", kStates), "");
  EXPECT_EQ(Check("LSTM", "direction = \"bidirectional\"", kStates), "");
  EXPECT_EQ(Check("LSTM", "input_forget = 1", kStates), "");
  EXPECT_EQ(Check("LSTM", "clip = 0.3", kStates), "");
  EXPECT_EQ(Check("LSTM", "", {"wb", "", "h", "c", "wp"}), "");
  EXPECT_EQ(Check("LSTM", "", {"wb", "", "", "", "wp"}), "");
}

TEST(Recurrent, Gru) {
  EXPECT_EQ(Check("GRU", ""), "");
  EXPECT_EQ(Check("GRU", "", kState), "");
  EXPECT_EQ(Check("GRU", "linear_before_reset = 1", {"wb"}), "");
  EXPECT_EQ(Check("GRU", "linear_before_reset = 1, clip = 0.4", kState), "");
  EXPECT_EQ(Check("GRU", "direction = \"bidirectional\"", kState), "");
  EXPECT_EQ(Check("GRU", "direction = \"reverse\"", kState), "");
}

TEST(Recurrent, Rnn) {
  EXPECT_EQ(Check("RNN", ""), "");
  EXPECT_EQ(Check("RNN", "direction = \"bidirectional\", clip = 0.4", kState), "");
}

TEST(Recurrent, Activations) {
  for (const std::string name :
       {"Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "Elu", "HardSigmoid", "LeakyRelu"})
    EXPECT_EQ(Check("RNN", "activations = [\"" + name + "\"]", kState), "") << name;
  EXPECT_EQ(
      Check("RNN", "activations = [\"Affine\"], activation_alpha = [0.5], activation_beta = [0.1]",
            kState),
      "");
  EXPECT_EQ(Check("GRU",
                  "activations = [\"HardSigmoid\", \"ScaledTanh\"], activation_alpha = [0.3, 0.6], "
                  "activation_beta = [0.4, 0.8]",
                  kState),
            "");
  EXPECT_EQ(Check("LSTM",
                  "direction = \"bidirectional\", activations = [\"Sigmoid\", \"Relu\", \"Tanh\", "
                  "\"HardSigmoid\", \"Tanh\", \"Softsign\"]",
                  kStates),
            "");
}

// What is known: a length for each sequence that is the whole one.
TEST(Recurrent, Lengths) {
  EXPECT_EQ(Check("LSTM", "", {"wb", "lengths"}), "");
  Recurrent shorter("LSTM", "", {"wb", "lengths"});
  shorter.lengths = "5, 3";
  EXPECT_NE(Refusal(shorter.Text()).find("sequence_lens shorter"), std::string::npos)
      << Refusal(shorter.Text());
}

TEST(Recurrent, RefusesWhatWouldTakeThousandsOfOperators) {
  const std::string graph =
      "g (float[3000,1,1] x, float[1,1,1] w, float[1,1,1] wr) => (float[3000,1,1,1] y) "
      "{ y = RNN<hidden_size = 1>(x, w, wr) }";
  EXPECT_NE(Refusal(graph).find("3000 steps"), std::string::npos) << Refusal(graph);
}

// ONNX Runtime has no batch-first form; ONNX's own case of it is among the node cases.
TEST(Recurrent, BatchFirstIsConverted) {
  const std::string problem = Check("GRU", "layout = 1", kState);
  EXPECT_EQ(problem.find("can't be converted"), std::string::npos) << problem;
}

}  // namespace
}  // namespace edgeopt::testing
