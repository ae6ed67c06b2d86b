#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "eliminate-zero-state";

// An LSTM of one cell over x [time, batch, 1] with these initializers, nodes before it, and inputs.
std::string Lstm(const std::string& initializers, const std::string& nodes,
                 const std::string& inputs, const std::string& graph_inputs = "") {
  return "g (float[3,n,1] x" + graph_inputs + R"() => (float[3,1,n,1] y)
    <float[1,4,1] w = {0.5, -0.25, 1, 2}, float[1,4,1] r = {1, 0.5, -1, 0.25})" +
         initializers + "> {\n" + nodes + "y = LSTM<hidden_size = 1>(x, w, r" + inputs + ")\n}";
}

constexpr char kBatch[] =
    "shape = Shape<start = 1, end = 2>(x)\n full = Concat<axis = 0>(one, shape, one)\n";

TEST(EliminateZeroState, Constants) {
  ExpectRewrite(kPass, R"(g (float[3,2,1] x) => (float[3,1,2,1] y)
    <float[1,4,1] w = {0.5, -0.25, 1, 2}, float[1,4,1] r = {1, 0.5, -1, 0.25},
     float[1,2,1] z = {0, 0}> { y = LSTM<hidden_size = 1>(x, w, r, "", "", z, z) })",
                R"(g (float[3,2,1] x) => (float[3,1,2,1] y)
    <float[1,4,1] w = {0.5, -0.25, 1, 2}, float[1,4,1] r = {1, 0.5, -1, 0.25}> {
      y = LSTM<hidden_size = 1>(x, w, r) })");
}

TEST(EliminateZeroState, ZerosOfTheBatchsSize) {
  ExpectRewrite(kPass,
                Lstm(", int64[1] one = {1}, float z = {0}",
                     std::string(kBatch) + "h = Expand(z, full)\n c = ConstantOfShape(full)\n",
                     ", \"\", \"\", h, c"),
                Lstm("", "", ""));
}

TEST(EliminateZeroState, ZerosJoinedAndReshaped) {
  ExpectRewrite(kPass, R"(g (float[3,n,1] x) => (float[3,2,n,1] y)
    <float[2,3,1] w = {0.5, -0.25, 1, 2, 3, 4}, float[2,3,1] r = {1, 0.5, -1, 0.25, 1, 2},
     float z = {0}, int64[1] axis = {0}, int64[1] one = {1}> {
      n = Shape<start = 1, end = 2>(x)
      s = Concat<axis = 0>(n, one)
      flat = Expand(z, s)
      state = Unsqueeze(flat, axis)
      both = Concat<axis = 0>(state, state)
      y = GRU<hidden_size = 1, direction = "bidirectional">(x, w, r, "", "", both)
    })",
                R"(g (float[3,n,1] x) => (float[3,2,n,1] y)
    <float[2,3,1] w = {0.5, -0.25, 1, 2, 3, 4}, float[2,3,1] r = {1, 0.5, -1, 0.25, 1, 2}> {
      y = GRU<hidden_size = 1, direction = "bidirectional">(x, w, r)
    })");
}

TEST(EliminateZeroState, TheOneThatIsZeros) {
  ExpectRewrite(
      kPass,
      Lstm(", int64[1] one = {1}, float z = {0}", std::string(kBatch) + "c = Expand(z, full)\n",
           ", \"\", \"\", h, c", ", float[1,n,1] h"),
      Lstm("", "", ", \"\", \"\", h", ", float[1,n,1] h"));
}

TEST(EliminateZeroState, KeepsPeepholes) {
  ExpectRewrite(kPass, R"(g (float[3,1,1] x) => (float[3,1,1,1] y)
    <float[1,4,1] w = {0.5, -0.25, 1, 2}, float[1,4,1] r = {1, 0.5, -1, 0.25},
     float[1,1,1] z = {0}, float[1,3] p = {1, 2, 3}> {
      y = LSTM<hidden_size = 1>(x, w, r, "", "", z, z, p) })",
                R"(g (float[3,1,1] x) => (float[3,1,1,1] y)
    <float[1,4,1] w = {0.5, -0.25, 1, 2}, float[1,4,1] r = {1, 0.5, -1, 0.25},
     float[1,3] p = {1, 2, 3}> { y = LSTM<hidden_size = 1>(x, w, r, "", "", "", "", p) })");
}

TEST(EliminateZeroState, NotOtherNumbers) {
  ExpectUnchanged(kPass,
                  Lstm(", int64[1] one = {1}, float z = {1}",
                       std::string(kBatch) + "h = Expand(z, full)\n", ", \"\", \"\", h"),
                  "its initial state is not known to be zeros");
  ExpectUnchanged(kPass,
                  Lstm(", int64[1] one = {1}",
                       std::string(kBatch) + "h = ConstantOfShape<value = float[1] {0.5}>(full)\n",
                       ", \"\", \"\", h"),
                  "its initial state is not known to be zeros");
}

TEST(EliminateZeroState, NotWhatTheCallerGives) {
  ExpectUnchanged(kPass, Lstm("", "", ", \"\", \"\", h", ", float[1,n,1] h"),
                  "its initial state is not known to be zeros");
}

// Zeros, but for one part.
TEST(EliminateZeroState, NotZerosJoinedWithOthers) {
  ExpectUnchanged(kPass, R"(g (float[3,1,1] x) => (float[3,2,1,1] y)
    <float[2,1,1] w = {0.5, -0.25}, float[2,1,1] r = {1, 0.5}, float[1,1,1] z = {0},
     float[1,1,1] o = {1}> {
      h = Concat<axis = 0>(z, o)
      y = RNN<hidden_size = 1, direction = "bidirectional">(x, w, r, "", "", h)
    })",
                  "its initial state is not known to be zeros");
}

}  // namespace
}  // namespace edgeopt::passes
