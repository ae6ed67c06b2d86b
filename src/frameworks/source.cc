#include "frameworks/source.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace edgeopt::frameworks {
namespace fs = std::filesystem;
namespace {

constexpr Kind kKinds[] = {Kind::kPt2,        Kind::kTorchScript, Kind::kModule, Kind::kPickle,
                           Kind::kSavedModel, Kind::kKeras,       Kind::kH5};

struct KindFacts {
  const char* name;
  const char* description;
  Framework framework;
};

const KindFacts& FactsOf(Kind kind) {
  static const KindFacts kFacts[] = {
      {"pt2", "a torch.export archive", Framework::kPytorch},
      {"torchscript", "TorchScript", Framework::kPytorch},
      {"module", "a callable that makes a PyTorch module", Framework::kPytorch},
      {"pickle", "a pickled PyTorch module", Framework::kPytorch},
      {"saved_model", "a SavedModel", Framework::kTensorflow},
      {"keras", "a .keras archive", Framework::kTensorflow},
      {"h5", "a Keras model in HDF5", Framework::kTensorflow},
  };
  return kFacts[static_cast<size_t>(kind)];
}

// Python's identifiers, of ASCII: [A-Za-z_][A-Za-z0-9_]*, joined by dots.
bool IsDottedName(std::string_view text) {
  bool first = true;  // of an identifier
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (c == '.' ? first : !letter && (first || c < '0' || c > '9')) return false;
    first = c == '.';
  }
  return !first;
}

std::string Absolute(const fs::path& path) {
  std::error_code error;
  return path.empty() ? std::string() : fs::absolute(path, error).string();
}

bool RunsForeignCode(Kind kind) { return kind == Kind::kModule || kind == Kind::kPickle; }

Error NeedsConsent(const Source& source) {
  std::string what;
  if (source.kind == Kind::kModule) {
    what = "'" + source.callable + "' is Python code, which would run with your rights";
  } else {
    what = "'" + source.path.string() + "' is a pickled module";
    if (!source.pickled_class.empty()) what += " ('" + source.pickled_class + "')";
    what += ": loading it runs whatever code the file names, with your rights";
  }
  return UsageError(what, source.kind == Kind::kModule
                              ? "give --trust-code if you trust that code"
                              : "give --trust-code if you trust where the file comes from; or "
                                "export the model (torch.export.save), or save its state dict and "
                                "give package.module:callable with --weights");
}

}  // namespace

std::string Name(Kind kind) { return FactsOf(kind).name; }
std::string Describe(Kind kind) { return FactsOf(kind).description; }
Framework FrameworkOf(Kind kind) { return FactsOf(kind).framework; }

bool IsCallable(const std::string& model) {
  const size_t colon = model.rfind(':');
  if (colon == std::string::npos) return false;
  const std::string_view module = std::string_view(model).substr(0, colon);
  const std::string_view name = std::string_view(model).substr(colon + 1);
  return IsDottedName(name) && (IsDottedName(module) || module.ends_with(".py"));
}

Status CheckOptions(const Source& source) {
  if (RunsForeignCode(source.kind) && !source.trust_code) return NeedsConsent(source);
  if (!source.weights.empty() && source.kind != Kind::kModule)
    return UsageError("--weights is given, but '" + source.path.string() + "' is " +
                          Describe(source.kind) + ", which holds its own",
                      "leave out --weights, or give package.module:callable as the model");
  if (!source.signature.empty() && source.kind != Kind::kSavedModel)
    return UsageError("--signature is given, but '" + source.name() + "' is " +
                          Describe(source.kind) + "; only a SavedModel has signatures",
                      "leave out --signature");
  return OkStatus();
}

nlohmann::json ToJson(const Source& source, int64_t memory_limit_bytes) {
  nlohmann::json document = {{"framework", Name(source.framework())},
                             {"kind", Name(source.kind)},
                             {"path", Absolute(source.path)},
                             {"trust_code", source.trust_code},
                             {"memory_limit_bytes", memory_limit_bytes}};
  if (!source.callable.empty()) document["callable"] = source.callable;
  if (!source.weights.empty()) document["weights"] = Absolute(source.weights);
  if (!source.sample.empty()) document["sample"] = Absolute(source.sample);
  if (!source.signature.empty()) document["signature"] = source.signature;
  for (const InputShape& input : source.inputs)
    document["inputs"].push_back(
        {{"name", input.name}, {"type", ir::Name(input.type)}, {"dims", input.dims}});
  return document;
}

Result<Source> SourceFromJson(const nlohmann::json& document) {
  Source source;
  try {
    const std::string kind = document.at("kind");
    const auto known = std::ranges::find(kKinds, kind, [](Kind each) { return Name(each); });
    if (known == std::end(kKinds)) return BadInput("a source of the kind '" + kind + "'");
    source.kind = *known;
    source.path = document.at("path").get<std::string>();
    source.trust_code = document.at("trust_code");
    source.callable = document.value("callable", "");
    source.weights = document.value("weights", "");
    source.sample = document.value("sample", "");
    source.signature = document.value("signature", "");
    for (const nlohmann::json& input : document.value("inputs", nlohmann::json::array())) {
      const std::string type = input.at("type");
      const auto element = ir::DataTypeFromName(type);
      if (!element) return BadInput("an input of the type '" + type + "'");
      source.inputs.push_back({input.at("name"), *element, input.at("dims").get<ir::Dims>()});
    }
  } catch (const nlohmann::json::exception& error) {
    return BadInput(std::string("the description of a source: ") + error.what());
  }
  return source;
}

}  // namespace edgeopt::frameworks
