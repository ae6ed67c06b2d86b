#include "frameworks/source.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace edgeopt::frameworks {
namespace {

TEST(Source, Callables) {
  for (const char* model : {"nets:make", "package.module:make_model", "a.b:Net.small", "_n1:f2",
                            "nets.py:make", "/srv/x y/nets.py:make"})
    EXPECT_TRUE(IsCallable(model)) << model;
  for (const char* model :
       {"nets", "model.onnx", "pi@board:/models/net.onnx", "a..b:f", "a.:f", "a:", ":f", "1a:f",
        "a:f()", "a b:f", "a-b:f", "C:\\model.onnx", "a:b:c", "nets.py:", "nets.py:1"})
    EXPECT_FALSE(IsCallable(model)) << model;
}

TEST(Source, ForeignCodeNeedsConsent) {
  Source source;
  source.kind = Kind::kModule;
  source.callable = "nets:make";
  Status checked = CheckOptions(source);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, ErrorCode::kUsage);
  EXPECT_EQ(checked.error().ToString(),
            "'nets:make' is Python code, which would run with your rights; give --trust-code if "
            "you trust that code");
  source.kind = Kind::kPickle;
  source.path = "/m/full.pth";
  source.pickled_class = "posix.system";
  checked = CheckOptions(source);
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(checked.error().code, ErrorCode::kUsage);
  EXPECT_EQ(checked.error().message,
            "'/m/full.pth' is a pickled module ('posix.system'): loading it runs whatever code the "
            "file names, with your rights");
  source.trust_code = true;
  EXPECT_TRUE(CheckOptions(source).ok());
  for (const Kind kind : {Kind::kPt2, Kind::kTorchScript, Kind::kSavedModel, Kind::kKeras}) {
    Source harmless;
    harmless.kind = kind;
    EXPECT_TRUE(CheckOptions(harmless).ok()) << Name(kind);
  }
}

TEST(Source, OptionsOfOtherKindsAreRefused) {
  Source source;
  source.path = "/m/net.pt2";
  source.weights = "/m/w.pth";
  EXPECT_EQ(CheckOptions(source).error().message,
            "--weights is given, but '/m/net.pt2' is a torch.export archive, which holds its own");
  source.weights.clear();
  source.signature = "serving_default";
  EXPECT_EQ(CheckOptions(source).error().message,
            "--signature is given, but '/m/net.pt2' is a torch.export archive; only a SavedModel "
            "has signatures");
}

TEST(Source, AsTheWorkerReadsIt) {
  Source source;
  source.kind = Kind::kModule;
  source.callable = "nets:make";
  source.weights = "w.pth";
  source.trust_code = true;
  source.inputs = {{"x", ir::DataType::kFloat32, {-1, 3, 224, 224}}};
  const nlohmann::json expected = {
      {"framework", "pytorch"},
      {"kind", "module"},
      {"path", ""},
      {"callable", "nets:make"},
      {"weights", (std::filesystem::current_path() / "w.pth").string()},
      {"trust_code", true},
      {"inputs", {{{"name", "x"}, {"type", "float32"}, {"dims", {-1, 3, 224, 224}}}}},
      {"memory_limit_bytes", 4096}};
  EXPECT_EQ(ToJson(source, 4096), expected);
}

}  // namespace
}  // namespace edgeopt::frameworks
