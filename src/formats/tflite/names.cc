// Small questions about the schema: names of operators, sizes of element types.
#include "formats/tflite/file.h"

namespace edgeopt::formats::tflite {

Buffer EmptyData() { return Buffer::Share(nullptr, "", 0); }

std::string OperatorName(schema::BuiltinOperator code) {
  const std::string name = schema::EnumNameBuiltinOperator(code);
  return name.empty() ? "BUILTIN_" + std::to_string(static_cast<int32_t>(code)) : name;
}

std::string OperatorName(const schema::OperatorCodeT& code) {
  if (code.builtin_code != schema::BuiltinOperator::CUSTOM) return OperatorName(code.builtin_code);
  return code.custom_code;
}

std::string TypeName(schema::TensorType type) {
  const std::string name = schema::EnumNameTensorType(type);
  return name.empty() ? "TYPE_" + std::to_string(static_cast<int>(type)) : name;
}

int BitsOf(schema::TensorType type) {
  using Type = schema::TensorType;  // clang 14 crashes on `using enum`
  switch (type) {
    case Type::INT2:
      return 2;
    case Type::INT4:
    case Type::UINT4:
      return 4;
    case Type::UINT8:
    case Type::INT8:
    case Type::BOOL:
    case Type::FLOAT8_E4M3FN:
    case Type::FLOAT8_E5M2:
      return 8;
    case Type::FLOAT16:
    case Type::BFLOAT16:
    case Type::INT16:
    case Type::UINT16:
      return 16;
    case Type::FLOAT32:
    case Type::INT32:
    case Type::UINT32:
      return 32;
    case Type::FLOAT64:
    case Type::INT64:
    case Type::UINT64:
    case Type::COMPLEX64:
      return 64;
    case Type::COMPLEX128:
      return 128;
    case Type::STRING:
    case Type::RESOURCE:
    case Type::VARIANT:
      break;
  }
  return 0;
}

}  // namespace edgeopt::formats::tflite
