#include "pipeline/packager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "formats/onnx/onnx.h"
#include "ir/npy.h"
#include "report/sample_record.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The runtime that says what the model y = x would say, times a factor.
RunModel Times(float factor) {
  return [factor](const fs::path& model, const std::vector<std::vector<ir::Tensor>>& samples)
             -> Result<std::vector<std::vector<ir::Tensor>>> {
    EDGEOPT_CHECK_OK(formats::ReadOnnx(model));
    std::vector<std::vector<ir::Tensor>> outputs;
    for (const auto& sample : samples) {
      EDGEOPT_TRY(auto values, sample.at(0).ToFloats());
      for (float& value : values) value *= factor;
      ir::Tensor y = ir::Tensor::Of<float>(sample[0].dims(), values);
      y.name = "y";
      outputs.push_back({y});
    }
    return outputs;
  };
}

// The same as the runtime that a package is verified in.
RunPackaged Gives(float factor) {
  return [factor](const fs::path& model, const package::Content&,
                  const std::vector<std::vector<ir::Tensor>>& samples) -> Result<GoldenRun> {
    EDGEOPT_TRY(auto outputs, Times(factor)(model, samples));
    return GoldenRun{std::move(outputs), "onnxruntime", "1", {}, {}};
  };
}

class PackagerTest : public ::testing::Test {
 protected:
  PackagerTest() {
    work_ = folder_.path() / "work";
    fs::create_directories(work_ / "variants");
    const auto model =
        formats::ParseText("g (float[n, 3] x) => (float[n, 3] y) { y = Identity(x) }").value();
    EXPECT_TRUE(formats::WriteOnnx(model, work_ / "variants/net_int8.onnx").ok());
    std::vector<float> x;
    for (int i = 0; i < 30; ++i) x.push_back(static_cast<float>(i));
    ir::Tensor data = ir::Tensor::Of<float>({10, 3}, x);
    data.name = "x";
    EXPECT_TRUE(ir::WriteNpz(folder_.path() / "data.npz", std::vector<ir::Tensor>{data}).ok());
    EXPECT_TRUE(WriteFile(work_ / "variants/table.json", "{}\n").ok());
    record_ = report::SampleRecord();
    record_.data = {};
    record_.data.path = (folder_.path() / "data.npz").string();
    record_.preprocessing.clear();
    report::Step& best = record_.steps[2];
    best.output = "variants/net_int8.onnx";
    best.sha256 = Sha256File(work_ / best.output).value();
    best.files = {{"calibration_table.json", "variants/table.json"}};
  }
  Result<Packaged> Build(bool replaceable = true) {
    return BuildPackage(record_, work_, target(), replaceable, Times(1));
  }
  fs::path target() const { return DefaultPackageFolder(record_, work_); }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  fs::path work_;
  report::Record record_;
};

TEST_F(PackagerTest, HoldsEverythingAndVerifies) {
  const auto packaged = Build();
  ASSERT_TRUE(packaged.ok()) << packaged.error().ToString();
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(packaged->folder))
    if (entry.is_regular_file())
      names.push_back(entry.path().lexically_relative(packaged->folder).string());
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names,
              ElementsAre("calibration_table.json", "golden/0_inputs.npz", "golden/0_outputs.npz",
                          "golden/1_inputs.npz", "golden/1_outputs.npz", "golden/2_inputs.npz",
                          "golden/2_outputs.npz", "manifest.json", "net_int8.onnx", "report.json",
                          "report.md"));
  for (const std::string& package : {packaged->folder, packaged->archive}) {
    const auto verification = VerifyPackage(package, Gives(1));
    ASSERT_TRUE(verification.ok()) << verification.error().ToString();
    EXPECT_TRUE(verification->pass());
    EXPECT_EQ(verification->golden.size(), 3u);
    EXPECT_EQ(verification->files, 10);
    EXPECT_EQ(ToJson(*verification)["runtime"], json({{"name", "onnxruntime"}, {"version", "1"}}));
  }
}

TEST_F(PackagerTest, TheModelCarriesTheEssentials) {
  const auto packaged = Build();
  ASSERT_TRUE(packaged.ok());
  const auto model = formats::ReadOnnx(fs::path(packaged->folder) / "net_int8.onnx").value();
  std::map<std::string, std::string> metadata(model.metadata.begin(), model.metadata.end());
  EXPECT_EQ(metadata["edgeopt.source_sha256"], std::string(64, 'a'));
  EXPECT_EQ(metadata["edgeopt.recipe"], "simplify, static-int8");
  EXPECT_EQ(metadata["edgeopt.accuracy"], "0.8910");
  EXPECT_EQ(metadata["edgeopt.baseline_accuracy"], "0.9000");
}

TEST_F(PackagerTest, IsReproducible) {
  const std::string first = Sha256File(Build()->archive).value();
  EXPECT_EQ(Sha256File(Build()->archive).value(), first);
}

TEST_F(PackagerTest, AnEarlierPackageStaysWhenTheNewOneFails) {
  const auto first = Build();
  ASSERT_TRUE(first.ok());
  const std::string archive = Sha256File(first->archive).value();
  // The runtime fails, after half of the package is written.
  const RunModel crash = [](const auto&, const auto&) { return Unavailable("it crashed"); };
  EXPECT_FALSE(BuildPackage(record_, work_, target(), /*replaceable=*/true, crash).ok());
  EXPECT_EQ(Sha256File(first->archive).value(), archive);
  EXPECT_TRUE(VerifyPackage(first->folder, Gives(1))->pass());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(work_))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names,
              ::testing::UnorderedElementsAre("variants", "net_package", "net_package.tar.zst"));
}

TEST_F(PackagerTest, ANameWithASlashBehindIsTheSame) {
  const auto packaged =
      BuildPackage(record_, work_, folder_.path() / "release/", /*replaceable=*/false, Times(1));
  ASSERT_TRUE(packaged.ok()) << packaged.error().ToString();
  EXPECT_EQ(packaged->archive, (folder_.path() / "release.tar.zst").string());
  EXPECT_TRUE(VerifyPackage(packaged->archive, Gives(1))->pass());
}

TEST_F(PackagerTest, AUsersFolderIsNotReplaced) {
  ASSERT_TRUE(Build().ok());
  const auto again = Build(/*replaceable=*/false);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kUsage);
}

TEST_F(PackagerTest, AVariantThatChangedSinceIsRefused) {
  ASSERT_TRUE(WriteFile(work_ / "variants/net_int8.onnx", "other").ok());
  const auto packaged = Build();
  ASSERT_FALSE(packaged.ok());
  EXPECT_THAT(packaged.error().message, HasSubstr("not the file that was measured"));
  for (const auto& entry : fs::directory_iterator(work_))
    EXPECT_EQ(entry.path().filename().string().find("_package"), std::string::npos)
        << "nothing is left behind";
}

TEST_F(PackagerTest, OtherOutputsThanRecordedFail) {
  const auto packaged = Build();
  ASSERT_TRUE(packaged.ok());
  // int8: 5 % of the range are tolerated.
  EXPECT_TRUE(VerifyPackage(packaged->folder, Gives(1.04f))->pass());
  const auto verification = VerifyPackage(packaged->folder, Gives(1.06f));
  ASSERT_TRUE(verification.ok());
  EXPECT_FALSE(verification->pass());
  EXPECT_NEAR(verification->golden[0].error_ratio, 0.06, 1e-3);
}

TEST_F(PackagerTest, WhatWasTamperedWithIsNotRun) {
  const auto packaged = Build();
  ASSERT_TRUE(packaged.ok());
  ASSERT_TRUE(WriteFile(fs::path(packaged->folder) / "net_int8.onnx", "evil").ok());
  const auto verification = VerifyPackage(packaged->folder, [](auto&, auto&, auto&) {
    ADD_FAILURE() << "the model was run";
    return Result<GoldenRun>(Internal("run"));
  });
  ASSERT_TRUE(verification.ok());
  EXPECT_FALSE(verification->pass());
  EXPECT_EQ(verification->file_complaints.size(), 1u);
  EXPECT_TRUE(ToJson(*verification)["runtime"].is_null());
}

TEST_F(PackagerTest, WhatIsNoPackageIsRefused) {
  EXPECT_EQ(VerifyPackage(folder_.path() / "none", Gives(1)).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(VerifyPackage(folder_.path(), Gives(1)).error().code, ErrorCode::kBadInput);
  EXPECT_EQ(VerifyPackage(folder_.path() / "data.npz", Gives(1)).error().code,
            ErrorCode::kBadInput);
}

TEST_F(PackagerTest, AnUnmeasuredRunIsNotPackaged) {
  record_.steps.resize(1);
  record_.steps[0].accuracy.reset();
  EXPECT_EQ(Build().error().code, ErrorCode::kUsage);
}

class JetsonPackageTest : public PackagerTest {
 protected:
  JetsonPackageTest() {
    record_.device = "jetson-orin-nano";
    record_.format = "tensorrt";
    record_.steps[2].kind = "tensorrt-int8";
    record_.steps[3].kind = "tensorrt-fp16";
  }
  Result<Packaged> BuildWith(const FetchBuilt& fetch) {
    return BuildPackage(record_, work_, target(), /*replaceable=*/true, Times(1), fetch);
  }
  static std::string Text(const Packaged& packaged, const char* name) {
    return ReadFile(fs::path(packaged.folder) / name).value();
  }
};

TEST_F(JetsonPackageTest, WithoutAnEngineTritonIsGivenTheOnnxModel) {
  const auto packaged = BuildWith({});
  ASSERT_TRUE(packaged.ok()) << packaged.error().ToString();
  EXPECT_FALSE(fs::exists(fs::path(packaged->folder) / "engine"));
  const std::string triton = Text(*packaged, "config.pbtxt");
  EXPECT_THAT(triton, HasSubstr("platform: \"onnxruntime_onnx\""));
  EXPECT_THAT(triton, HasSubstr("default_model_filename: \"net_int8.onnx\""));
  EXPECT_TRUE(VerifyPackage(packaged->folder, Gives(1))->pass());
}

TEST_F(JetsonPackageTest, VerifyingSaysWhatItIsForAndWhatProvedIt) {
  const auto packaged = BuildWith({});
  ASSERT_TRUE(packaged.ok()) << packaged.error().ToString();
  const RunPackaged stand_in = [](const fs::path& model, const package::Content& content,
                                  const std::vector<std::vector<ir::Tensor>>& samples) {
    EXPECT_TRUE(content.for_tensorrt);
    EXPECT_EQ(content.precision, "int8");
    auto run = Gives(1)(model, content, samples);
    run->stands_in_because = "no trtexec";
    return run;
  };
  const auto verification = VerifyPackage(packaged->folder, stand_in);
  ASSERT_TRUE(verification.ok()) << verification.error().ToString();
  EXPECT_EQ(ToJson(*verification)["runtime"],
            json({{"name", "onnxruntime"}, {"version", "1"}, {"stands_in_because", "no trtexec"}}));

  record_.steps[2].kind = "static-int8";
  record_.format = "onnx";
  const auto plain = Build();
  ASSERT_TRUE(plain.ok()) << plain.error().ToString();
  EXPECT_TRUE(
      VerifyPackage(plain->folder, [](const fs::path& model, const package::Content& content,
                                      const std::vector<std::vector<ir::Tensor>>& samples) {
        EXPECT_FALSE(content.for_tensorrt);
        return Gives(1)(model, content, samples);
      })->pass());
}

TEST_F(JetsonPackageTest, TheEngineGoesAlong) {
  const auto packaged = BuildWith(
      [](const report::Step& step, const fs::path& folder) -> Result<std::vector<std::string>> {
        EXPECT_EQ(step.id, "static-int8");
        const std::vector<std::string> names = {"trt-a.engine", "trt-a.json", "trt.timing"};
        for (const std::string& name : names) EDGEOPT_CHECK_OK(WriteFile(folder / name, name));
        return names;
      });
  ASSERT_TRUE(packaged.ok()) << packaged.error().ToString();
  EXPECT_EQ(Text(*packaged, "engine/trt-a.engine"), "trt-a.engine");
  EXPECT_THAT(Text(*packaged, "config.pbtxt"), HasSubstr("platform: \"tensorrt_plan\""));
  std::map<std::string, std::string> roles;
  const json manifest = json::parse(Text(*packaged, "manifest.json"));
  for (const json& file : manifest["files"]) roles[file["path"]] = file["role"];
  EXPECT_EQ(roles["engine/trt-a.engine"], "engine");
  EXPECT_EQ(roles["engine/trt.timing"], "timing cache");
  EXPECT_EQ(roles["build.sh"], "build recipe");
  EXPECT_TRUE(VerifyPackage(packaged->archive, Gives(1))->pass());
}

TEST_F(JetsonPackageTest, AnEngineThatCanNotBeFetchedIsAnError) {
  const auto packaged = BuildWith([](const auto&, const auto&) -> Result<std::vector<std::string>> {
    return Unavailable("the connection was cut");
  });
  EXPECT_EQ(packaged.error().code, ErrorCode::kUnavailable);
}

// docs/tensorrt.md, the table "Building an engine"; the data's sample has one row, and the model's
// first dimension is symbolic.
TEST_F(JetsonPackageTest, TheRecipeHasTheArgumentsOfEachRelease) {
  const auto packaged = BuildWith({});
  ASSERT_TRUE(packaged.ok());
  const json recipe = json::parse(Text(*packaged, "recipe.json"));
  EXPECT_EQ(recipe["shapes"], json({{"x", {1, 3}}}));
  std::map<std::string, std::vector<std::string>> arguments;
  for (const json& build : recipe["builds"]) arguments[build["tensorrt"]] = build["arguments"];
  using ::testing::Contains;
  using ::testing::Not;
  EXPECT_THAT(arguments["8.6"], Contains("--int8"));
  EXPECT_THAT(arguments["8.6"], Contains("--fp16"));
  EXPECT_THAT(arguments["9.1 to 10.x"], Contains("--stronglyTyped"));
  EXPECT_THAT(arguments["9.1 to 10.x"], Not(Contains("--int8")));
  EXPECT_THAT(arguments["11.x"], Not(Contains("--stronglyTyped")));
  EXPECT_THAT(arguments["11.x"], Not(Contains("--int8")));
  for (const auto& [release, words] : arguments) {
    EXPECT_THAT(words, Contains("--onnx=net_int8.onnx")) << release;
    EXPECT_THAT(words, Contains("--optShapes='x':1x3")) << release;
  }
}

// "Working with DLA": Q/DQ on it from 11.4.1 on, none at all between 10.7 and there.
TEST_F(JetsonPackageTest, TheRecipeIsForTheDlaOfTheRun) {
  record_.dla_core = 1;
  const auto packaged = BuildWith({});
  ASSERT_TRUE(packaged.ok());
  const json recipe = json::parse(Text(*packaged, "recipe.json"));
  EXPECT_EQ(recipe["dla_core"], 1);
  std::map<std::string, json> builds;
  for (const json& build : recipe["builds"]) builds[build["tensorrt"]] = build;
  using ::testing::Contains;
  const std::vector<std::string> arguments = builds["11.4.1 on"]["arguments"];
  EXPECT_THAT(arguments, Contains("--useDLACore=1"));
  EXPECT_THAT(arguments, Contains("--allowGPUFallback"));
  EXPECT_THAT(builds["9.1 to 10.7"]["problem"], HasSubstr("Q/DQ"));
  EXPECT_THAT(builds["10.8 to 11.4.0"]["problem"], HasSubstr("has no DLA"));
  EXPECT_THAT(Text(*packaged, "build.sh"), HasSubstr("has no DLA"));
  const json manifest = json::parse(Text(*packaged, "manifest.json"));
  EXPECT_EQ(manifest["device"]["dla_core"], 1);
  EXPECT_TRUE(
      VerifyPackage(packaged->folder, [](const fs::path& model, const package::Content& content,
                                         const std::vector<std::vector<ir::Tensor>>& samples) {
        EXPECT_EQ(content.dla_core, 1);
        return Gives(1)(model, content, samples);
      })->pass());
}

}  // namespace
}  // namespace edgeopt::pipeline
