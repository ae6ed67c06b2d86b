#include "cli/completion.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"

namespace edgeopt::cli {
namespace {

std::vector<OptionText> OptionsOf(const Program& program, const Command& command) {
  auto options = Describe(*program.app->get_subcommand(std::string(command.name)));
  for (OptionText& common : Describe(*program.app)) options.push_back(std::move(common));
  return options;
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Inside single quotes of a shell.
std::string Quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// zsh reads ':' and brackets in descriptions itself.
std::string ZshText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

template <typename Fn>
void ForEachCommand(const Program& program, Fn fn) {
  for (const auto& [command, run] : program.runs)
    if (command->group != Group::kHidden) fn(*command);
}

}  // namespace

std::string BashCompletion(const Program& program) {
  std::vector<std::string> names;
  std::string cases, choices;
  ForEachCommand(program, [&](const Command& command) {
    names.emplace_back(command.name);
    std::vector<std::string> words;
    for (const OptionText& option : OptionsOf(program, command)) {
      if (option.long_name.empty()) {
        if (!option.choices.empty()) words.push_back(Join(option.choices));
        continue;
      }
      words.push_back(option.long_name);
      if (!option.choices.empty())
        choices += "    " + std::string(command.name) + "," + option.long_name + ") words='" +
                   Join(option.choices) + "' ;;\n";
    }
    cases += "    " + std::string(command.name) + ") words='" + Join(words) + "' ;;\n";
  });
  return "# bash completion for edgeopt: source <(edgeopt completion bash)\n"
         "_edgeopt() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  if ((COMP_CWORD == 1)); then\n"
         "    COMPREPLY=($(compgen -W '" +
         Join(names) +
         "' -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]},$before in\n" +
         choices +
         "  esac\n"
         "  if [[ -n $words ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  [[ $word == -* ]] || words=${words//--*/}\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _edgeopt edgeopt\n";
}

std::string ZshCompletion(const Program& program) {
  std::string commands, cases;
  ForEachCommand(program, [&](const Command& command) {
    const std::string name(command.name);
    commands += "    " + Quoted(name + ":" + ZshText(command.summary)) + "\n";
    cases += "    " + name + ") _arguments";
    for (const OptionText& option : OptionsOf(program, command)) {
      const std::string values =
          option.choices.empty() ? "_files" : "(" + Join(option.choices) + ")";
      std::string spec = option.positional
                             ? (option.repeated ? "*:" : ":") + option.value + ":"
                             : option.long_name + "[" + ZshText(option.description) + "]";
      if (option.positional)
        spec += values;
      else if (!option.value.empty())
        spec += ":" + option.value + ":" + values;
      cases += " \\\n      " + Quoted(spec);
    }
    cases += " ;;\n";
  });
  return "#compdef edgeopt\n"
         "_edgeopt() {\n"
         "  local -a commands=(\n" +
         commands +
         "  )\n"
         "  if ((CURRENT == 2)); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  ((CURRENT--))\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "}\n"
         "compdef _edgeopt edgeopt\n";
}

std::string FishCompletion(const Program& program) {
  std::string script = "# fish completion for edgeopt: edgeopt completion fish | source\n";
  ForEachCommand(program, [&](const Command& command) {
    const std::string name(command.name);
    script += "complete -c edgeopt -n __fish_use_subcommand -f -a " + name + " -d " +
              Quoted(command.summary) + "\n";
    for (const OptionText& option : OptionsOf(program, command)) {
      const std::string scope = "complete -c edgeopt -n '__fish_seen_subcommand_from " + name + "'";
      const std::string values =
          option.choices.empty() ? "" : " -f -a " + Quoted(Join(option.choices));
      if (option.positional) {
        if (!values.empty()) script += scope + values + "\n";
        continue;
      }
      script += scope + " -l " + option.long_name.substr(2);
      if (!option.value.empty()) script += " -r" + values;
      script += " -d " + Quoted(option.description) + "\n";
    }
  });
  return script;
}

}  // namespace edgeopt::cli
