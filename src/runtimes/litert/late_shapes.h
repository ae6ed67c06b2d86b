// Which operators of a TFLite graph learn the shape of their result only while they run. LiteRT's
// interface is handed buffers for the outputs before that, and:
//   - an output that such an operator makes is left where it is: the buffer stays as it was, and no
//     error is told (seen with 2.1.4)
//   - buffers of outputs behind such an operator are not checked for their size: a shape other than
//     the file's would be written past their end
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtimes/litert/model_file.h"

namespace edgeopt::runtimes::litert {

struct LateShapes {
  // Not empty: shapes depend on those of the inputs while the model runs, so it can be run only
  // with the shapes in the file. The first such operator: "RESHAPE (operator 206)".
  std::string first;
  // Per output the tensor to ask LiteRT for in its place, -1 for itself: a late RESHAPE's data are
  // its input's.
  std::vector<int32_t> instead;
};

// Unsupported, with the operator, when an output's size depends on the values of the inputs, or an
// output is made by a late operator other than RESHAPE.
Result<LateShapes> FindLateShapes(const ModelFile& file);

}  // namespace edgeopt::runtimes::litert
