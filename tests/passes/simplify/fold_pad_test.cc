#include "passes/pass_test.h"

namespace edgeopt::passes {
namespace {

constexpr char kPass[] = "fold-pad";

// pad of x [1,1,4,4] into p, `op` of p into y of `out`; `before` makes x0 from x.
std::string Padded(const std::string& widths, const std::string& op, const std::string& out,
                   const std::string& extra = "", const std::string& pad = "p = Pad(x, w)") {
  return "g (float[1,1,4,4] x) => (float" + out + " y) <int64[8] w = {" + widths + "}" + extra +
         "> {\n" + pad + "\n" + op + " }";
}
constexpr char kKernel[] = ", float[1,1,3,3] k = {1,2,3,4,5,6,7,8,9}";

TEST(FoldPad, IntoConv) {
  ExpectRewrite(
      kPass, Padded("0,0,1,0,0,0,1,2", "y = Conv(p, k)", "[1,1,4,4]", kKernel),
      Padded("0,0,0,0,0,0,0,0", "y = Conv<pads = [1,0,1,2]>(x, k)", "[1,1,4,4]", kKernel, ""),
      1e-5);
}

TEST(FoldPad, IntoConvThatPadsToo) {
  ExpectRewrite(
      kPass, Padded("0,0,1,0,0,0,0,1", "y = Conv<pads = [1,1,1,1]>(p, k)", "[1,1,5,5]", kKernel),
      Padded("0,0,0,0,0,0,0,0", "y = Conv<pads = [2,1,1,2]>(x, k)", "[1,1,5,5]", kKernel, ""),
      1e-5);
}

TEST(FoldPad, IntoConvFromAxes) {
  ExpectRewrite(
      kPass,
      "g (float[1,1,4,4] x) => (float[1,1,4,4] y) <int64[4] w = {1,1,1,1}, int64[2] a = {-1,2}" +
          std::string(kKernel) + "> { p = Pad(x, w, , a)\n y = Conv<auto_pad = \"VALID\">(p, k) }",
      "g (float[1,1,4,4] x) => (float[1,1,4,4] y) <float[1,1,3,3] k = {1,2,3,4,5,6,7,8,9}> {\n"
      "y = Conv<pads = [1,1,1,1]>(x, k) }",
      1e-5);
}

TEST(FoldPad, IntoConvWithWidthsInAnAttribute) {
  ExpectRewrite(kPass,
                Opset(9) +
                    "g (float[1,1,4,4] x) => (float[1,1,4,4] y) "
                    "<float[1,1,3,3] k = {1,2,3,4,5,6,7,8,9}> {\n"
                    "p = Pad<pads = [0,0,1,1,0,0,1,1]>(x)\n y = Conv(p, k) }",
                Opset(9) +
                    "g (float[1,1,4,4] x) => (float[1,1,4,4] y) "
                    "<float[1,1,3,3] k = {1,2,3,4,5,6,7,8,9}> { y = Conv<pads = [1,1,1,1]>(x, k) }",
                1e-5);
}

TEST(FoldPad, IntoAveragePoolThatThenCounts) {
  ExpectRewrite(kPass,
                Padded("0,0,1,1,0,0,1,1", "y = AveragePool<kernel_shape = [3,3]>(p)", "[1,1,4,4]"),
                Padded("0,0,0,0,0,0,0,0",
                       "y = AveragePool<kernel_shape = [3,3], pads = [1,1,1,1],"
                       " count_include_pad = 1>(x)",
                       "[1,1,4,4]", "", ""),
                1e-6);
}

TEST(FoldPad, IntoMaxPoolByTheLowestNumber) {
  ExpectRewrite(kPass,
                Padded("0,0,1,1,0,0,1,1", "y = MaxPool<kernel_shape = [3,3]>(p)", "[1,1,4,4]",
                       ", float v = {-3.4028235e38}", "p = Pad(x, w, v)"),
                Padded("0,0,0,0,0,0,0,0", "y = MaxPool<kernel_shape = [3,3], pads = [1,1,1,1]>(x)",
                       "[1,1,4,4]", "", ""));
}

TEST(FoldPad, IntoMaxPoolOfWhatIsNeverNegative) {
  ExpectRewrite(kPass,
                Padded("0,0,1,1,0,0,1,1", "y = MaxPool<kernel_shape = [3,3]>(p)", "[1,1,4,4]", "",
                       "r = Relu(x)\n p = Pad(r, w)"),
                Padded("0,0,0,0,0,0,0,0", "y = MaxPool<kernel_shape = [3,3], pads = [1,1,1,1]>(r)",
                       "[1,1,4,4]", "", "r = Relu(x)"));
}

// --- where it must not ---

TEST(FoldPad, NotAnotherModeOrValue) {
  ExpectUnchanged(kPass,
                  Padded("0,0,1,1,0,0,1,1", "y = Conv(p, k)", "[1,1,4,4]", kKernel,
                         "p = Pad<mode = \"reflect\">(x, w)"),
                  "it repeats or reflects the data");
  ExpectUnchanged(kPass,
                  Padded("0,0,1,1,0,0,1,1", "y = Conv(p, k)", "[1,1,4,4]",
                         std::string(kKernel) + ", float v = {1}", "p = Pad(x, w, v)"),
                  "its value is not 0");
}

TEST(FoldPad, NotOfBatchOrChannels) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,4,4] x) => (float[1,1,4,4] y) <int64[8] w = {0,1,0,0,0,0,0,0},"
                  " float[1,2,1,1] k = {1,2}> { p = Pad(x, w)\n y = Conv(p, k) }",
                  "its widths are not constants on the spatial axes alone");
}

TEST(FoldPad, NotACut) {
  ExpectUnchanged(kPass, Padded("0,0,-1,0,0,0,2,0", "y = Conv(p, k)", "[1,1,3,2]", kKernel),
                  "its widths are not constants on the spatial axes alone");
}

TEST(FoldPad, NotIntoWhatPadsAutomatically) {
  ExpectUnchanged(
      kPass,
      Padded("0,0,1,1,0,0,1,1", "y = Conv<auto_pad = \"SAME_UPPER\">(p, k)", "[1,1,6,6]", kKernel),
      "pads automatically");
}

TEST(FoldPad, NotWhatIsUsedTwice) {
  ExpectUnchanged(kPass,
                  "g (float[1,1,4,4] x) => (float[1,1,4,4] y, float[1,1,6,6] z)"
                  " <int64[8] w = {0,0,1,1,0,0,1,1}, float[1,1,3,3] k = {1,2,3,4,5,6,7,8,9}> {\n"
                  "p = Pad(x, w)\n y = Conv(p, k)\n z = Relu(p) }",
                  "");
}

TEST(FoldPad, NotIntoAnAveragePoolThatDoesNotCountItsOwn) {
  ExpectUnchanged(kPass,
                  Padded("0,0,1,1,0,0,1,1",
                         "y = AveragePool<kernel_shape = [3,3], pads = [1,1,1,1]>(p)", "[1,1,6,6]"),
                  "does not count its own padding");
  ExpectUnchanged(kPass,
                  Padded("0,0,1,1,0,0,1,1",
                         "y = AveragePool<kernel_shape = [3,3], strides = [2,2], ceil_mode = 1>(p)",
                         "[1,1,3,3]"),
                  "rounds sizes up");
}

TEST(FoldPad, NotIntoAMaxPoolWhereTheValueMayWin) {
  const std::string pool = "y = MaxPool<kernel_shape = [3,3]>(p)";
  ExpectUnchanged(kPass, Padded("0,0,1,1,0,0,1,1", pool, "[1,1,4,4]"),
                  "its value may be the largest in a window");
  ExpectUnchanged(kPass,
                  Padded("0,0,3,0,0,0,0,0", pool, "[1,1,5,2]", ", float v = {-3.4028235e38}",
                         "p = Pad(x, w, v)"),
                  "it is as wide as the kernel");
  ExpectUnchanged(kPass,
                  Padded("0,0,1,1,0,0,1,1", "y, i = MaxPool<kernel_shape = [3,3]>(p)\n z = Abs(i)",
                         "[1,1,4,4] unused, int64[1,1,4,4] z, float[1,1,4,4]",
                         ", float v = {-3.4028235e38}", "unused = Neg(x)\n p = Pad(x, w, v)"),
                  "the indices of what is behind it are used");
  ExpectUnchanged(
      kPass,
      Padded("0,0,1,1,0,0,1,1", "y = MaxPool<kernel_shape = [2,2], dilations = [2,2]>(p)",
             "[1,1,4,4]", ", float v = {-3.4028235e38}", "p = Pad(x, w, v)"),
      "is dilated");
}

}  // namespace
}  // namespace edgeopt::passes
