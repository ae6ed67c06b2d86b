// Step "set-sizes": the original at the input sizes that the user asked for, which pre-flight made
// and verified (pipeline/resize_source.h). Everything else is made of it.
#include "pipeline/made_file_step.h"
#include "pipeline/step_kind.h"

namespace edgeopt::pipeline::steps {
namespace {

Result<StepOutput> AtAskedSizes(StepInput input) {
  if (!input.record.resized) return BadInput("no other sizes were asked for");
  const report::Resized& resized = *input.record.resized;
  EDGEOPT_TRY(StepOutput output, MadeInPreflight(input));
  output.suffix = "sized";
  output.parameters = {{"asked", resized.asked}, {"inputs", resized.inputs}};
  output.details = {{"nodes", resized.nodes}, {"verified", resized.verified}};
  return output;
}

}  // namespace

StepKind set_sizes() {
  StepKind kind{"set-sizes", "the model at the input sizes that were asked for"};
  kind.make = AtAskedSizes;
  kind.takes_file = true;
  return kind;
}

}  // namespace edgeopt::pipeline::steps
