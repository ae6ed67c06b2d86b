// The program: only dispatches.
#include <cstdlib>

#include "cli/app.h"

int main(int argc, char** argv) {
  // ONNX Runtime 1.31 on Linux keeps usage data in ~/.cache/Microsoft unless told not to. Agents
  // and steps inherit this.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", /*overwrite=*/0);
  return edgeopt::cli::Main(argc, argv);
}
