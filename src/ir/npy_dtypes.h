// Which element types NumPy's files know, and their codes there; for npy.cc and npy_reader.cc.
#pragma once

#include <string_view>

#include "ir/data_type.h"

namespace edgeopt::ir {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

struct NpyDtype {
  DataType type;
  std::string_view code;  // kind and size in bytes
};
inline constexpr NpyDtype kNpyDtypes[] = {
    {DataType::kBool, "b1"},      {DataType::kInt8, "i1"},       {DataType::kUint8, "u1"},
    {DataType::kInt16, "i2"},     {DataType::kUint16, "u2"},     {DataType::kInt32, "i4"},
    {DataType::kUint32, "u4"},    {DataType::kInt64, "i8"},      {DataType::kUint64, "u8"},
    {DataType::kFloat16, "f2"},   {DataType::kFloat32, "f4"},    {DataType::kFloat64, "f8"},
    {DataType::kComplex64, "c8"}, {DataType::kComplex128, "c16"}};

}  // namespace edgeopt::ir
