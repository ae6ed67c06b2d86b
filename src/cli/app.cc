#include "cli/app.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "cli/config.h"
#include "cli/describe.h"
#include "cli/help.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/suggest.h"

namespace edgeopt::cli {
namespace {

constexpr int kDone = 0;

void Print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

// Names come from model files: what would command the terminal is shown as an escape instead.
std::string Printable(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t')
      shown += c;
    else
      shown += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
  }
  return shown;
}

// Results that can't be written (a full disk behind a redirection) must not look like success.
int FlushOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  Print(stderr, "error: can't write to the standard output\n");
  return static_cast<int>(ErrorCode::kUnavailable);
}

nlohmann::json ErrorDocument(const Error& error) {
  return {{"code", static_cast<int>(error.code)},
          {"message", error.message},
          {"hint", error.hint},
          {"environment", error.environment}};
}

std::string Dump(const nlohmann::json& document) {
  // Text from a model file may be anything; a document is UTF-8.
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int PrintError(const Error& error, bool json) {
  if (json) {
    Print(stdout, Dump({{"schema_version", kSchemaVersion}, {"error", ErrorDocument(error)}}));
  } else {
    Print(stderr, Printable("error: " + error.message + "\n"));
    if (!error.hint.empty()) Print(stderr, Printable("hint: " + error.hint + "\n"));
  }
  return FlushOutput(static_cast<int>(error.code));
}

int PrintAnswer(Answer answer, bool json) {
  if (json && !answer.document.is_null()) {
    if (!answer.document.contains("schema_version"))
      answer.document["schema_version"] = kSchemaVersion;
    if (answer.failure) answer.document["error"] = ErrorDocument(*answer.failure);
    Print(stdout, Dump(answer.document));
  } else {
    Print(stdout, Printable(answer.text));
  }
  if (!answer.failure) return FlushOutput(kDone);
  if (json) return FlushOutput(static_cast<int>(answer.failure->code));
  const int flushed = FlushOutput(kDone);
  return flushed != kDone ? flushed : PrintError(*answer.failure, json);
}

// CLI11 answers a misspelled command with "argument was not expected"; this says what was meant.
std::optional<Error> CheckCommandName(const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Command& command : Table()) names.emplace_back(command.name);
  bool takes_value = false;  // the word behind --config and --runtime-library is no command
  for (const std::string& word : arguments) {
    if (std::exchange(takes_value, word == "--config" || word == "--runtime-library")) continue;
    if (word.starts_with("-")) continue;
    if (std::find(names.begin(), names.end(), word) != names.end()) return std::nullopt;
    const std::string nearest = Nearest(word, names);
    return UsageError("there is no command '" + word + "'",
                      nearest.empty() ? "'edgeopt --help' lists the commands"
                                      : "did you mean 'edgeopt " + nearest + "'?");
  }
  return std::nullopt;
}

const Command* Chosen(const Program& program, const Run** run) {
  for (const auto& [command, candidate] : program.runs) {
    if (!program.app->got_subcommand(std::string(command->name))) continue;
    *run = &candidate;
    return command;
  }
  return nullptr;
}

// What is left over, as typed: an option that isn't one makes a stranger of its value too, and is
// the one to name.
Error UnexpectedArgument(const std::string& message, const Program& program, const Command* command,
                         const std::string& see) {
  const size_t colon = message.rfind(": ");
  std::istringstream words(colon == std::string::npos ? "" : message.substr(colon + 2));
  std::string unexpected;
  for (std::string word; words >> word;)
    if (unexpected.empty() || word.starts_with("-")) unexpected = word;
  std::vector<std::string> names;
  if (command != nullptr && unexpected.starts_with("-"))
    for (const OptionText& option :
         Describe(*program.app->get_subcommand(std::string(command->name))))
      names.push_back(option.long_name);
  const std::string nearest = Nearest(unexpected, names);
  return UsageError("unexpected argument '" + unexpected + "'",
                    nearest.empty() ? see : "did you mean '" + nearest + "'?");
}

Error ToUsageError(const CLI::ParseError& error, const Program& program, const Command* command) {
  const std::string name = command != nullptr ? "edgeopt " + std::string(command->name) : "edgeopt";
  const std::string see = "see '" + name + " --help'";
  std::string message = error.what();
  const size_t end = message.find_last_not_of("\n .");
  message.resize(end == std::string::npos ? 0 : end + 1);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError))
    return UnexpectedArgument(message, program, command, see);
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ConfigError))
    message = "in the configuration file: " + message;
  return UsageError(message, see);
}

std::filesystem::path OwnPath() {
  std::error_code ec;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", ec);
  return ec ? std::filesystem::path("edgeopt") : path;
}

// As tools/setup has it.
std::filesystem::path CacheFolder() {
  if (const char* cache = std::getenv("EDGEOPT_CACHE")) return cache;
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::filesystem::path(home) / ".cache" / "edgeopt";
}

ProgressPrinter MakePrinter(bool quiet) {
  const char* terminal = std::getenv("TERM");
  const bool rich =
      ::isatty(STDERR_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
  const auto style = quiet  ? ProgressPrinter::Style::kQuiet
                     : rich ? ProgressPrinter::Style::kTerminal
                            : ProgressPrinter::Style::kPlain;
  return ProgressPrinter(
      style, [](std::string_view text) { Print(stderr, text); },
      [] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
      });
}

int Execute(const Program& program, const Run& run) {
  Context context;
  context.json = program.json;
  context.quiet = program.quiet;
  ProgressPrinter printer = MakePrinter(program.quiet);
  context.sink = &printer;
  context.cancel = &CancelOnInterrupt();
  context.program = OwnPath();
  context.runtime_library = program.runtime_library;
  context.cache = CacheFolder();
  Result<Answer> answer = [&]() -> Result<Answer> {
    try {
      return run(context);
    } catch (const std::exception& exception) {
      return Internal(std::string("unexpected ") + exception.what());
    }
  }();
  printer.Finish();
  if (answer.ok()) return PrintAnswer(std::move(answer).value(), program.json);
  // Ctrl-C reaches child processes too: whatever broke first, the user's wish is the cause.
  if (context.cancel->cancelled() && answer.error().code != ErrorCode::kInterrupted)
    return PrintError(Interrupted(), program.json);
  return PrintError(answer.error(), program.json);
}

}  // namespace

Program::Program() : app(std::make_unique<CLI::App>()) {}
Program::~Program() = default;

std::unique_ptr<Program> BuildProgram() {
  auto program = std::make_unique<Program>();
  CLI::App& app = *program->app;
  app.fallthrough();
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  app.add_flag("--json", program->json, "print one JSON document instead of text");
  app.add_flag("--quiet,-q", program->quiet, "no progress and no notes");
  app.set_config("--config", "edgeopt.toml", "options that would be typed again, in TOML")
      ->type_name("FILE");
  app.config_formatter(MakeConfigReader(app));
  app.add_option("--runtime-library", program->runtime_library,
                 "another build of ONNX Runtime, libonnxruntime.so")
      ->type_name("FILE")
      ->envname("EDGEOPT_RUNTIME_LIBRARY");
  app.set_version_flag(
      "--version", [] { return std::string("edgeopt " EDGEOPT_VERSION); }, "print the version");
  for (const Command& command : Table()) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    sub->option_defaults()->always_capture_default();
    Parser parser(*sub);
    program->runs.emplace_back(&command, command.configure(parser));
  }
  return program;
}

int Main(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const auto program = BuildProgram();
  if (arguments.empty()) {
    Print(stdout, MainHelp());
    return FlushOutput(kDone);
  }
  // Wanted even where the rest of the line can't be parsed.
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  if (const auto error = CheckCommandName(arguments)) return PrintError(*error, json);
  const Run* run = nullptr;
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    program->app->parse(std::move(arguments));
  } catch (const CLI::CallForVersion& version) {
    Print(stdout, std::string(version.what()) + "\n");
    return FlushOutput(kDone);
  } catch (const CLI::CallForHelp&) {
    const Command* command = Chosen(*program, &run);
    Print(stdout, command ? CommandHelp(*program, *command) : MainHelp());
    return FlushOutput(kDone);
  } catch (const CLI::ParseError& error) {
    return PrintError(ToUsageError(error, *program, Chosen(*program, &run)), json);
  }
  Chosen(*program, &run);
  return Execute(*program, *run);
}

}  // namespace edgeopt::cli
