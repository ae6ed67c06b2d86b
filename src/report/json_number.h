// Numbers in the program's JSON files. JSON has no NaN and no infinities; they are the texts "NaN",
// "Infinity" and "-Infinity", as in Protocol Buffers' JSON mapping
// (protobuf.dev/programming-guides/ json). So null can only mean "not measured".
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace edgeopt::report {

nlohmann::json NumberToJson(double value);
// Nothing for what is neither a number nor one of those texts.
std::optional<double> NumberFromJson(const nlohmann::json& json);

}  // namespace edgeopt::report
