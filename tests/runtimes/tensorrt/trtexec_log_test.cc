#include "runtimes/tensorrt/trtexec_log.h"

#include <gtest/gtest.h>

namespace edgeopt::runtimes::tensorrt {
namespace {

constexpr ExitStatus kDone{0, 0}, kFailed{1, 0};

std::string Failed(const std::string& lines) {
  return "&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec\n" + lines +
         "\n&&&& FAILED TensorRT.trtexec [TensorRT v8601] # trtexec\n";
}

struct Case {
  const char* log;
  ErrorCode code;
  const char* message;
  const char* hint;
};

// Lines from the issues 2176, 2195 and 4255 of NVIDIA/TensorRT, 52 of D2SLAM, 2882 of insightface,
// and from onnx-tensorrt's own text.
constexpr Case kCases[] = {
    {"[05/18/2023-05:54:47] [E] [TRT] 6: The engine plan file is not compatible with this version "
     "of "
     "TensorRT, expecting library version 8.5.1.7 got 8.5.3.1, please rebuild.\n"
     "[05/18/2023-05:54:47] [E] [TRT] 4: [runtime.cpp::deserializeCudaEngine::66] Error Code 4: "
     "Internal Error (Engine deserialization failed.)",
     ErrorCode::kUnsupported, "got 8.5.3.1", "build it on this device"},
    {"[11/08/2024-08:46:50] [E] [TRT] 1: [stdArchiveReader.cpp::StdArchiveReader::40] Error Code "
     "1: "
     "Serialization (Serialization assertion stdVersionRead == serializationVersion failed.Version "
     "tag does not match. Note: Current Version: 213, Serialized Engine Version: 232)",
     ErrorCode::kUnsupported, "another version", "build it on this device"},
    {"[05/07/2026-08:46:50] [E] [TRT] IRuntime::deserializeCudaEngine: Error Code 6: API Usage "
     "Error "
     "(The engine plan file is generated on an incompatible device, expecting compute 8.9 got "
     "compute 8.6, please rebuild.)",
     ErrorCode::kUnsupported, "expecting compute 8.9 got compute 8.6", "build it on this device"},
    {"[03/13/2026-13:17:50] [E] [TRT] [virtualMemoryBuffer.cpp::resizePhysical::154] Error Code 2: "
     "OutOfMemory (Requested size was 2833252352 bytes.)\n"
     "[03/13/2026-13:17:51] [E] [TRT] 10: [optimizer.cpp::computeCosts::2033] Error Code 10: "
     "Internal Error (Could not find any implementation for node Conv_119 + Add_182.)",
     ErrorCode::kUnavailable, "not enough memory", "swap"},
    {"[04/05/2024-23:43:46] [E] [TRT] 10: [optimizer.cpp::computeCosts::2033] Error Code 10: "
     "Internal Error (Could not find any implementation for node Conv_119 + Add_182.)",
     ErrorCode::kUnsupported, "Conv_119 + Add_182", "workspace"},
    {"[06/20/2025-12:02:56] [E] [TRT] ModelImporter.cpp:951: [6] creator && \"Plugin not found, "
     "are "
     "the plugin name, version, and namespace correct?\"\n[06/20/2025-12:02:56] [E] Failed to "
     "parse "
     "onnx file",
     ErrorCode::kUnsupported, "operator that TensorRT lacks", "ONNX Runtime"},
    {"[06/20/2025-12:02:56] [E] Unknown option: --fp16 ", ErrorCode::kUnsupported, "--fp16",
     "version"},
    {"Cuda failure: no CUDA-capable device is detected", ErrorCode::kUnavailable, "no GPU",
     "container"},
};

TEST(CheckTrtexec, SaysWhatFailedAndWhatToDo) {
  for (const Case& one : kCases) {
    const auto status = CheckTrtexec(kFailed, Failed(one.log));
    ASSERT_FALSE(status.ok()) << one.log;
    EXPECT_EQ(status.error().code, one.code) << one.log;
    EXPECT_NE(status.error().message.find(one.message), std::string::npos)
        << status.error().message;
    EXPECT_NE(status.error().hint.find(one.hint), std::string::npos) << status.error().hint;
    EXPECT_EQ(status.error().message.find("[E]"), std::string::npos) << status.error().message;
  }
}

TEST(CheckTrtexec, IsContentOnlyWithBothSigns) {
  const std::string passed =
      "&&&& RUNNING TensorRT.trtexec [TensorRT v8601] # trtexec\n"
      "[03/24/2024-10:00:00] [E] [TRT] a message of no consequence\n"
      "&&&& PASSED TensorRT.trtexec [TensorRT v8601] # trtexec\n";
  EXPECT_TRUE(CheckTrtexec(kDone, passed).ok());
  EXPECT_FALSE(CheckTrtexec(kFailed, passed).ok());
  EXPECT_FALSE(CheckTrtexec(kDone, "").ok());
  EXPECT_FALSE(CheckTrtexec(kDone, Failed("")).ok());
  // A model's name must not pass for the sign.
  EXPECT_FALSE(CheckTrtexec(kDone, "[I] Model: &&&& PASSED TensorRT.trtexec\n").ok());
}

TEST(CheckTrtexec, KeepsTensorRtsWordsForWhatItDoesNotKnow) {
  const auto status = CheckTrtexec(
      kFailed,
      Failed("[03/24/2024-10:00:00] [W] a warning\n[03/24/2024-10:00:00] [E] [TRT] first\x07\r\n"
             "[03/24/2024-10:00:01] [E] [TRT] first\x07\r\n[03/24/2024-10:00:02] [E] second"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "trtexec failed (exit code 1): first; second");
}

TEST(CheckTrtexec, KnowsTheOutOfMemoryKiller) {
  const auto status = CheckTrtexec(ExitStatus{0, 9}, "&&&& RUNNING TensorRT.trtexec");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message.find("memory"), std::string::npos);
}

TEST(CheckTrtexec, BoundsWhatItRepeats) {
  std::string log;
  for (int i = 0; i < 2000; ++i) log += "[E] " + std::string(300, 'x') + std::to_string(i) + "\n";
  const auto status = CheckTrtexec(kFailed, log);
  ASSERT_FALSE(status.ok());
  EXPECT_LT(status.error().message.size(), 700u);
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
