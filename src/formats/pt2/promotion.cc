#include "formats/pt2/promotion.h"

#include <algorithm>

namespace edgeopt::formats::pt2 {
namespace {

enum class Category { kNone, kBool, kInteger, kFloatingPoint };

Category CategoryOf(DataType type) {
  if (type == DataType::kUndefined) return Category::kNone;
  if (type == DataType::kBool) return Category::kBool;
  return ir::IsInteger(type) ? Category::kInteger : Category::kFloatingPoint;
}

// torch.promote_types for types that are not complex.
DataType Promoted(DataType a, DataType b) {
  if (a == b) return a;
  if (CategoryOf(a) != CategoryOf(b)) return CategoryOf(a) > CategoryOf(b) ? a : b;
  const DataType wider = ir::BitsOf(a) >= ir::BitsOf(b) ? a : b;
  if (ir::BitsOf(a) != ir::BitsOf(b)) return wider;
  // Of one size: float16 and bfloat16; uint8 and int8.
  return CategoryOf(a) == Category::kFloatingPoint ? DataType::kFloat32 : DataType::kInt16;
}

// The type of a Python number; a symbolic one is a size.
Result<DataType> TypeOfNumber(OperatorLowering& op, std::string_view name) {
  if (op.Int(name, 0).ok()) return DataType::kInt64;
  if (op.Float(name, 0).ok()) return DataType::kFloat32;
  EDGEOPT_CHECK_OK(op.SizeIfAny(name));
  return DataType::kInt64;
}

}  // namespace

Result<DataType> CommonType(OperatorLowering& op, std::initializer_list<std::string_view> names) {
  DataType tensors = DataType::kUndefined, scalars = tensors, numbers = tensors;
  for (const std::string_view name : names) {
    if (!op.Has(name)) continue;
    if (op.IsNumber(name)) {
      EDGEOPT_TRY(const DataType type, TypeOfNumber(op, name));
      numbers = Promoted(numbers, type);
      continue;
    }
    EDGEOPT_TRY(const Operand operand, op.In(name));
    DataType& group = operand.rank() > 0 ? tensors : scalars;
    group = Promoted(group, operand.type);
  }
  DataType common = tensors;
  for (const DataType type : {scalars, numbers})
    if (CategoryOf(type) > CategoryOf(common)) common = type;
  return common;
}

DataType ArithmeticType(DataType type) {
  const bool narrow = ir::IsInteger(type) && ir::BitsOf(type) < 32;
  return narrow || type == DataType::kBool ? DataType::kInt32 : type;
}

}  // namespace edgeopt::formats::pt2
