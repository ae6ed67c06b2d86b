#include "formats/onnx/sniff.h"

#include <algorithm>
#include <string_view>

namespace edgeopt::formats::internal {
namespace {

using namespace std::string_view_literals;

struct Signature {
  size_t offset;
  std::string_view bytes;
  const char* name;
  const char* hint;
};

constexpr Signature kSignatures[] = {
    {4, "TFL3"sv, "a TensorFlow Lite model", "give an ONNX model"},
    {4, "ORTM"sv, "a model in ONNX Runtime's ORT format", "give the ONNX model it was made from"},
    {0, "PK\x03\x04"sv, "a zip archive (PyTorch .pt, Keras .keras or NumPy .npz)",
     "export the model to ONNX"},
    {0, "\x80\x02"sv, "a Python pickle (old PyTorch checkpoint)", "export the model to ONNX"},
    {0, "\x80\x04"sv, "a Python pickle", "export the model to ONNX"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras .h5)", "export the model to ONNX"},
    {0, "GGUF"sv, "a GGUF file", "give an ONNX model"},
    {0, "\x93NUMPY"sv, "a NumPy array", "give an ONNX model"},
    {0, "ftrt"sv, "a TensorRT engine", "give the ONNX model it was built from"},
    {0, "\x1f\x8b"sv, "a gzip file", "unpack it first"},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd file", "unpack it first"},
    {0, "version https://git-lfs"sv, "a Git LFS pointer, not the file itself",
     "fetch the file with 'git lfs pull'"},
    {0, "<!DOCTYPE"sv, "a web page", "download the model itself"},
    {0, "<html"sv, "a web page", "download the model itself"},
    {0, "{"sv, "a JSON file", "give an ONNX model"},
    {8, "{\""sv, "a safetensors file (weights without a graph)", "export the model to ONNX"},
};

const Signature* Find(std::span<const std::byte> start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  for (const Signature& signature : kSignatures)
    if (text.size() > signature.offset &&
        text.substr(signature.offset, signature.bytes.size()) == signature.bytes)
      return &signature;
  return nullptr;
}

}  // namespace

Error NotOnnx(std::span<const std::byte> start, const std::string& why) {
  if (const Signature* found = Find(start))
    return BadInput(std::string("not an ONNX model: it looks like ") + found->name, found->hint);
  return BadInput(why, "the file is truncated, damaged or not an ONNX model");
}

std::string LooksLike(std::span<const std::byte> start) {
  const Signature* found = Find(start);
  return found == nullptr ? std::string() : found->name;
}

}  // namespace edgeopt::formats::internal
