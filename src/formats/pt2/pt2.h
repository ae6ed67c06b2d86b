// Programs that torch.export.save writes (.pt2), read into the graph: no PyTorch is needed.
// docs/formats/pt2.md describes what is read.
#pragma once

#include <filesystem>

#include "base/buffer.h"
#include "base/result.h"
#include "ir/model.h"

namespace edgeopt::formats::pt2 {

// By content: the archive of torch.export.save, in its present or its older form. False for what
// can't be read.
bool IsPt2(const std::filesystem::path& path);

// The program as an ONNX model, opset 17. Weights share the file's mapped bytes.
//
// Inputs have the names of forward()'s parameters, nested ones as torch.export flattens them
// ("states_0"). Outputs: "output" for one tensor, "output_0", "output_1" for a tuple, the keys of a
// dict or dataclass; None is left out. Parameters and buffers keep their qualified names; nodes are
// named after their module ("layer1.0.conv1/Conv"). Sizes that the exporter was told are dynamic
// become symbols ("s0"), whose bounds are in the model's metadata.
//
// BadInput says what is broken. Unsupported names all operators that are missing, with their
// number, or the version, or what ONNX has no word for (a state that changes, pickled weights).
Result<ir::Model> ReadPt2(const std::filesystem::path& path);
// The same from bytes, which the result shares.
Result<ir::Model> ParsePt2(const Buffer& bytes);

}  // namespace edgeopt::formats::pt2
