// PrintGraph: a canonical text for comparing graphs.
#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"
#include "formats/onnx/onnx.h"

namespace edgeopt::formats {
namespace {

// Longer constants are shown by their hash: equal content, equal text.
constexpr int64_t kLongestConstant = 256;

template <typename T>
std::string Number(T value) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

template <typename List, typename Print>
std::string Joined(const List& list, Print print) {
  std::string text;
  for (const auto& element : list) text += (text.empty() ? "" : ", ") + print(element);
  return text;
}

std::string Elements(const ir::Tensor& tensor) {
  if (tensor.type() == ir::DataType::kString) return Joined(tensor.strings(), Quoted);
  if (tensor.size() > kLongestConstant)
    return "sha256 " + Sha256Hex(tensor.data().bytes()).substr(0, 16);
  if (tensor.type() == ir::DataType::kFloat64) return Joined(tensor.as<double>(), Number<double>);
  if (tensor.type() == ir::DataType::kUint64)
    return Joined(tensor.as<uint64_t>(), Number<uint64_t>);
  if (const auto ints = tensor.ToInts(); ints.ok()) return Joined(*ints, Number<int64_t>);
  if (const auto floats = tensor.ToFloats(); floats.ok()) return Joined(*floats, Number<float>);
  return "sha256 " + Sha256Hex(tensor.data().bytes()).substr(0, 16);  // complex
}

std::string Print(const ir::Tensor& tensor) {
  return std::string(ir::Name(tensor.type())) + ir::ToString(tensor.dims()) + "{" +
         Elements(tensor) + "}";
}

std::string Print(const ir::SparseTensor& tensor) {
  return "sparse" + ir::ToString(tensor.dims) + "{" + Print(tensor.indices) + ", " +
         Print(tensor.values) + "}";
}

class GraphPrinter {
 public:
  // `outer`: the names that captured values have outside.
  GraphPrinter(const ir::Graph& graph, const GraphPrinter* outer, int& counter)
      : graph_(graph), outer_(outer), counter_(counter), indent_(outer ? outer->indent_ + 2 : 0) {}

  std::string Run() {
    OrderNodes();
    for (const ir::ValueId id : graph_.inputs()) names_[id.index] = NameOfInput(id);
    std::string text = "(" + Joined(graph_.inputs(), [&](ir::ValueId id) { return Typed(id); });
    text += ") => (";
    std::string body;
    for (const ir::NodeId id : order_) body += PrintNode(graph_.node(id));
    text += Joined(graph_.outputs(), [&](ir::ValueId id) { return Typed(id); });
    return text + ") {\n" + body + std::string(static_cast<size_t>(indent_), ' ') + "}";
  }

 private:
  // The order in which a depth-first walk from the outputs finishes the nodes: independent of the
  // order in the file. Nodes that no output needs come last.
  void OrderNodes() {
    for (const ir::ValueId id : graph_.outputs()) Visit(graph_.producer(id));
    for (const ir::NodeId id : graph_.nodes()) Visit(id);
  }

  void Visit(ir::NodeId root) {
    std::vector<std::pair<ir::NodeId, size_t>> stack;
    const auto enter = [&](ir::NodeId id) {
      if (id.valid() && visited_.insert(id.index).second) stack.emplace_back(id, 0);
    };
    enter(root);
    while (!stack.empty()) {
      const ir::Node& node = graph_.node(stack.back().first);
      const size_t next = stack.back().second++;
      if (next < node.inputs.size()) {
        enter(graph_.producer(node.inputs[next]));
      } else if (next < node.inputs.size() + node.captures.size()) {
        enter(graph_.producer(node.captures[next - node.inputs.size()]));
      } else {
        order_.push_back(stack.back().first);
        stack.pop_back();
      }
    }
  }

  // Names of the model's interface count; those inside of a subgraph don't.
  std::string NameOfInput(ir::ValueId id) {
    return outer_ ? "%" + std::to_string(counter_++) : graph_.value(id).name;
  }

  std::string NameOf(ir::ValueId id) const {
    if (!id.valid()) return "_";
    if (const auto found = names_.find(id.index); found != names_.end()) return found->second;
    const ir::Value& value = graph_.value(id);
    if (const auto constant = graph_.ConstantOf(id)) return Print(*constant);
    if (value.sparse_initializer) return Print(*value.sparse_initializer);
    if (value.captured && outer_) return outer_->NameOf(outer_->graph_.Find(value.name));
    return value.name;
  }

  std::string Typed(ir::ValueId id) const {
    std::string text = ir::ToString(graph_.value(id).type) + " " + NameOf(id);
    if (graph_.IsInput(id) && graph_.value(id).initializer)
      text += " = " + Print(*graph_.value(id).initializer);
    return text;
  }

  std::string PrintNode(const ir::Node& node) {
    const bool constant = node.Is("Constant") && graph_.ConstantOf(node.output(0)).has_value();
    const bool is_output = node.output(0).valid() && graph_.IsOutput(node.output(0));
    if (constant && !(is_output && !outer_)) return "";
    for (const ir::ValueId id : node.outputs)
      if (id.valid())
        names_[id.index] = graph_.IsOutput(id) && !outer_ ? graph_.value(id).name
                                                          : "%" + std::to_string(counter_++);
    const auto name = [&](ir::ValueId id) { return NameOf(id); };
    std::string text(static_cast<size_t>(indent_) + 2, ' ');
    text += Joined(node.outputs, name) + " = ";
    text += (node.domain.empty() ? "" : node.domain + ".") + node.op_type;
    text += (node.overload.empty() ? "" : ":" + node.overload) + PrintAttributes(node);
    return text + "(" + Joined(node.inputs, name) + ")\n";
  }

  std::string PrintAttributes(const ir::Node& node) {
    std::vector<const ir::Attribute*> sorted;
    for (const ir::Attribute& attribute : node.attributes) sorted.push_back(&attribute);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    if (sorted.empty()) return "";
    return "<" +
           Joined(sorted,
                  [&](const ir::Attribute* attribute) {
                    const auto print = [&](const auto& value) {
                      return PrintValue(*attribute, value);
                    };
                    return attribute->name + " = " + std::visit(print, attribute->value);
                  }) +
           ">";
  }

  std::string PrintValue(const ir::Attribute& attribute, std::monostate) {
    return "@" + attribute.ref_attr_name;
  }
  std::string PrintValue(const ir::Attribute&, float value) { return Number(value) + "f"; }
  std::string PrintValue(const ir::Attribute&, int64_t value) { return Number(value); }
  std::string PrintValue(const ir::Attribute&, const std::string& value) { return Quoted(value); }
  std::string PrintValue(const ir::Attribute&, const ir::Tensor& value) { return Print(value); }
  std::string PrintValue(const ir::Attribute&, const ir::SparseTensor& value) {
    return Print(value);
  }
  std::string PrintValue(const ir::Attribute&, const ir::Type& value) {
    return ir::ToString(value);
  }
  std::string PrintValue(const ir::Attribute&, const ir::GraphPtr& value) {
    GraphPrinter printer(*value, this, counter_);
    return printer.Run();
  }
  template <typename T>
  std::string PrintValue(const ir::Attribute& attribute, const std::vector<T>& values) {
    return "[" + Joined(values, [&](const T& value) { return PrintValue(attribute, value); }) + "]";
  }

  const ir::Graph& graph_;
  const GraphPrinter* outer_;
  int& counter_;
  int indent_;
  std::vector<ir::NodeId> order_;
  std::unordered_set<int32_t> visited_;
  std::unordered_map<int32_t, std::string> names_;
};

}  // namespace

std::string PrintGraph(const ir::Graph& graph) {
  int counter = 0;
  return GraphPrinter(graph, nullptr, counter).Run() + "\n";
}

}  // namespace edgeopt::formats
