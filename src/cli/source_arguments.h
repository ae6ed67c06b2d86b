// The options for sources: sizes, of all of them; the others for models of PyTorch and TensorFlow,
// which a worker of the framework loads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.h"
#include "pipeline/import_source.h"
#include "pipeline/source_options.h"

namespace edgeopt::cli {

class Parser;

// As typed.
struct SourceArguments {
  std::string weights, python, batch, sample, signature, exporter;
  bool trust_code = false;
  std::vector<std::string> shapes;
  int64_t opset = 0;
};
// Declares all of them; --signature only where the command has none of that name.
void AddSourceOptions(Parser& parser, SourceArguments& arguments, bool signature = true);
pipeline::SourceOptions ToSourceOptions(const SourceArguments& arguments);

// What imports a source here.
pipeline::ImportTools ImportToolsOf(const Context& context);

}  // namespace edgeopt::cli
