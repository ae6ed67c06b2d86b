#include "runtimes/tensorrt/dla_placement.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace edgeopt::runtimes::tensorrt {
namespace {

using Names = std::vector<std::string>;

// Lines of logs in NVIDIA-AI-IOT/jetson_dla_tutorial and the issues of NVIDIA/TensorRT.
constexpr const char* kLog =
    "[08/31/2023-07:07:48] [W] [TRT] Layer '/model.24/Constant_1_output_0' (CONSTANT): Unsupported "
    "on DLA. Switching this layer's device type to GPU.\n"
    "[08/31/2023-07:07:49] [I] [TRT] ---------- Layers Running on DLA ----------\n"
    "[08/31/2023-07:07:49] [I] [TRT] [DlaLayer] {ForeignNode[/cnn/cnn.0/Conv.../cnn/cnn.11/Relu]}\n"
    "[08/31/2023-07:07:49] [I] [TRT] [DlaLayer] {ForeignNode[/linear/Gemm]}\r\n"
    "[08/31/2023-07:07:49] [I] [TRT] ---------- Layers Running on GPU ----------\n"
    "[08/31/2023-07:07:49] [I] [TRT] [GpuLayer] COPY: Reformatting CopyNode for Network Input x\n"
    "[08/31/2023-07:07:49] [I] [TRT] [GpuLayer] SLICE: /backbone/Slice\n"
    "[08/31/2023-07:07:50] [I] [TRT] [GpuLayer] /model/conv1/Conv + /model/relu/Relu\n";

TEST(PlacementInLog, ReadsBothLists) {
  const DlaPlacement placement = PlacementInLog(kLog, 1);
  EXPECT_TRUE(placement.known);
  EXPECT_EQ(placement.core, 1);
  EXPECT_EQ(placement.on_dla, (Names{"{ForeignNode[/cnn/cnn.0/Conv.../cnn/cnn.11/Relu]}",
                                     "{ForeignNode[/linear/Gemm]}"}));
  // The copies between formats are no layers of the model.
  EXPECT_EQ(placement.on_gpu,
            (Names{"SLICE: /backbone/Slice", "/model/conv1/Conv + /model/relu/Relu"}));
}

TEST(PlacementInLog, TheLastListsCount) {
  const DlaPlacement placement = PlacementInLog(
      std::string(kLog) +
          "[I] [TRT] ---------- Layers Running on DLA ----------\n[I] [TRT] [DlaLayer] all\n"
          "[I] [TRT] ---------- Layers Running on GPU ----------\n",
      0);
  EXPECT_EQ(placement.on_dla, Names{"all"});
  EXPECT_EQ(placement.on_gpu, Names{});
}

TEST(PlacementInLog, IsNotKnownWithoutTheHeadings) {
  EXPECT_FALSE(PlacementInLog("[I] Engine built in 1.5 sec.\n", 0).known);
  EXPECT_FALSE(PlacementInLog("", 0).known);
  const DlaPlacement stray = PlacementInLog("[I] [TRT] [GpuLayer] conv\n", 0);
  EXPECT_FALSE(stray.known);
  EXPECT_TRUE(stray.on_gpu.empty());
}

TEST(Placement, IsKeptAsAFile) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder.ok());
  const auto file = folder->path() / "a.dla.json";
  EXPECT_FALSE(ReadPlacement(file, 0).known);
  const DlaPlacement placement = PlacementInLog(kLog, 0);
  ASSERT_TRUE(WriteFile(file, ToJson(placement)).ok());
  const DlaPlacement back = ReadPlacement(file, 0);
  EXPECT_TRUE(back.known);
  EXPECT_EQ(back.on_dla, placement.on_dla);
  EXPECT_EQ(back.on_gpu, placement.on_gpu);
  for (const char* text :
       {"", "[]", "{}", "{\"dla\": [1], \"gpu\": []}", "{\"dla\": [], \"gpu\": 3}"}) {
    ASSERT_TRUE(WriteFile(file, text).ok());
    EXPECT_FALSE(ReadPlacement(file, 0).known) << text;
  }
  ASSERT_TRUE(WriteFile(file, ToJson(DlaPlacement{})).ok());
  EXPECT_FALSE(ReadPlacement(file, 0).known);
}

TEST(Placement, IsDescribed) {
  EXPECT_EQ(Describe(DlaPlacement{1, true, {"a", "b"}, {"x"}}),
            "DLA core 1: 2 parts of the model run on it; 1 layer fell back to the GPU: 'x'");
  EXPECT_EQ(Describe(DlaPlacement{0, true, {"a"}, {}}),
            "DLA core 0: 1 part of the model runs on it; no layer fell back to the GPU");
  EXPECT_EQ(Describe(DlaPlacement{0, true, {}, {"1", "2", "3", "4", "5", "6", "7"}}),
            "DLA core 0: 0 parts of the model run on it; 7 layers fell back to the GPU: '1', '2', "
            "'3', '4', '5' and 2 more");
  EXPECT_NE(Describe(DlaPlacement{}).find("did not tell"), std::string::npos);
}

}  // namespace
}  // namespace edgeopt::runtimes::tensorrt
