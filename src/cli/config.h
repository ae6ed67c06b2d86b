// edgeopt.toml: options that would be typed again. A key at the top holds for every subcommand that
// has such an option, a key in a table [quantize] for that subcommand; what is typed wins.
#pragma once

#include <filesystem>
#include <memory>

namespace CLI {
class App;
class Config;
}  // namespace CLI

namespace edgeopt::cli {

// Reads the file for CLI11. An unknown key or table throws CLI::ConfigError (caught where parsing
// is called) that names line and key.
std::shared_ptr<CLI::Config> MakeConfigReader(CLI::App& app);

}  // namespace edgeopt::cli
