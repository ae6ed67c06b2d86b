#include "pipeline/input_shapes.h"

#include <charconv>

namespace edgeopt::pipeline {
namespace {

Error NoShape(const std::string& text) {
  return UsageError("--shape '" + text + "' is not NAME=SIZExSIZE..., sizes of 1 or more",
                    "for example --shape input=1x3x224x224");
}

Result<ir::Dims> ParseDims(std::string_view sizes, const std::string& text) {
  ir::Dims dims;
  while (true) {
    int64_t size = 0;
    const auto [end, error] = std::from_chars(sizes.data(), sizes.data() + sizes.size(), size);
    if (error != std::errc() || size < 1) return NoShape(text);
    dims.push_back(size);
    sizes.remove_prefix(static_cast<size_t>(end - sizes.data()));
    if (sizes.empty()) return dims;
    if (sizes.front() != 'x') return NoShape(text);
    sizes.remove_prefix(1);
  }
}

}  // namespace

Result<std::map<std::string, ir::Dims>> ParseShapes(const std::vector<std::string>& texts) {
  std::map<std::string, ir::Dims> shapes;
  for (const std::string& text : texts) {
    // The last one: a name may hold any character.
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0) return NoShape(text);
    EDGEOPT_TRY(shapes[text.substr(0, equals)],
                ParseDims(std::string_view(text).substr(equals + 1), text));
  }
  return shapes;
}

Status FixInputShapes(ir::Model& model, const std::map<std::string, ir::Dims>& shapes) {
  ir::Graph& graph = model.graph;
  for (const auto& [name, dims] : shapes) {
    const ir::ValueId id = graph.Find(name);
    if (!id.valid() || !graph.IsInput(id) || !graph.value(id).type.is_tensor())
      return UsageError("--shape: the model has no input '" + name + "'",
                        "'edgeopt inspect' lists its inputs");
    ir::Type type = graph.value(id).type;
    bool fits = !type.shape || type.shape->size() == dims.size();
    for (size_t i = 0; fits && type.shape && i < dims.size(); ++i) {
      const auto& size = (*type.shape)[i].value;
      fits = !size || *size == dims[i];
    }
    if (!fits)
      return UsageError("--shape: input '" + name + "' is " + ir::ToString(type) + ", not " +
                        ir::ToString(dims));
    type.shape = ir::ToShape(dims);
    graph.SetType(id, std::move(type));
  }
  return OkStatus();
}

}  // namespace edgeopt::pipeline
