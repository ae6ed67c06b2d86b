#include "pipeline/input_shapes.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

namespace edgeopt::pipeline {
namespace {

Error NoShape(const std::string& text) {
  return UsageError("--shape '" + text + "' is not NAME=SIZES",
                    "write for example x=1x3x224x224, or ids=1x-1 (-1: any size)");
}

bool IsName(std::string_view text) {
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(text,
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

// nullopt for what is no size: 1 or more, -1 for any, or a name. 0 would be a tensor of nothing.
std::optional<ir::Dim> ParseDim(std::string_view text) {
  if (IsName(text)) return ir::Dim::Symbol(std::string(text));
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (size == -1) return ir::Dim();
  return size > 0 ? std::optional(ir::Dim::Of(size)) : std::nullopt;
}

Result<AskedShape> ParseShape(const std::string& text) {
  AskedShape shape;
  // The last one: a name may hold any character.
  const size_t equals = text.rfind('=');
  std::string_view sizes = text;
  if (equals != std::string::npos) {
    shape.name = text.substr(0, equals);
    if (shape.name.empty()) return NoShape(text);
    sizes.remove_prefix(equals + 1);
    // TensorFlow's names end in ":0", which is no type.
    const size_t colon = shape.name.rfind(':');
    if (colon != std::string::npos) shape.type = ir::DataTypeFromName(shape.name.substr(colon + 1));
    if (shape.type) shape.name.resize(colon);
  }
  while (true) {
    const size_t cross = std::min(sizes.find('x'), sizes.size());
    const auto dim = ParseDim(sizes.substr(0, cross));
    // "input" alone is a name without its sizes.
    if (!dim || (equals == std::string::npos && !dim->symbol.empty())) return NoShape(text);
    shape.dims.push_back(*dim);
    if (cross == sizes.size()) return shape;
    sizes.remove_prefix(cross + 1);
  }
}

std::string ToText(const ir::Dim& dim) {
  return dim.value ? std::to_string(*dim.value) : dim.symbol.empty() ? "-1" : dim.symbol;
}

// The asked sizes, input by input, on a model.
class Application {
 public:
  explicit Application(ir::Graph& graph) : graph_(graph) {
    for (const ir::ValueId id : graph_.inputs())
      if (!graph_.value(id).initializer) inputs_.push_back(id);
  }

  Result<std::vector<InputChange>> Run(const AskedSizes& asked) {
    for (const AskedShape& shape : asked.shapes) EDGEOPT_CHECK_OK(Set(shape));
    if (asked.batch) EDGEOPT_CHECK_OK(SetBatch(*asked.batch));
    EDGEOPT_CHECK_OK(TieNames());
    return Write();
  }

 private:
  Result<ir::ValueId> Find(const AskedShape& shape) const {
    if (shape.name.empty() && inputs_.size() == 1) return inputs_.front();
    for (const ir::ValueId id : inputs_)
      if (graph_.value(id).name == shape.name && graph_.value(id).type.is_tensor()) return id;
    return UsageError(shape.name.empty()
                          ? "--shape: the model has " + std::to_string(inputs_.size()) +
                                " inputs; say which is meant: NAME=SIZES"
                          : "--shape: the model has no input '" + shape.name + "'",
                      "'edgeopt inspect' lists its inputs");
  }

  Status Set(const AskedShape& shape) {
    EDGEOPT_TRY(const ir::ValueId id, Find(shape));
    const ir::Type& type = graph_.value(id).type;
    const std::string what = "--shape: input '" + graph_.value(id).name + "' is ";
    if (shape.type && *shape.type != type.element)
      return UsageError(what + ir::ToString(type) + ", not " + std::string(ir::Name(*shape.type)),
                        "a model's types are its own; leave the type out");
    if (type.shape && type.shape->size() != shape.dims.size())
      return UsageError(what + ir::ToString(type) + ", not " + ir::ToString(shape.dims));
    ir::Shape after = shape.dims;
    for (size_t i = 0; i < after.size(); ++i)
      if (!after[i].value && after[i].symbol.empty()) after[i] = Open(id, i);
    after_[id] = std::move(after);
    return OkStatus();
  }

  // A dimension of any size: the model's own where it is one already.
  ir::Dim Open(ir::ValueId id, size_t axis) const {
    const ir::Value& value = graph_.value(id);
    if (value.type.shape && !(*value.type.shape)[axis].value &&
        !(*value.type.shape)[axis].symbol.empty())
      return (*value.type.shape)[axis];
    return ir::Dim::Symbol(value.name + "_" + std::to_string(axis));
  }

  Status SetBatch(const ir::Dim& batch) {
    ir::Dim first = batch;
    for (const ir::ValueId id : inputs_) {
      if (batch.value) break;
      const auto& shape = graph_.value(id).type.shape;
      if (shape && !shape->empty() && !shape->front().value && !shape->front().symbol.empty())
        first = shape->front();
    }
    for (const ir::ValueId id : inputs_) {
      const ir::Value& value = graph_.value(id);
      if (!after_.contains(id) && !value.type.shape)
        return UsageError(
            "--batch: the model does not say how many sizes input '" + value.name + "' has",
            "give them with --shape " + value.name + "=SIZES");
      const auto [place, is_new] = after_.try_emplace(id, value.type.shape.value_or(ir::Shape()));
      if (!place->second.empty()) place->second.front() = first;
    }
    return OkStatus();
  }

  // Sizes that the model calls by one name are one size: fixed in one input, they are in all.
  Status TieNames() {
    std::map<std::string, ir::Dim> fixed;
    for (const auto& [id, after] : after_) {
      const auto& before = graph_.value(id).type.shape;
      for (size_t i = 0; before && i < after.size(); ++i) {
        const std::string& name = (*before)[i].symbol;
        if ((*before)[i].value || name.empty() || !after[i].value) continue;
        const auto [known, is_new] = fixed.emplace(name, after[i]);
        if (!is_new && known->second.value != after[i].value)
          return UsageError("--shape: '" + name + "' is one size in the model; " +
                                std::to_string(*known->second.value) + " and " +
                                std::to_string(*after[i].value) + " were given",
                            "give all inputs the same size there");
      }
    }
    for (const ir::ValueId id : inputs_) {
      const auto& before = graph_.value(id).type.shape;
      if (!before) continue;
      ir::Shape& after = after_.try_emplace(id, *before).first->second;
      for (size_t i = 0; i < after.size(); ++i)
        if (const auto found = fixed.find((*before)[i].symbol);
            found != fixed.end() && !after[i].value && after[i].symbol == found->first)
          after[i] = found->second;
    }
    return OkStatus();
  }

  std::vector<InputChange> Write() {
    std::vector<InputChange> changes;
    for (const ir::ValueId id : inputs_) {
      const auto found = after_.find(id);
      if (found == after_.end()) continue;
      ir::Type type = graph_.value(id).type;
      const ir::Shape before = type.shape.value_or(ir::Shape(found->second.size()));
      if (type.shape && before == found->second) continue;
      changes.push_back({graph_.value(id).name, before, found->second});
      type.shape = found->second;
      graph_.SetType(id, std::move(type));
    }
    return changes;
  }

  ir::Graph& graph_;
  std::vector<ir::ValueId> inputs_;
  std::map<ir::ValueId, ir::Shape> after_;
};

}  // namespace

Result<AskedSizes> ParseSizes(const std::vector<std::string>& shapes, const std::string& batch) {
  AskedSizes asked;
  for (const std::string& text : shapes) {
    EDGEOPT_TRY(AskedShape shape, ParseShape(text));
    asked.shapes.push_back(std::move(shape));
  }
  if (batch.empty()) return asked;
  asked.batch = batch == "dynamic" ? ir::Dim::Symbol("batch") : ParseDim(batch).value_or(ir::Dim());
  if (batch != "dynamic" && !asked.batch->value)
    return UsageError("--batch '" + batch + "' is neither a size nor 'dynamic'");
  return asked;
}

std::string ToString(const AskedSizes& asked) {
  std::string text;
  for (const AskedShape& shape : asked.shapes) {
    text += (text.empty() ? "--shape " : " --shape ") + shape.name;
    text += shape.name.empty() ? "" : "=";
    for (size_t i = 0; i < shape.dims.size(); ++i) text += (i ? "x" : "") + ToText(shape.dims[i]);
  }
  if (asked.batch)
    text += std::string(text.empty() ? "" : " ") + "--batch " +
            (asked.batch->value ? ToText(*asked.batch) : "dynamic");
  return text;
}

bool InputChange::fits_before() const {
  for (size_t i = 0; i < after.size(); ++i)
    if (before[i].value && before[i].value != after[i].value) return false;
  return true;
}

Result<std::vector<InputChange>> ApplySizes(ir::Model& model, const AskedSizes& asked) {
  return Application(model.graph).Run(asked);
}

AskedSizes OpenOnesOf(const ir::Model& model, const AskedSizes& asked) {
  AskedSizes open;
  ir::Model changed = model;
  const auto changes = ApplySizes(changed, asked);
  if (!changes.ok()) return open;  // told by whoever applies all of it
  for (const InputChange& change : *changes) {
    AskedShape shape{change.name, {}, change.before};
    for (size_t i = 0; i < shape.dims.size(); ++i)
      if (!shape.dims[i].value) shape.dims[i] = change.after[i];
    open.shapes.push_back(std::move(shape));
  }
  return open;
}

}  // namespace edgeopt::pipeline
