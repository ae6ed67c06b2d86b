// What ONNX's library says, made fit for an Error. Internal to formats/onnx.
#pragma once

#include <string>
#include <string_view>

namespace edgeopt::formats::internal {

// One line of bounded length, without the source position that ONNX's assertions begin with.
std::string Message(std::string_view text);

}  // namespace edgeopt::formats::internal
