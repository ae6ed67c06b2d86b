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
  using enum schema::TensorType;
  switch (type) {
    case INT2:
      return 2;
    case INT4:
    case UINT4:
      return 4;
    case UINT8:
    case INT8:
    case BOOL:
    case FLOAT8_E4M3FN:
    case FLOAT8_E5M2:
      return 8;
    case FLOAT16:
    case BFLOAT16:
    case INT16:
    case UINT16:
      return 16;
    case FLOAT32:
    case INT32:
    case UINT32:
      return 32;
    case FLOAT64:
    case INT64:
    case UINT64:
    case COMPLEX64:
      return 64;
    case COMPLEX128:
      return 128;
    case STRING:
    case RESOURCE:
    case VARIANT:
      break;
  }
  return 0;
}

}  // namespace edgeopt::formats::tflite
