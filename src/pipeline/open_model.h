// Reading a model in order to work with it.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::pipeline {

// What a model file is, by its first bytes.
enum class Format { kOnnx, kTflite };
// ONNX has no mark of its own: it is whatever is nothing else, a file that can't be read too (the
// reader tells why).
Format FormatOf(const std::filesystem::path& path);
std::string_view Name(Format format);       // "onnx"
std::string_view RuntimeOf(Format format);  // "onnxruntime", as agents call it

// The model can be read; in ONNX its weights are numbers. Runtimes tell less well what is wrong
// with a file. Of a framework's the framework tells it, when it is loaded.
Status CheckModelFile(const std::filesystem::path& path);

// The model as passes see it: ONNX as it is, TFLite as ONNX (formats/tflite/raise.h), its
// channels-last operators between transposes; a torch.export archive as ONNX (formats/pt2/pt2.h).
Result<ir::Model> ReadModel(const std::filesystem::path& path);

// As ReadModel. BadInput also for a constant that holds a NaN: whatever is made of such a
// model, its results mean nothing.
Result<ir::Model> OpenModel(const std::filesystem::path& path);

// The same for what works on ONNX alone: usage error for a TFLite file, since `edgeopt convert`
// proves what it makes of one.
Result<ir::Model> OpenOnnxModel(const std::filesystem::path& path);

// BadInput naming the first constant, in subgraphs too, that holds a NaN.
Status CheckWeights(const ir::Model& model);

}  // namespace edgeopt::pipeline
