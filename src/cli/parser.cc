#include "cli/parser.h"

#include <CLI/CLI.hpp>

#include "cli/describe.h"

namespace edgeopt::cli {

Declared& Declared::Required(bool required) {
  option_->required(required);
  return *this;
}

Declared& Declared::TypeName(const std::string& name) {
  option_->type_name(name);
  return *this;
}

Declared& Declared::WithoutDefault() {
  option_->default_str("");
  return *this;
}

Declared& Declared::NonNegative() {
  option_->check(CLI::NonNegativeNumber);
  return *this;
}

Declared& Declared::Positive() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

Declared& Declared::Between(double lowest, double highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

Declared& Declared::OneOf(std::vector<std::string> choices) {
  option_->check(CLI::IsMember(std::move(choices)));
  return *this;
}

Declared& Declared::Rare() {
  option_->group(kRareGroup);
  return *this;
}

Declared Parser::Add(const std::string& names, std::string& target,
                     const std::string& description) {
  return Declared(app_.add_option(names, target, description));
}

Declared Parser::Add(const std::string& names, std::vector<std::string>& target,
                     const std::string& description) {
  return Declared(app_.add_option(names, target, description));
}

Declared Parser::Add(const std::string& names, int& target, const std::string& description) {
  return Declared(app_.add_option(names, target, description));
}

Declared Parser::Add(const std::string& names, int64_t& target, const std::string& description) {
  return Declared(app_.add_option(names, target, description));
}

Declared Parser::Add(const std::string& names, double& target, const std::string& description) {
  return Declared(app_.add_option(names, target, description));
}

Declared Parser::AddFlag(const std::string& names, bool& target, const std::string& description) {
  return Declared(app_.add_flag(names, target, description));
}

}  // namespace edgeopt::cli
