// The test models (../data/tflite/generate.py), and the meaning of a file as text.
#pragma once

#include <flatbuffers/minireflect.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite::testing {

inline const std::string kFolder = EDGEOPT_SOURCE_DIR "/tests/formats/data/tflite/";
// Without the two whose text differs by nature: outside.tflite has positions, before_3a.tflite an
// operator code that is written in two fields today.
inline const char* const kPlainFiles[] = {"conv", "quantized", "everything"};
inline const char* const kFiles[] = {"conv",      "quantized", "everything",
                                     "before_3a", "outside",   "labelled"};

inline std::string PathOf(const std::string& name) { return kFolder + name + ".tflite"; }
inline std::string BytesOf(const std::string& name) { return ReadFile(PathOf(name)).value(); }

inline File Load(const std::string& name) {
  auto file = ReadTflite(PathOf(name));
  EXPECT_TRUE(file.ok()) << name << ": " << file.error().ToString();
  return file.ok() ? std::move(*file) : File();
}

inline Result<File> Parse(const std::string& bytes) {
  return ParseTflite(Buffer::Copy(bytes.data(), bytes.size()));
}

// Every field of the flatbuffer, by FlatBuffers' own walk over it.
inline std::string Meaning(const std::string& bytes) {
  return flatbuffers::FlatBufferToString(reinterpret_cast<const uint8_t*>(bytes.data()),
                                         schema::ModelTypeTable(), true);
}

inline std::string Text(const Buffer& buffer) { return std::string(buffer.text()); }

// One operator of the main subgraph, by index.
inline schema::OperatorT& Op(File& file, size_t index) {
  return *file.model.subgraphs[0]->operators[index];
}
// A tensor of the main subgraph, by name.
inline schema::TensorT& TensorNamed(File& file, const std::string& name) {
  for (auto& tensor : file.model.subgraphs[0]->tensors)
    if (tensor->name == name) return *tensor;
  ADD_FAILURE() << "no tensor " << name;
  return *file.model.subgraphs[0]->tensors[0];
}
inline Buffer& DataOf(File& file, const std::string& tensor) {
  return file.buffers[TensorNamed(file, tensor).buffer];
}

}  // namespace edgeopt::formats::tflite::testing
