#include "runtimes/onnxruntime/errors.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace edgeopt::runtimes::ort {
namespace {

constexpr size_t kLongest = 600;

// The end of the bracketed text that opens at `open`.
size_t AfterClosing(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '[') ++depth;
    if (text[i] == ')' || text[i] == ']') --depth;
    if (depth == 0) return i + 1;
  }
  return text.size();
}

// "/onnxruntime_src/onnxruntime/core/graph/model.cc:340 " in front of a function's signature.
void DropLocations(std::string& text) {
  constexpr std::string_view kRoot = "/onnxruntime_src/";
  size_t start = 0;
  while ((start = text.find(kRoot, start)) != std::string::npos) {
    size_t end = std::min(text.find(' ', start), text.size());
    const size_t open = text.find('(', end);
    if (std::isdigit(static_cast<unsigned char>(text[end - 1])) != 0 && open != std::string::npos) {
      end = AfterClosing(text, open);
      for (const std::string_view suffix : {" const", " mutable"})
        if (text.compare(end, suffix.size(), suffix) == 0) end += suffix.size();
      if (text.compare(end, 6, " [with") == 0) end = AfterClosing(text, end + 1);
    }
    while (end < text.size() && text[end] == ' ') ++end;
    text.erase(start, end - start);
  }
}

// "[ONNXRuntimeError] : 10 : INVALID_GRAPH : ", a status inside a message.
void DropStatus(std::string& text) {
  constexpr std::string_view kMark = "[ONNXRuntimeError] : ";
  for (size_t start = 0; (start = text.find(kMark, start)) != std::string::npos;) {
    size_t end = start + kMark.size();
    for (int field = 0; field < 2 && end != std::string::npos; ++field) {
      end = text.find(" : ", end);
      if (end != std::string::npos) end += 3;
    }
    text.erase(start, end == std::string::npos ? kMark.size() : end - start);
  }
}

bool HasAny(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

}  // namespace

std::string Tidy(std::string_view message) {
  constexpr std::string_view kLoad = "Load model from ", kFailed = " failed:";
  if (message.starts_with(kLoad))
    if (const size_t failed = message.find(kFailed); failed != std::string_view::npos)
      message.remove_prefix(failed + kFailed.size());
  std::string text(message);
  DropLocations(text);
  DropStatus(text);
  std::string line;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() > kLongest) line = line.substr(0, kLongest) + "...";
  return line;
}

Error LoadError(OrtErrorCode code, std::string text) {
  constexpr const char* kCheck = "'edgeopt inspect' shows the model and what is wrong with it";
  // An operator or an attribute that it does not know: INVALID_GRAPH or FAIL.
  if (HasAny(text, {"No Op registered for", "not a registered function/op",
                    "Unrecognized attribute", "no opset import for domain"}))
    return Unsupported(std::move(text), "export the model with operators of the ONNX standard");
  if (HasAny(text, {"Unsupported model IR version", "official released onnx opset versions"}))
    return Unsupported(std::move(text),
                       "'edgeopt simplify' writes the model in versions that ONNX Runtime reads");
  // FAIL, as what it does not support.
  if (HasAny(text,
             {"Type Error", "[ShapeInferenceError]", "[TypeInferenceError]", "External data path"}))
    return BadInput(std::move(text), kCheck);
  switch (code) {
    case ORT_NO_SUCHFILE:
    case ORT_NO_MODEL:
    case ORT_INVALID_PROTOBUF:
    case ORT_INVALID_GRAPH:
    case ORT_INVALID_ARGUMENT:
      return BadInput(std::move(text), kCheck);
    case ORT_NOT_IMPLEMENTED:
    case ORT_FAIL:
      return Unsupported(std::move(text));
    default:
      return Unavailable(std::move(text));
  }
}

Error RunError(OrtErrorCode code, std::string text) {
  if (code == ORT_NOT_IMPLEMENTED) return Unsupported(std::move(text));
  if (HasAny(text, {"Failed to allocate memory", "bad_alloc"}))
    return Unavailable(std::move(text), "use smaller inputs, or a machine with more memory");
  // The types and ranks of the inputs were checked: sizes or values that the graph can't treat.
  return BadInput(std::move(text), "check that the sizes and values of the data suit the model");
}

}  // namespace edgeopt::runtimes::ort
