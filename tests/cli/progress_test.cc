#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace edgeopt::cli {
namespace {

using ::testing::HasSubstr;

// A printer whose clock and output are in the test's hands.
class Screen {
 public:
  explicit Screen(ProgressPrinter::Style style)
      : printer(
            style, [this](std::string_view text) { shown += text; }, [this] { return now_s; }) {}
  std::string Take() { return std::exchange(shown, ""); }

  std::string shown;
  double now_s = 100;
  ProgressPrinter printer;
};

TEST(ProgressTest, ATerminalShowsABarAndTheTimeLeft) {
  Screen screen(ProgressPrinter::Style::kTerminal);
  screen.printer.Start("calibrate", 200);
  screen.now_s += 30;
  screen.printer.Advance(50);
  // A quarter took 30 s: 90 s are left, and 6 of 24 columns are filled.
  EXPECT_THAT(screen.Take(), HasSubstr("[######..................]  25 %, 1 min 30 s left"));
  screen.now_s += 0.01;
  screen.printer.Advance(51);
  EXPECT_EQ(screen.Take(), "");  // not redrawn that often
  screen.printer.Finish();
  EXPECT_EQ(screen.Take(), "\r\x1b[Kcalibrate: 30 s\n");
}

TEST(ProgressTest, ElsewhereThereArePlainLinesNowAndThen) {
  Screen screen(ProgressPrinter::Style::kPlain);
  screen.printer.Start("validate", 100);
  screen.now_s += 5;
  screen.printer.Advance(10);
  EXPECT_EQ(screen.Take(), "");
  screen.now_s += 5;
  screen.printer.Advance(20);
  EXPECT_EQ(screen.Take(), "validate:  20 %, 40 s left\n");
  screen.now_s += 3600;
  screen.printer.Advance(100);
  screen.printer.Finish();
  EXPECT_EQ(screen.Take(), "validate: 1 h 00 min\n");
}

TEST(ProgressTest, QuickWorkLeavesNoLine) {
  Screen screen(ProgressPrinter::Style::kPlain);
  screen.printer.Start("validate", 1);
  screen.now_s += 0.1;
  screen.printer.Finish();
  EXPECT_EQ(screen.Take(), "");
}

TEST(ProgressTest, NotesAndWarnings) {
  Screen plain(ProgressPrinter::Style::kPlain), quiet(ProgressPrinter::Style::kQuiet);
  for (Screen* screen : {&plain, &quiet}) {
    screen->printer.Note("a note");
    screen->printer.Warn("few samples");
  }
  EXPECT_EQ(plain.Take(), "a note\nwarning: few samples\n");
  EXPECT_EQ(quiet.Take(), "warning: few samples\n");
}

TEST(ProgressTest, ANoteDoesNotDamageTheBar) {
  Screen screen(ProgressPrinter::Style::kTerminal);
  screen.printer.Start("measure", 0);
  screen.Take();
  screen.printer.Note("a note");
  EXPECT_THAT(screen.Take(), ::testing::StartsWith("\r\x1b[Ka note\nmeasure "));
}

}  // namespace
}  // namespace edgeopt::cli
