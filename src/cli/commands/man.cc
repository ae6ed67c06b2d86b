// edgeopt man: the source of docs/edgeopt.1.

#include "cli/command.h"
#include "cli/man_page.h"

namespace edgeopt::cli {

Command man() {
  return {"man", "Print the man page", Group::kHidden, [](Parser&) -> Run {
            return [](Context&) -> Result<Answer> {
              std::string page = ManPage(*BuildProgram());
              nlohmann::json document = {{"page", page}};
              return Answer{std::move(page), std::move(document), {}};
            };
          }};
}

}  // namespace edgeopt::cli
