#include <charconv>
#include <string_view>

#include "formats/onnx/proto.h"

namespace edgeopt::formats::internal {

TensorFiller Shell::Filler() {
  return [this](const ir::Tensor& tensor, onnx::TensorProto& proto) {
    if (tensor.size() <= kSmallElements) return FillData(tensor, proto);
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    auto& entry = *proto.add_external_data();
    entry.set_key("location");
    entry.set_value(std::to_string(tensors_.size()));
    tensors_.push_back(tensor);
  };
}

ExternalData Shell::Lookup() const {
  return [this](const onnx::TensorProto& proto, ir::DataType type,
                const ir::Dims& dims) -> Result<ir::Tensor> {
    size_t index = tensors_.size();
    for (const auto& entry : proto.external_data())
      if (entry.key() == "location")
        std::from_chars(entry.value().data(), entry.value().data() + entry.value().size(), index);
    if (index >= tensors_.size()) return Internal("a weight was lost inside ONNX's library");
    const ir::Tensor& tensor = tensors_[index];
    if (tensor.type() != type) return Internal("a weight changed its type inside ONNX's library");
    return tensor.Reshaped(dims);
  };
}

}  // namespace edgeopt::formats::internal
