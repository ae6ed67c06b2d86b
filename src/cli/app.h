// The command line as a whole: options common to all subcommands, edgeopt.toml, errors, exit codes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"

namespace edgeopt::cli {

// The parser with every subcommand on it, and what each runs.
struct Program {
  std::unique_ptr<CLI::App> app;
  std::vector<std::pair<const Command*, Run>> runs;
  // Filled in by parsing.
  bool json = false, quiet = false;
  std::string runtime_library;

  Program();
  ~Program();
};
std::unique_ptr<Program> BuildProgram();

// Parses, runs, prints; returns the exit code. The only place that prints results and errors.
int Main(int argc, const char* const* argv);

}  // namespace edgeopt::cli
