#include "frameworks/recognize.h"

#include <algorithm>
#include <string_view>

#include "base/buffer.h"
#include "formats/pt2/archive.h"
#include "frameworks/pickle_globals.h"

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

using std::string_view;
using Found = std::optional<Source>;

constexpr const char* kGiveClass =
    "give the class too: package.module:callable (or file.py:callable) as the model, and "
    "--weights with this file";

std::string Quoted(const fs::path& path) { return "'" + path.string() + "'"; }

Found SourceOf(Kind kind, const fs::path& path) {
  std::error_code error;
  Source source;
  source.kind = kind;
  source.path = fs::absolute(path, error).lexically_normal();
  if (!source.path.has_filename()) source.path = source.path.parent_path();  // "folder/"
  return source;
}

Error WeightsAlone(const fs::path& path, const std::string& what) {
  return BadInput(Quoted(path) + " is " + what + ": weights without a model", kGiveClass);
}

// --- pickles, alone or in a torch.save archive ---

// A pickle is a module's when it names a class that is no plain data.
Result<Found> FromGlobals(const fs::path& path, const std::vector<std::string>& globals) {
  const auto foreign = std::find_if(globals.begin(), globals.end(),
                                    [](const std::string& global) { return !IsPlainData(global); });
  if (foreign != globals.end()) {
    Found source = SourceOf(Kind::kPickle, path);
    source->pickled_class = *foreign;
    return source;
  }
  const bool tensors = std::any_of(globals.begin(), globals.end(), [](const std::string& global) {
    return global.starts_with("torch.");
  });
  if (tensors) return WeightsAlone(path, "a state dict of PyTorch");
  return BadInput(Quoted(path) + " is a Python pickle of plain data, no model", kGiveClass);
}

Result<Found> FromPickle(const fs::path& path, const Buffer& file) {
  // Before PyTorch 1.6 torch.save wrote pickles in a row: magic number, version, facts about the
  // machine, the object, the storages' keys; raw storages follow.
  constexpr int kPicklesOfTorchSave = 5;
  std::vector<std::string> globals;
  string_view left = file.text();
  for (int i = 0; i < kPicklesOfTorchSave && !left.empty(); ++i) {
    auto pickle = ReadPickleGlobals(left);
    if (!pickle.ok() && i == 0) return pickle.error().Within(Quoted(path));
    if (!pickle.ok()) break;
    globals.insert(globals.end(), pickle->names.begin(), pickle->names.end());
    left.remove_prefix(pickle->size_bytes);
  }
  return FromGlobals(path, globals);
}

// --- ZIP archives ---

Error UnknownArchive(const fs::path& path, const formats::pt2::Archive& archive) {
  std::string listed;
  size_t count = 0;
  for (const std::string& name : archive.Names("")) {
    if (++count > 5) break;
    listed += (listed.empty() ? "'" : ", '") + name + "'";
  }
  return BadInput(Quoted(path) +
                      " is a ZIP archive, but no model: expected what torch.export.save, "
                      "torch.jit.save, torch.save or Keras's model.save write, found " +
                      (listed.empty() ? "nothing in it" : listed),
                  "give a .pt2, TorchScript, .keras, ONNX or TFLite file");
}

bool IsPt2Program(const formats::pt2::Archive& archive) {
  if (archive.Has("serialized_exported_program.json")) return true;  // until PyTorch 2.6
  for (const std::string& name : archive.Names("models/"))
    if (name.ends_with(".json")) return true;
  return false;
}

Result<Found> FromArchive(const fs::path& path, const Buffer& file) {
  const auto opened = formats::pt2::Archive::Open(file);
  if (!opened.ok()) return opened.error().Within(Quoted(path));
  const formats::pt2::Archive& archive = *opened;
  if (IsPt2Program(archive)) return SourceOf(Kind::kPt2, path);
  if (archive.Has("archive_format") || !archive.Names("data/aotinductor/").empty())
    return Unsupported(Quoted(path) +
                           " is a .pt2 archive without a program: it was compiled "
                           "(AOTInductor) for one kind of machine",
                       "give what torch.export.save writes");
  if (archive.Has("constants.pkl") || !archive.Names("code/").empty())
    return SourceOf(Kind::kTorchScript, path);
  if (archive.Has("data.pkl")) {
    EDGEOPT_TRY(const Buffer pickle, archive.Read("data.pkl"));
    const auto globals = ReadPickleGlobals(pickle.text());
    if (!globals.ok()) return globals.error().Within(Quoted(path) + ": data.pkl");
    return FromGlobals(path, globals->names);
  }
  if (archive.Has("config.json") && archive.Has("metadata.json"))
    return SourceOf(Kind::kKeras, path);
  return UnknownArchive(path, archive);
}

// --- other files ---

// Its first 8 bytes are the length of a JSON header
// (github.com/huggingface/safetensors, "Format").
bool IsSafetensors(string_view file) {
  if (file.size() < 10 || file[8] != '{') return false;
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i)
    length |= static_cast<uint64_t>(static_cast<unsigned char>(file[i])) << (8 * i);
  if (length < 2 || length > file.size() - 8) return false;
  const string_view header = file.substr(8, length);
  return header.find("\"data_offsets\"") != string_view::npos ||
         header.find("\"__metadata__\"") != string_view::npos;
}

// A GraphDef (tensorflow/core/framework/graph.proto) begins with its field 1, a NodeDef, which
// begins with name and operation. ONNX's ModelProto has no such field 1.
bool IsTensorflowGraph(string_view file) {
  constexpr char kField1 = 0x0A, kField2 = 0x12;
  size_t at = 0;
  const auto skip_length = [&]() {
    while (at < file.size() && (static_cast<unsigned char>(file[at]) & 0x80) != 0) ++at;
    ++at;
  };
  if (file.size() < 8 || file[at++] != kField1) return false;
  skip_length();
  if (at + 2 > file.size() || file[at++] != kField1) return false;
  const auto name_bytes = static_cast<unsigned char>(file[at++]);
  if (name_bytes == 0 || name_bytes >= 0x80 || name_bytes > file.size() - at) return false;
  at += name_bytes;
  return at < file.size() && file[at] == kField2;
}

// The index of a checkpoint is a table that ends in this number, little endian
// (tensorflow/core/lib/io/format.h, kTableMagicNumber).
bool IsCheckpointIndex(string_view file) {
  return file.ends_with(string_view("\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8));
}

Result<Found> FromHdf5(const fs::path& path, const Buffer& file) {
  // Keras keeps a whole model's architecture in this attribute of the root, whose name lies in the
  // file as it is.
  if (file.text().find("model_config") != string_view::npos) return SourceOf(Kind::kH5, path);
  return BadInput(Quoted(path) +
                      " is an HDF5 file without the attribute 'model_config': Keras weights "
                      "without a model, or no model at all",
                  "load the weights into the model and save it whole: model.save('model.keras')");
}

Result<Found> FromFile(const fs::path& path) {
  EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
  const string_view text = file.text();
  if (text.starts_with("PK\x03\x04")) return FromArchive(path, file);
  if (text.starts_with("\x89HDF\r\n\x1a\n")) return FromHdf5(path, file);
  if (text.size() > 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5)
    return FromPickle(path, file);
  if (IsSafetensors(text)) return WeightsAlone(path, "a safetensors file");
  if (path.filename() == "saved_model.pb") return SourceOf(Kind::kSavedModel, path.parent_path());
  if (IsTensorflowGraph(text))
    return Unsupported(Quoted(path) + " is a graph of TensorFlow 1 (GraphDef, frozen graph)",
                       "save it as a SavedModel: tf.compat.v1.saved_model.simple_save in a session "
                       "with the graph; then give the folder");
  if (IsCheckpointIndex(text))
    return BadInput(Quoted(path) + " is a checkpoint of TensorFlow: weights without a model",
                    "restore it into the model, and save that with tf.saved_model.save or "
                    "model.save('model.keras')");
  if (path.extension() == ".py")
    return BadInput(Quoted(path) + " is Python code, no model",
                    "name what makes the model: " + path.string() + ":callable");
  return Found();
}

// --- folders ---

bool HoldsCheckpoints(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.filename() == "checkpoint" || path.extension() == ".index" ||
        path.string().find(".ckpt") != std::string::npos)
      return true;
  }
  return false;
}

Result<Found> FromFolder(const fs::path& folder) {
  std::error_code error;
  const auto has = [&](const char* name) { return fs::exists(folder / name, error); };
  if (has("saved_model.pb") || has("saved_model.pbtxt")) return SourceOf(Kind::kSavedModel, folder);
  if (has("model.safetensors") || has("pytorch_model.bin"))
    return BadInput(Quoted(folder) + " holds weights of PyTorch without their class",
                    "give package.module:callable (or file.py:callable) as the model, which makes "
                    "the module with its weights, and --trust-code");
  if (HoldsCheckpoints(folder))
    return BadInput(Quoted(folder) + " holds checkpoints of TensorFlow: weights without a model",
                    "restore them into the model, and save that with tf.saved_model.save or "
                    "model.save('model.keras')");
  return BadInput(Quoted(folder) + " is a folder without saved_model.pb",
                  "give the folder of a SavedModel, or a model's file");
}

Result<Found> FromCallable(const std::string& model) {
  const size_t colon = model.rfind(':');
  const std::string module = model.substr(0, colon);
  Source source;
  source.kind = Kind::kModule;
  source.callable = model;
  if (module.ends_with(".py")) {
    std::error_code error;
    const fs::path file = fs::absolute(module, error).lexically_normal();
    if (!fs::is_regular_file(file, error))
      return BadInput(Quoted(file) + " is not there; the model is '" + model + "'",
                      "give an existing file before the colon");
    source.callable = file.string() + model.substr(colon);
  }
  return Found(std::move(source));
}

}  // namespace

Result<std::optional<Source>> Recognize(const std::string& model) {
  std::error_code error;
  if (fs::is_directory(model, error)) return FromFolder(model);
  if (fs::is_regular_file(model, error)) return FromFile(model);
  if (!fs::exists(model, error) && IsCallable(model)) return FromCallable(model);
  return Found();
}

}  // namespace edgeopt::frameworks
