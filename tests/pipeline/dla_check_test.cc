#include "pipeline/dla_check.h"

#include <gtest/gtest.h>

namespace edgeopt::pipeline {
namespace {

const devices::Device& Named(const char* name) { return *devices::FindDevice(name).value(); }

// NVIDIA's data sheets: two DLA cores in AGX Orin and in the 16 GB Orin NX, none in Orin Nano.
TEST(CheckDla, KnowsTheDevices) {
  for (const char* name : {"jetson-agx-orin", "jetson-orin-nx"}) {
    EXPECT_TRUE(CheckDla(Named(name), 0, "").ok()) << name;
    EXPECT_TRUE(CheckDla(Named(name), 1, "10.3.0").ok()) << name;
    EXPECT_EQ(CheckDla(Named(name), 2, "").error().code, ErrorCode::kUsage) << name;
    EXPECT_EQ(CheckDla(Named(name), -1, "").error().code, ErrorCode::kUsage) << name;
  }
  for (const char* name : {"jetson-orin-nano", "raspberry-pi-5", "cpu-generic"}) {
    const Status status = CheckDla(Named(name), 0, "");
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupported) << name;
    EXPECT_NE(status.error().hint.find("jetson-orin-nx"), std::string::npos);
  }
}

// "Working with DLA": 10.7 was the last with it, 11.4.1 is the next.
TEST(CheckDla, KnowsTheReleases) {
  for (const char* version : {"8.6.2", "10.3.0", "10.7.0", "11.4.1"})
    EXPECT_TRUE(CheckDla(Named("jetson-agx-orin"), 0, version).ok()) << version;
  for (const char* version : {"10.8.0", "10.16.2", "11.1.0", "11.4.0"})
    EXPECT_EQ(CheckDla(Named("jetson-agx-orin"), 0, version).error().code, ErrorCode::kUnsupported)
        << version;
}

report::Record MeasuredIn(const char* runtime, const char* version) {
  report::Record record;
  record.dla_core = 0;
  report::Step step;
  step.id = "tensorrt-fp16";
  step.measured_under = {{"settings", {{"runtime", {{"name", runtime}, {"version", version}}}}}};
  record.steps = {report::Step(), step};
  return record;
}

TEST(Int8OffDla, WaitsForAnEngineThatTellsTheRelease) {
  EXPECT_EQ(Int8OffDla(report::Record()), "");
  report::Record record;
  record.dla_core = 0;
  EXPECT_NE(Int8OffDla(record).find("11.4.1"), std::string::npos);
  // A stand-in is no engine.
  EXPECT_NE(Int8OffDla(MeasuredIn("onnxruntime", "11.4.1")), "");
  EXPECT_EQ(Int8OffDla(MeasuredIn("tensorrt", "11.4.1")), "");
  EXPECT_NE(Int8OffDla(MeasuredIn("tensorrt", "10.3.0")).find("10.3.0"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::pipeline
