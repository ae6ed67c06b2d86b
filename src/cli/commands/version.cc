// edgeopt version

#include "cli/command.h"

namespace edgeopt::cli {

Command version() {
  return {"version", "Print the version", Group::kOther, [](Parser&) -> Run {
            return [](Context&) -> Result<Answer> {
              return Answer{"edgeopt " EDGEOPT_VERSION "\n", {{"version", EDGEOPT_VERSION}}, {}};
            };
          }};
}

}  // namespace edgeopt::cli
