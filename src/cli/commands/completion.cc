// edgeopt completion SHELL
#include "cli/completion.h"

#include "cli/command.h"

namespace edgeopt::cli {

Command completion() {
  return {"completion", "Print a script that completes commands in a shell", Group::kOther,
          [](Parser& parser) -> Run {
            auto shell = std::make_shared<std::string>();
            parser.Add("shell", *shell, "the shell").Required().OneOf({"bash", "zsh", "fish"});
            return [shell](Context&) -> Result<Answer> {
              const auto program = BuildProgram();
              std::string script = *shell == "bash"  ? BashCompletion(*program)
                                   : *shell == "zsh" ? ZshCompletion(*program)
                                                     : FishCompletion(*program);
              nlohmann::json document = {{"shell", *shell}, {"script", script}};
              return Answer{std::move(script), std::move(document), {}};
            };
          },
          "  source <(edgeopt completion bash)"};
}

}  // namespace edgeopt::cli
