// If, Loop and Scan: branches and bodies as subgraphs of the file, or unrolled; against ONNX
// Runtime, and back to ONNX.
#include <gtest/gtest.h>

#include "pipeline/from_tflite.h"
#include "support/convert.h"

namespace edgeopt::testing {
namespace {

// "" when LiteRT computes what ONNX Runtime does, the file has that operator, and what it becomes
// in ONNX again computes what LiteRT does.
std::string ProblemOf(const std::string& graph, const std::string& op) {
  const auto converted = Converted(graph);
  if (!converted.ok()) return converted.error().ToString();
  const auto& operators = (*converted->report)["operators"];
  if (!op.empty() && !operators.contains(op)) return "no " + op + ": " + operators.dump();
  const auto raised =
      pipeline::RaiseModel(converted->file, {}, *OnnxRuntime(), SilentSink(), nullptr);
  if (!raised.ok()) return "back: " + raised.error().ToString();
  const auto bytes = formats::tflite::SerializeTflite(converted->file);
  if (!bytes.ok()) return bytes.error().ToString();
  const auto litert = LiteRt()->LoadBytes(std::as_bytes(std::span(*bytes)), {});
  if (!litert.ok()) return litert.error().ToString();
  nlohmann::json verified;
  const Status same =
      pipeline::VerifyRaised(*raised, {}, *OnnxRuntime(), **litert, SilentSink(), verified);
  return same.ok() ? "" : "back: " + same.error().ToString();
}

// Without such an operator.
std::string ProblemUnrolled(const std::string& graph) {
  const auto converted = Converted(graph);
  if (!converted.ok()) return converted.error().ToString();
  const auto& operators = (*converted->report)["operators"];
  return operators.contains("WHILE") ? operators.dump() : "";
}

void ExpectRefusal(const std::string& graph, const std::string& reason) {
  const std::string refusal = Refusal(graph);
  EXPECT_NE(refusal.find(reason), std::string::npos) << refusal;
}

// Whether the sum of x is positive: of two of the three samples.
constexpr char kCondition[] = "s = ReduceSum<keepdims = 0>(x)\n c = Greater(s, zero)\n";

std::string IfGraph(const std::string& yes, const std::string& no) {
  return std::string("g (float[2] x, float[2] w) => (float[2] y) <float zero = {0}> {\n") +
         kCondition + "a = Tanh(x)\n y = If(c) <then_branch = yes () => (float[2] t) { " + yes +
         " }, else_branch = no () => (float[2] e) { " + no + " }>\n}";
}

TEST(ControlFlow, IfReadsWhatIsAroundIt) {
  EXPECT_EQ(ProblemOf(IfGraph("t = Add(a, w)", "e = Mul(a, x)"), "IF"), "");
}

TEST(ControlFlow, IfGivesWhatItReads) {
  EXPECT_EQ(ProblemOf(IfGraph("t = Identity(a)", "e = Neg(a)"), "IF"), "");
  EXPECT_EQ(ProblemOf(IfGraph("t = Identity(x)", "e = Identity(a)"), "IF"), "");
}

TEST(ControlFlow, IfGivesConstants) {
  EXPECT_EQ(ProblemOf(IfGraph("t = Constant<value = float[2] {1, 2}>()", "e = Neg(a)"), "IF"), "");
  EXPECT_EQ(ProblemOf(IfGraph("t = Constant<value = float[2] {1, 2}>()",
                              "e = Constant<value = float[2] {3, 4}>()"),
                      "IF"),
            "");
  // The condition is all that it reads; it is an input.
  EXPECT_EQ(Problem("g (bool c) => (float y) { y = If(c) <"
                    "then_branch = yes () => (float t) { t = Constant<value = float {1}>() },"
                    "else_branch = no () => (float e) { e = Constant<value = float {2}>() }> }"),
            "");
}

TEST(ControlFlow, IfOfSeveralOutputs) {
  EXPECT_EQ(ProblemOf(std::string("g (float[2] x) => (float[2] y, float z, int64[1] k)"
                                  "<float zero = {0}> {\n") +
                          kCondition +
                          "y, z, k = If(c) <then_branch = yes () => (float[2] t, float u, int64[1] "
                          "v) { t = Exp(x)\n u = Identity(s)\n v = Constant<value = int64[1] "
                          "{5}>() }, else_branch = no () => (float[2] e, float f, int64[1] h) "
                          "{ e = Neg(x)\n f = Neg(s)\n h = Constant<value = int64[1] {6}>() }>\n}",
                      "IF"),
            "");
}

// What is inside lies channels-last, what goes in and comes out does not.
TEST(ControlFlow, IfAroundConvolutions) {
  EXPECT_EQ(
      ProblemOf(std::string("g (float[1,3,6,6] x, float[4,3,3,3] w1, float[4,3,3,3] w2) => "
                            "(float[1,4,4,4] y) <float zero = {0}> {\n") +
                    kCondition +
                    "y = If(c) <then_branch = yes () => (float[1,4,4,4] t) { p = Conv(x, w1)\n"
                    "t = Relu(p) }, else_branch = no () => (float[1,4,4,4] e) { e = Conv(x, w2) }>"
                    "\n}",
                "IF"),
      "");
}

TEST(ControlFlow, IfInsideIf) {
  EXPECT_EQ(ProblemOf(IfGraph("d = Greater(s, zero)\n"
                              "t = If(d) <then_branch = y2 () => (float[2] t2) { t2 = Add(a, w) },"
                              "else_branch = n2 () => (float[2] e2) { e2 = Identity(x) }>",
                              "e = Mul(a, w)"),
                      "IF"),
            "");
}

TEST(ControlFlow, IfOfDifferentSizesIsRefused) {
  ExpectRefusal(std::string("g (float[2] x) => (float[K] y) <float zero = {0}> {\n") + kCondition +
                    "y = If(c) <then_branch = yes () => (float[2] t) { t = Exp(x) }, else_branch "
                    "= no () => (float[4] e) { e = Concat<axis = 0>(x, x) }> }",
                "in one branch");
}

// --- Loop ---

// Halves a until its sum is small; what it adds comes from around it.
std::string Halving(const std::string& count) {
  return "g (float[2] x, float[2] w, int64 n) => (float[2] y, float[2] z)"
         "<float half = {0.5}, float low = {0.1}, int64 three = {3}, bool yes = {1}> {\n"
         "m = Add(n, three)\n o = Abs(x)\n u = Tanh(w)\n"
         "y, z = Loop(" +
         count +
         ", yes, o, x) <body = b (int64 i, bool go, float[2] a, float[2] k) => (bool more, "
         "float[2] next, float[2] sum) {\n"
         "next = Mul(a, half)\n sum = Add(k, u)\n"
         "r = ReduceSum<keepdims = 0>(next)\n more = Greater(r, low) }>\n}";
}

TEST(ControlFlow, LoopWhileTheDataSaysSo) {
  EXPECT_EQ(ProblemOf(Halving("\"\""), "WHILE"), "");
  EXPECT_EQ(ProblemOf(Halving("three"), "WHILE"), "");
  EXPECT_EQ(ProblemOf(Halving("m"), "WHILE"), "");
}

// Each value becomes what another one was; one stays, one is replaced by what is outside.
TEST(ControlFlow, LoopThatPassesValuesOn) {
  EXPECT_EQ(
      ProblemOf("g (float[2] x, float[2] v, int64 n) => (float[2] y, float[2] z, float[2] p, "
                "float[2] q) <int64 three = {3}, bool yes = {1}> {\n"
                "m = Add(n, three)\n o = Exp(v)\n"
                "y, z, p, q = Loop(m, yes, x, o, v, x) <body = b (int64 i, bool go, float[2] a, "
                "float[2] c, float[2] d, float[2] e) => (bool more, float[2] a2, float[2] c2, "
                "float[2] d2, float[2] e2) { more = Identity(go)\n a2 = Identity(c)\n"
                "c2 = Identity(a)\n d2 = Identity(d)\n e2 = Identity(o) }>\n}",
                "WHILE"),
      "");
}

std::string Stacking(int rounds) {
  return "g (float[2] x) => (float[2] y, float[" + std::to_string(rounds) + ",2] z, int64[" +
         std::to_string(rounds) + "] k, bool[" + std::to_string(rounds) +
         ",2] l) <float decay = {0.99}, bool yes = {1}, int64 rounds = {" + std::to_string(rounds) +
         "}> {\n"
         "y, z, k, l = Loop(rounds, yes, x) <body = b (int64 i, bool go, float[2] a) => (bool "
         "more, float[2] next, float[2] row, int64 index, bool[2] low) { more = Identity(go)\n"
         "f = Cast<to = 1>(i)\n next = Mul(a, decay)\n row = Add(next, f)\n"
         "index = Identity(i)\n low = Less(next, x) }>\n}";
}

TEST(ControlFlow, LoopWithScanOutputs) {
  EXPECT_EQ(ProblemUnrolled(Stacking(4)), "");
  EXPECT_EQ(ProblemOf(Stacking(4), ""), "");
  EXPECT_EQ(ProblemOf(Stacking(700), "WHILE"), "");
}

TEST(ControlFlow, LoopInsideLoopAndIf) {
  const std::string inner =
      "Loop(\"\", go, a) <body = in (int64 j, bool go2, float[2] p) => (bool more2, float[2] q) {"
      "q = Mul(p, half)\n r = ReduceMax<keepdims = 0>(q)\n more2 = Greater(r, low) }>";
  EXPECT_EQ(ProblemOf("g (float[2] x, int64 n) => (float[2] y) <float half = {0.5}, float low = "
                      "{0.1}, int64 three = {3}, bool yes = {1}> {\n"
                      "m = Add(n, three)\n o = Abs(x)\n"
                      "y = Loop(m, yes, o) <body = b (int64 i, bool go, float[2] a) => (bool more, "
                      "float[2] next) { h = " +
                          inner + "\n next = Add(h, x)\n more = Identity(go) }>\n}",
                      "WHILE"),
            "");
  EXPECT_EQ(ProblemOf(IfGraph("go = Identity(c)\n half = Constant<value = float {0.5}>()\n"
                              "low = Constant<value = float {0.1}>()\n t = " +
                                  inner,
                              "e = Neg(a)"),
                      "WHILE"),
            "");
}

TEST(ControlFlow, LoopRefusals) {
  // How many slices there are is known at the end only.
  ExpectRefusal(
      "g (float[2] x, int64 n) => (float[2] y, float[K,2] z) <bool yes = {1}> {\n"
      "y, z = Loop(n, yes, x) <body = b (int64 i, bool go, float[2] a) => (bool more, float[2] "
      "next, float[2] row) { more = Identity(go)\n next = Tanh(a)\n row = Exp(a) }>\n}",
      "scan output 'row' has a slice per round");
  ExpectRefusal(
      "g (float[2] x, int64 n) => (float[K] y) <bool yes = {1}> {\n"
      "y = Loop(n, yes, x) <body = b (int64 i, bool go, float[N] a) => (bool more, float[M] next) "
      "{ more = Identity(go)\n next = Concat<axis = 0>(a, x) }>\n}",
      "its carried value 'a' begins as float32[2]");
}

// Each round has another size, which is known when they stand in a row.
TEST(ControlFlow, LoopThatGrowsIsUnrolled) {
  EXPECT_EQ(ProblemUnrolled("g (float[2] x) => (float[8] y) <bool yes = {1}, int64 three = {3}> {\n"
                            "y = Loop(three, yes, x) <body = b (int64 i, bool go, float[N] a) => "
                            "(bool more, float[M] next) { more = Identity(go)\n"
                            "next = Concat<axis = 0>(a, x) }>\n}"),
            "");
}

// --- Scan ---

std::string Scanning(int length, const std::string& attributes, bool transposed) {
  const std::string steps = std::to_string(length);
  const std::string shape = transposed ? "[2," + steps + "]" : "[" + steps + ",2]";
  return "g (float[2] s, float" + shape + " x) => (float[2] y, float" + shape +
         " z) <float decay = {0.9}> {\n y, z = Scan<num_scan_inputs = 1" + attributes +
         ", body = step (float[2] a, float[2] e) => (float[2] next, float[2] row) {\n"
         "d = Mul(a, decay)\n next = Add(d, e)\n t = Tanh(next)\n row = Add(t, e) }>(s, x)\n}";
}

TEST(ControlFlow, Scan) {
  const std::string backwards = ", scan_input_directions = [1]";
  const std::string reversed = ", scan_output_directions = [1]";
  const std::string columns = ", scan_input_axes = [1], scan_output_axes = [-1]";
  for (const int length : {3, 700}) {
    const std::string op = length == 3 ? "" : "WHILE";
    EXPECT_EQ(ProblemOf(Scanning(length, "", false), op), "") << length;
    EXPECT_EQ(ProblemOf(Scanning(length, backwards, false), op), "") << length;
    EXPECT_EQ(ProblemOf(Scanning(length, backwards + reversed, false), op), "") << length;
    EXPECT_EQ(ProblemOf(Scanning(length, reversed + columns, true), op), "") << length;
  }
  EXPECT_EQ(ProblemUnrolled(Scanning(3, "", false)), "");
}

TEST(ControlFlow, ScanOfUnknownLengthIsRefused) {
  ExpectRefusal(
      "g (float[2] s, float[N,2] x) => (float[2] y) { y = Scan<num_scan_inputs = 1, body = step "
      "(float[2] a, float[2] e) => (float[2] next) { next = Add(a, e) }>(s, x) }",
      "the length of its sequences");
}

}  // namespace
}  // namespace edgeopt::testing
