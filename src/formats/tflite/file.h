// TensorFlow Lite files in and out: the format alone, in the schema's own terms. What the operators
// mean, and how they relate to ONNX's, is not known here. docs/formats/tflite.md describes the
// bytes.
//
// Nothing that the schema knows is lost on the way in and out, except that an empty vector or
// string is the same as an absent one. Bytes that nothing in the file refers to are not kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/file.h"
#include "base/result.h"
#include "formats/tflite/schema_generated.h"

namespace edgeopt::formats::tflite {

// A TFLite file: the schema's own objects, with the bulk data kept apart. Where the bytes lie in a
// file is the writer's business: data, offset and size of model.buffers and large_custom_options_*
// of operators are empty or 0 here (such options are in custom_options), and the code of an
// operator is builtin_code alone (the writer fills in deprecated_builtin_code).
struct File {
  schema::ModelT model;
  // Parallel to model.buffers. Shared; memory-mapped where they come from a file. Of a buffer
  // without data, data() is null; one with data of no bytes (the constant shape of a scalar) has
  // size() 0 alone: HasData tells them apart.
  std::vector<Buffer> buffers;
  // The zip archive that follows a model with associated files (labels); empty when there is none.
  Buffer associated_files;
};

inline bool HasData(const Buffer& buffer) { return buffer.data() != nullptr; }
// Data of no bytes.
Buffer EmptyData();

// Reads a model; its weights are memory-mapped, not copied. BadInput says what is wrong with a
// broken file (and what a file of another format looks like), Unsupported names what is newer than
// our schema. The result satisfies Verify. External buffers (data in files of their own) stay
// references. The file must not change while the File lives.
Result<File> ReadTflite(const std::filesystem::path& path);
// The same from bytes, which the result shares.
Result<File> ParseTflite(const Buffer& bytes);

struct TfliteWriteOptions {
  Overwrite overwrite = Overwrite::kReplace;
  // A model with more bytes of buffers than this gets them behind the flatbuffer, which ends at
  // 2 GiB. 0 forces it.
  int64_t outside_threshold_bytes = 1'900'000'000;
};
// Writes atomically (temporary name, sync, rename). The same model gives the same bytes.
// Unavailable when the disk is full or the folder read-only; nothing is left behind then.
Status WriteTflite(const File& file, const std::filesystem::path& path,
                   const TfliteWriteOptions& options = {});
// The bytes that WriteTflite would write.
Result<std::string> SerializeTflite(const File& file, const TfliteWriteOptions& options = {});

// Checks every index, shape and size of a model, whoever made it. BadInput names subgraph, operator
// and tensor.
Status Verify(const File& file);

// The schema's name of a builtin operator, "CONV_2D"; "BUILTIN_999" of one that is newer.
std::string OperatorName(schema::BuiltinOperator code);
// The same, or the name of a custom operator.
std::string OperatorName(const schema::OperatorCodeT& code);
// Bits of one element; 0 for strings, resources and variants.
int BitsOf(schema::TensorType type);
// "FLOAT32"; "TYPE_99" of one that is newer.
std::string TypeName(schema::TensorType type);

}  // namespace edgeopt::formats::tflite
