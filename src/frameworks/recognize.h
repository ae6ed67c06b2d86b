// Which models are a framework's: found by content, not by the name's ending.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "frameworks/source.h"

namespace edgeopt::frameworks {

// The source that `model` names: a file, a SavedModel's folder (or its saved_model.pb), or, where
// no file has that name, a callable. nullopt: no framework's (ONNX, TFLite, nothing there). Files
// are untrusted and only looked at; nothing in them is run.
//
// BadInput for what is a framework's but no model (weights alone, checkpoints, a folder without
// saved_model.pb) and for damaged archives; Unsupported for TensorFlow 1 graphs and programs that
// were compiled for one machine. The hints say what to give instead.
Result<std::optional<Source>> Recognize(const std::string& model);

}  // namespace edgeopt::frameworks
