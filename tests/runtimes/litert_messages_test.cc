#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

#include "runtimes/litert/messages.h"

namespace edgeopt::runtimes::litert {
namespace {

TEST(LiteRtMessages, KeepsWhatWentWrongOnce) {
  EXPECT_EQ(TidyMessages("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
                         "Node number 1 (ADD) failed to prepare.\n"
                         "ERROR: [litert_compiled_model.cc:162] Failed to allocate tensors\n"
                         "WARNING: [a.cc:1] Failed to allocate tensors\n"
                         "tflite/kernels/add.cc:10 a != b (3 != 4)\n\n"),
            "Node number 1 (ADD) failed to prepare. Failed to allocate tensors; a != b (3 != 4)");
  EXPECT_EQ(TidyMessages(""), "");
  EXPECT_EQ(TidyMessages("INFO: only this"), "");
  EXPECT_EQ(TidyMessages(std::string(5000, 'x')).size(), 603u);
}

TEST(LiteRtMessages, CapturesOnlyItsOwnThreadAndOnlyWhileItLives) {
  ::testing::internal::CaptureStderr();
  {
    const MessageCapture outer;
    std::fputs("ERROR: mine\n", stderr);
    {
      const MessageCapture inner;
      std::fprintf(stderr, "ERROR: %s\n", "inner");
      EXPECT_EQ(inner.Explain(), "inner");
    }
    std::thread([] { std::fputs("another thread\n", stderr); }).join();
    EXPECT_EQ(outer.Explain(), "mine");
  }
  std::fputs("afterwards\n", stderr);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "another thread\nafterwards\n");
}

}  // namespace
}  // namespace edgeopt::runtimes::litert
