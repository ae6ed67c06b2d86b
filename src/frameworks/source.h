// A framework's model as a source: what it is, and how the worker is told of it.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "frameworks/framework.h"
#include "ir/data_type.h"
#include "ir/tensor.h"

namespace edgeopt::frameworks {

enum class Kind {
  kPt2,          // torch.export archive
  kTorchScript,  // torch.jit.save
  kModule,       // callable that makes a torch.nn.Module (user's code)
  kPickle,       // torch.save of a whole module
  kSavedModel,   // folder of tf.saved_model.save
  kKeras,        // .keras archive of Keras 3
  kH5            // whole Keras model in HDF5
};
// In the worker's words: "pt2", "torchscript", "module", "pickle", "saved_model", "keras", "h5".
std::string Name(Kind kind);
// "a torch.export archive".
std::string Describe(Kind kind);
Framework FrameworkOf(Kind kind);

// A shape that the user gave.
struct InputShape {
  std::string name;  // may be empty for the only input
  ir::DataType type = ir::DataType::kFloat32;
  ir::Dims dims;  // -1: dynamic
};

struct Source {
  Kind kind = Kind::kPt2;
  std::filesystem::path path;  // absolute: a file, of kSavedModel a folder; empty for kModule
  // kModule: "package.module:make_model" or "/abs/nets.py:make_model".
  std::string callable;
  // kPickle: the class of the module that the file holds, as it names it ("nets.MobileNet").
  std::string pickled_class;

  // What else the user says of it; Recognize leaves these alone.
  std::filesystem::path weights;  // kModule: a state dict
  bool trust_code = false;        // kModule and kPickle run code that is not edgeopt's
  std::vector<InputShape> inputs;
  std::filesystem::path sample;  // .npy or .npz: shapes and types from a sample
  std::string signature;         // of a SavedModel

  Framework framework() const { return FrameworkOf(kind); }
  // The file or folder, or the callable.
  std::string name() const { return kind == Kind::kModule ? callable : path.string(); }
};

// Whether `model` can only be meant as a callable: "package.module:name" or "folder/nets.py:name",
// without looking for it.
bool IsCallable(const std::string& model);

// UsageError that says why where the source runs code of its file or of the user without
// trust_code, and where what was said does not belong to its kind (weights of a .pt2, say).
Status CheckOptions(const Source& source);

// The worker's argument (python/edgeopt_worker). Paths are made absolute. `memory_limit_bytes`: 0
// for none.
nlohmann::json ToJson(const Source& source, int64_t memory_limit_bytes = 0);
// Reads that back, from the record of a run. BadInput says what is wrong.
Result<Source> SourceFromJson(const nlohmann::json& document);

}  // namespace edgeopt::frameworks
