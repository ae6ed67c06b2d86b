// PrintText and ParseText: ONNX's textual syntax, by ONNX's own printer and parser. What the syntax
// has no literal for (2-, 4- and 6-bit, complex) is written as external data of the key "hex".
#include <algorithm>
#include <exception>
#include <set>

#include "formats/onnx/message.h"
#include "formats/onnx/onnx.h"
#include "formats/onnx/proto.h"
#include "onnx/defs/parser.h"
#include "onnx/defs/printer.h"

namespace edgeopt::formats {
namespace {

// A graph given without a header means these; both are old enough for every runtime of today.
constexpr int64_t kDefaultIrVersion = 10, kDefaultOpset = 20;
// ONNX's parser recurses; a bound keeps hostile text from exhausting the stack.
constexpr int kDeepestNesting = 200;

void AddExternal(onnx::TensorProto& proto, const char* key, std::string value) {
  proto.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *proto.add_external_data();
  entry.set_key(key);
  entry.set_value(std::move(value));
}

std::string ToHex(std::span<const std::byte> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text.push_back(kDigits[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(kDigits[std::to_integer<unsigned>(byte) & 15]);
  }
  return text;
}

Result<Buffer> FromHex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() % 2 != 0) return BadInput("hex data with an odd number of digits");
  std::vector<std::byte> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return BadInput("hex data with a character that is no hex digit");
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return Buffer::Own(std::move(bytes));
}

bool HasLiteral(const ir::Tensor& tensor) {
  // ONNX's printer writes an empty list of strings in a way that its parser refuses.
  if (tensor.type() == ir::DataType::kString) return tensor.size() > 0;
  const bool complex =
      tensor.type() == ir::DataType::kComplex64 || tensor.type() == ir::DataType::kComplex128;
  return ir::BitsOf(tensor.type()) >= 8 && !complex;
}

void FillForText(const ir::Tensor& tensor, int64_t max_elements, onnx::TensorProto& proto) {
  // The name of a tensor in an attribute means nothing, and ONNX's parser does not read all names
  // that its printer writes. (An initializer's name is its value's; tensor.name is empty then.)
  if (!tensor.name.empty()) proto.clear_name();
  if (max_elements >= 0 && tensor.size() > max_elements)
    AddExternal(proto, "elided", std::to_string(tensor.size()) + " elements");
  else if (!HasLiteral(tensor))
    AddExternal(proto, "hex", ToHex(tensor.data().bytes()));
  else
    internal::FillData(tensor, proto);
}

// Tensors of a text: only the two keys that PrintText writes.
Result<ir::Tensor> TensorOfText(const onnx::TensorProto& proto, ir::DataType type, ir::Dims dims) {
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "elided")
      return BadInput("the text leaves out the data of a tensor",
                      "print the model with all its data");
    if (entry.key() != "hex") continue;
    if (type == ir::DataType::kString) return ir::Tensor::MakeStrings(std::move(dims), {});
    EDGEOPT_TRY(Buffer bytes, FromHex(entry.value()));
    return ir::Tensor::Make(type, std::move(dims), std::move(bytes));
  }
  return BadInput("external data in a text");
}

// The syntax has no sparse tensors: they are named in comments rather than dropped in silence.
std::string SparseComments(const ir::Graph& graph) {
  std::string text;
  for (const ir::ValueId id : graph.initializers())
    if (const auto& sparse = graph.value(id).sparse_initializer)
      text += "# sparse initializer '" + graph.value(id).name + "' " + ir::ToString(sparse->dims) +
              " with " + std::to_string(sparse->values.size()) + " values is not shown\n";
  return text;
}

Status CheckNesting(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && std::string_view("{([<").find(text[i]) != std::string_view::npos)
      ++depth;
    else if (!quoted && std::string_view("})]>").find(text[i]) != std::string_view::npos)
      --depth;
    if (depth > kDeepestNesting) return BadInput("the text is nested too deeply");
  }
  return OkStatus();
}

bool StartsWithHeader(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && (onnx::IsSpace(text[at]) || text[at] == '#'))
    at = text[at] == '#' ? std::min(text.find('\n', at), text.size()) : at + 1;
  return at < text.size() && text[at] == '<';
}

void AddDefaultHeader(onnx::ModelProto& model) {
  model.set_ir_version(kDefaultIrVersion);
  auto* import = model.add_opset_import();
  import->set_domain("");
  import->set_version(kDefaultOpset);
  std::set<std::string> domains;
  for (const onnx::NodeProto& node : model.graph().node()) domains.insert(node.domain());
  domains.erase("");
  for (const std::string& domain : domains) {
    import = model.add_opset_import();
    import->set_domain(domain);
    import->set_version(1);
  }
}

Status ParseProto(std::string_view text, onnx::ModelProto& proto) {
  EDGEOPT_CHECK_OK(CheckNesting(text));
  onnx::OnnxParser parser(text);
  onnx::Common::Status status;
  const bool header = StartsWithHeader(text);
  try {
    status = header ? parser.Parse(proto) : parser.Parse(*proto.mutable_graph());
    if (status.IsOK() && !parser.EndOfInput()) status = parser.ParseError("unexpected text");
  } catch (const std::exception& error) {  // numbers out of range
    return BadInput("ONNX text: " + internal::Message(error.what()) + " near " +
                    parser.GetCurrentPos());
  }
  if (!status.IsOK()) return BadInput("ONNX text: " + internal::Message(status.ErrorMessage()));
  if (!header) AddDefaultHeader(proto);
  return OkStatus();
}

}  // namespace

std::string PrintText(const ir::Model& model, const TextOptions& options) {
  const onnx::ModelProto proto =
      internal::ToProto(model, {.fill = [&](const ir::Tensor& tensor, onnx::TensorProto& to) {
                          FillForText(tensor, options.max_elements, to);
                        }});
  return onnx::ProtoToString(proto) + "\n" + SparseComments(model.graph);
}

Result<ir::Model> ParseText(std::string_view text) {
  onnx::ModelProto proto;
  EDGEOPT_CHECK_OK(ParseProto(text, proto));
  return internal::FromProto(proto, TensorOfText);
}

}  // namespace edgeopt::formats
