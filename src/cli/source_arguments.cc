#include "cli/source_arguments.h"

#include "cli/parser.h"
#include "cli/runtime.h"
#include "cli/workflow.h"

namespace edgeopt::cli {

void AddSourceOptions(Parser& parser, SourceArguments& arguments, bool signature) {
  parser.Add("--shape", arguments.shapes, "an input's sizes: x=1x3x224x224 (-1: any)").Rare();
  parser.Add("--batch", arguments.batch, "first size of each input: 1, N or dynamic")
      .TypeName("N")
      .Rare();
  if (signature)
    parser.Add("--signature", arguments.signature, "of a SavedModel").TypeName("NAME").Rare();
  parser.Add("--weights", arguments.weights, "state dict of a callable's module")
      .TypeName("FILE")
      .Rare();
  parser.AddFlag("--trust-code", arguments.trust_code, "the model's own code may run").Rare();
  parser.Add("--python", arguments.python, "your interpreter, with the framework")
      .TypeName("FILE")
      .Rare();
  parser.Add("--sample", arguments.sample, ".npy or .npz with inputs of the right sizes")
      .TypeName("FILE")
      .Rare();
  parser.Add("--exporter", arguments.exporter, "of the framework, instead of all in order")
      .OneOf({"natively", "dynamo", "torchscript", "tf2onnx", "tflite"})
      .WithoutDefault()
      .Rare();
  parser.Add("--opset", arguments.opset, "of ONNX, instead of the usual ones in order")
      .Between(0, 30)
      .TypeName("N")
      .WithoutDefault()
      .Rare();
}

pipeline::SourceOptions ToSourceOptions(const SourceArguments& arguments) {
  pipeline::SourceOptions options;
  options.weights = arguments.weights;
  options.trust_code = arguments.trust_code;
  options.python = arguments.python;
  options.shapes = arguments.shapes;
  options.batch = arguments.batch;
  options.sample = arguments.sample;
  options.signature = arguments.signature;
  options.choice = {arguments.exporter, arguments.opset};
  return options;
}

pipeline::ImportTools ImportToolsOf(const Context& context) {
  return {AgentsOf(context), [context] { return OpenRuntime(context); }, context.sink};
}

}  // namespace edgeopt::cli
