#include "frameworks/recognize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "ir/stored_zip.h"

namespace edgeopt::frameworks {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Protocol 2, as torch.save writes: an OrderedDict, a storage's type, a function that makes
// tensors; and a module's class.
const std::string kStateDict =
    "\x80\x02"
    "ccollections\nOrderedDict\nctorch._utils\n_rebuild_tensor_v2\nctorch\nFloatStorage\n.";
const std::string kModule =
    "\x80\x02"
    "c__main__\nNet\nctorch._utils\n_rebuild_parameter\n.";
constexpr char kHostileBytes[] =
    "\x80\x02"
    "cposix\nsystem\nX\x02\0\0\0id\x85R.";
const std::string kHostile(kHostileBytes, sizeof kHostileBytes - 1);

class Recognition : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, const std::string& content) {
    const fs::path path = folder_.path() / name;
    fs::create_directories(path.parent_path());
    EXPECT_TRUE(WriteFile(path, content).ok());
    return path;
  }
  fs::path WriteZip(const std::string& name, const std::map<std::string, std::string>& files) {
    return Write(name, ir::StoredZip(files));
  }
  static Source Found(const std::string& model) {
    const auto source = Recognize(model);
    EXPECT_TRUE(source.ok()) << source.error().ToString();
    if (!source.ok() || !*source) {
      ADD_FAILURE() << model << " was not recognized";
      return {};
    }
    return **source;
  }
  static Error Refused(const std::string& model, ErrorCode code = ErrorCode::kBadInput) {
    const auto source = Recognize(model);
    if (source.ok()) {
      ADD_FAILURE() << model << " was taken";
      return Internal("");
    }
    EXPECT_EQ(source.error().code, code);
    EXPECT_THAT(source.error().message, HasSubstr(model));
    EXPECT_FALSE(source.error().hint.empty());
    return source.error();
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
};

TEST_F(Recognition, ByContentNotByName) {
  const auto pt2 =
      WriteZip("a.bin", {{"net/archive_format", "pt2"}, {"net/models/net.json", "{}"}});
  const Source source = Found(pt2);
  EXPECT_EQ(source.kind, Kind::kPt2);
  EXPECT_EQ(source.path, pt2);
  EXPECT_EQ(source.framework(), Framework::kPytorch);
  EXPECT_EQ(
      Found(WriteZip("b.onnx", {{"serialized_exported_program.json", "{}"}, {"version", "1"}}))
          .kind,
      Kind::kPt2);
  EXPECT_EQ(Found(WriteZip("c", {{"net/constants.pkl", ""}, {"net/data.pkl", kModule}})).kind,
            Kind::kTorchScript);
  const Source keras = Found(WriteZip(
      "d.zip", {{"config.json", "{}"}, {"metadata.json", "{}"}, {"model.weights.h5", ""}}));
  EXPECT_EQ(keras.kind, Kind::kKeras);
  EXPECT_EQ(keras.framework(), Framework::kTensorflow);
  EXPECT_EQ(Found(Write("e", "\x89HDF\r\n\x1a\n....model_config....")).kind, Kind::kH5);
}

TEST_F(Recognition, PickledModulesAreNamed) {
  const Source zip = Found(WriteZip("full.pth", {{"full/data.pkl", kModule}}));
  EXPECT_EQ(zip.kind, Kind::kPickle);
  EXPECT_EQ(zip.pickled_class, "__main__.Net");
  // As PyTorch before 1.6 wrote them: pickles in a row (magic number, version, facts), raw bytes.
  const std::string number = "\x80\x02K\x01.", facts = "\x80\x02}.";
  const Source old =
      Found(Write("old.pth", number + number + facts + kModule + "\x80\x02]." + "\xff\xff\xff"));
  EXPECT_EQ(old.kind, Kind::kPickle);
  EXPECT_EQ(old.pickled_class, "__main__.Net");
  const Source hostile = Found(Write("hostile.pt", kHostile));
  EXPECT_EQ(hostile.kind, Kind::kPickle);
  EXPECT_EQ(hostile.pickled_class, "posix.system");
}

TEST_F(Recognition, WeightsAloneAreNoModel) {
  const Error state_dict = Refused(WriteZip("w.pt", {{"w/data.pkl", kStateDict}}));
  EXPECT_THAT(state_dict.message, HasSubstr("a state dict of PyTorch: weights without a model"));
  EXPECT_THAT(state_dict.hint, HasSubstr("package.module:callable"));
  EXPECT_THAT(state_dict.hint, HasSubstr("--weights"));
  const std::string header = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::string length = {static_cast<char>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  EXPECT_THAT(Refused(Write("w.safetensors", length + header + "1234")).message,
              HasSubstr("safetensors"));
  EXPECT_THAT(Refused(Write("w.weights.h5", "\x89HDF\r\n\x1a\n....layer_names")).message,
              HasSubstr("without the attribute 'model_config'"));
  EXPECT_THAT(Refused(Write("ckpt-1.index", "......\x57\xfb\x80\x8b\x24\x75\x47\xdb")).message,
              HasSubstr("checkpoint of TensorFlow"));
  EXPECT_THAT(Refused(Write("data.pkl", "\x80\x02}.")).message, HasSubstr("plain data"));
}

TEST_F(Recognition, Folders) {
  Write("saved/saved_model.pb", "\x08\x01");
  const Source saved = Found((folder_.path() / "saved").string() + "/");
  EXPECT_EQ(saved.kind, Kind::kSavedModel);
  EXPECT_EQ(saved.path, folder_.path() / "saved");
  EXPECT_EQ(Found(folder_.path() / "saved/saved_model.pb").path, folder_.path() / "saved");
  Write("ckpt/checkpoint", "");
  EXPECT_THAT(Refused(folder_.path() / "ckpt").message, HasSubstr("checkpoints of TensorFlow"));
  Write("hub/model.safetensors", "");
  EXPECT_THAT(Refused(folder_.path() / "hub").message, HasSubstr("without their class"));
  Write("other/readme.txt", "");
  EXPECT_THAT(Refused(folder_.path() / "other").message,
              HasSubstr("a folder without saved_model.pb"));
}

TEST_F(Recognition, OtherFiles) {
  // GraphDef { node { name: "x" op: "Placeholder" } }.
  const auto graph = Write("frozen.pb", std::string("\x0a\x10\x0a\x01x\x12\x0bPlaceholder", 18));
  EXPECT_THAT(Refused(graph, ErrorCode::kUnsupported).message, HasSubstr("TensorFlow 1"));
  EXPECT_THAT(Refused(WriteZip("aot.pt2", {{"m/archive_format", "pt2"}, {"m/data/x.so", ""}}),
                      ErrorCode::kUnsupported)
                  .message,
              HasSubstr("AOTInductor"));
  EXPECT_THAT(Refused(WriteZip("any.zip", {{"a.txt", ""}})).message, HasSubstr("found 'a.txt'"));
  EXPECT_THAT(Refused(Write("cut.pt2", "PK\x03\x04half")).message, HasSubstr("broken"));
  EXPECT_THAT(Refused(Write("nets.py", "def make(): ...")).hint, HasSubstr("nets.py:callable"));
  for (const char* name : {"/examples/fashion_mbv2.onnx", "/examples/fashion_resnet10.onnx"}) {
    const auto onnx = Recognize(std::string(EDGEOPT_SOURCE_DIR) + name);
    ASSERT_TRUE(onnx.ok());
    EXPECT_FALSE(*onnx) << name;
  }
  const auto tflite = Recognize(Write("net.tflite", "\x1c\0\0\0TFL3"));
  ASSERT_TRUE(tflite.ok());
  EXPECT_FALSE(*tflite);
  const auto empty = Recognize(Write("empty", ""));
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(*empty);
}

TEST_F(Recognition, CallablesWhereNoFileHasTheName) {
  EXPECT_EQ(Found("nets:make").callable, "nets:make");
  EXPECT_EQ(Found("nets:make").kind, Kind::kModule);
  const auto file = Write("my nets.py", "def make(): ...");
  EXPECT_EQ(Found(file.string() + ":make").callable, file.string() + ":make");
  EXPECT_THAT(Refused((folder_.path() / "gone.py").string() + ":make").message,
              HasSubstr("is not there"));
  const auto named_so = Recognize(Write("a.py:b", "anything"));
  ASSERT_TRUE(named_so.ok());
  EXPECT_FALSE(*named_so);
  const auto absent = Recognize(folder_.path() / "absent.onnx");
  ASSERT_TRUE(absent.ok());
  EXPECT_FALSE(*absent);
}

// The files that PyTorch 2.15 wrote, where they are at hand (shared/models beside the tree).
TEST_F(Recognition, RealFiles) {
  const fs::path models = fs::path(EDGEOPT_SOURCE_DIR) / "../shared/models";
  if (!fs::exists(models / "fashion_mbv2.pt2")) GTEST_SKIP() << "no " << models;
  EXPECT_EQ(Found(models / "fashion_mbv2.pt2").kind, Kind::kPt2);
  EXPECT_EQ(Found(models / "fashion_resnet10.torchscript.pt").kind, Kind::kTorchScript);
  EXPECT_EQ(Found(models / "fashion_mbv2_full.pth").kind, Kind::kPickle);
  EXPECT_EQ(Found(models / "fashion_mbv2_full.pth").pickled_class, "__main__.MBV2");
  const auto weights = Recognize(models / "fashion_mbv2.pt");
  ASSERT_FALSE(weights.ok());
  EXPECT_THAT(weights.error().message, HasSubstr("a state dict of PyTorch"));
}

}  // namespace
}  // namespace edgeopt::frameworks
