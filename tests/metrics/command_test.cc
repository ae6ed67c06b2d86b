// command: the number and the file that the external command sees.
#include "base/subprocess.h"
#include "metrics/test_data.h"

namespace edgeopt::metrics {
namespace {

const std::vector<Observation> kObservations = {
    {{Floats("y", {1, 2})}, {Label(4), Text("text", "a")}},
    {{Floats("y", {3, 4})}, {Label(5), Text("text", "\xC3\xBC")}}};

Score ScoreOfCommand(const std::string& command, const std::vector<Observation>& observations) {
  return ScoreOf("command", {{"command", command}}, observations);
}

TEST(Command, TakesThePrintedNumber) {
  const Score score = ScoreOfCommand("echo 0.25; test -s", kObservations);
  EXPECT_EQ(score.value, 0.25);
  EXPECT_EQ(score.samples, 2);
  EXPECT_TRUE(score.higher_is_better);
  EXPECT_EQ(score.interval.confidence, 0);
  const Score lower =
      ScoreOf("command", {{"command", "echo 1e-3 #"}, {"higher_is_better", "false"}, {"unit", "m"}},
              kObservations);
  EXPECT_EQ(lower.value, 1e-3);
  EXPECT_FALSE(lower.higher_is_better);
  EXPECT_EQ(lower.unit, "m");
}

// Checks the file with Python's own zip reader; the .npy bytes are those of NumPy (tests/ir).
TEST(Command, SeesStackedArrays) {
  const std::string script =
      "python3 -c \"import sys, zipfile\n"
      "z = zipfile.ZipFile(sys.argv[1])\n"
      "assert z.namelist() == ['target.label.npy', 'target.text.npy', 'y.npy'], z.namelist()\n"
      "y = z.read('y.npy')\n"
      "assert b\\\"'shape': (2, 2)\\\" in y, y\n"
      "assert y[-16:].hex() == '0000803f000000400000404000008040', y\n"
      "assert z.read('target.label.npy')[-16:].hex() == '0400000000000000' '0500000000000000'\n"
      "assert z.read('target.text.npy')[-8:].hex() == '61000000' 'fc000000'\n"
      "print(7)\"";
  EXPECT_EQ(ScoreOfCommand(script, kObservations).value, 7);
}

TEST(Command, SeesOneArrayPerSampleWhereShapesDiffer) {
  const std::vector<Observation> observations = {{{Floats("y", {1, 2})}, {}},
                                                 {{Floats("y", {3})}, {}}};
  const std::string script =
      "python3 -c \"import sys, zipfile\n"
      "z = zipfile.ZipFile(sys.argv[1])\n"
      "assert z.namelist() == ['y.000000.npy', 'y.000001.npy'], z.namelist()\n"
      "assert z.read('y.000001.npy')[-4:].hex() == '00004040'\n"
      "print(1)\"";
  EXPECT_EQ(ScoreOfCommand(script, observations).value, 1);
}

TEST(Command, RefusesWhatIsNoNumber) {
  const auto expect = [](std::string_view part, const std::string& command) {
    ExpectError(ErrorCode::kBadInput, part, "command", {{"command", command}}, kObservations);
  };
  expect("printed 'accuracy 1'", "echo accuracy 1 #");
  expect("printed ''", "true");
  expect("printed 'nan'", "echo nan #");
  expect("exit code 3; it wrote: why", "echo why >&2; exit 3 #");
  ExpectError(ErrorCode::kBadInput, "no sample", "command", {{"command", "true"}}, {});
  ExpectError(ErrorCode::kUsage, "needs the parameter 'command'", "command", {}, {});
  ExpectError(ErrorCode::kBadInput, "int64 in sample 1, but float32 before", "command",
              {{"command", "true"}},
              {{{Floats("y", {1})}, {}}, {{Array<int64_t>("y", {1}, {1})}, {}}});
}

}  // namespace
}  // namespace edgeopt::metrics
