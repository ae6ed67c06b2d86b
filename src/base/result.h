// Errors as values: Error, Result<T>, Status. Nothing in the library throws across a module border,
// prints, or exits; libraries' exceptions are caught where the library is called.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace edgeopt {

// The exit codes of the program are the error codes of the library: one enum, one meaning.
enum class ErrorCode {
  kGateFailed = 1,    // an accuracy or latency gate failed
  kUsage = 2,         // the command line or a configuration file is wrong
  kBadInput = 3,      // a model, data set or package is wrong
  kUnsupported = 4,   // correct, but something that edgeopt or the runtime does not support
  kUnavailable = 5,   // a runtime, device, folder or disk is not available
  kInternal = 70,     // our own bug
  kInterrupted = 130  // the user asked to stop
};

// What went wrong, for a person: where, what, expected against found - and in `hint` what to do
// next.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::string hint;
  // The disk or a folder failed: what else would be tried fails as well.
  bool environment = false;

  // "message; hint" on one line.
  std::string ToString() const { return hint.empty() ? message : message + "; " + hint; }
  // The same error, told from one level further out: "context: message".
  Error Within(std::string_view context) const {
    return Error{code, std::string(context) + ": " + message, hint, environment};
  }
};

inline Error GateFailed(std::string message, std::string hint = {}) {
  return {ErrorCode::kGateFailed, std::move(message), std::move(hint)};
}
inline Error UsageError(std::string message, std::string hint = {}) {
  return {ErrorCode::kUsage, std::move(message), std::move(hint)};
}
inline Error BadInput(std::string message, std::string hint = {}) {
  return {ErrorCode::kBadInput, std::move(message), std::move(hint)};
}
inline Error Unsupported(std::string message, std::string hint = {}) {
  return {ErrorCode::kUnsupported, std::move(message), std::move(hint)};
}
inline Error Unavailable(std::string message, std::string hint = {}) {
  return {ErrorCode::kUnavailable, std::move(message), std::move(hint)};
}
// Unavailable, because a disk or a folder can't be written.
inline Error CantWrite(std::string message, std::string hint = {}) {
  return {ErrorCode::kUnavailable, std::move(message), std::move(hint), true};
}
inline Error Internal(std::string message) {
  return {ErrorCode::kInternal, std::move(message), {}};
}
inline Error Interrupted() {
  return {ErrorCode::kInterrupted, "interrupted", "go on with 'edgeopt resume'"};
}

// A value or an Error. value() on an error is our own bug and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: implicit on purpose
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return Checked(), std::get<0>(state_); }
  const T& value() const& { return Checked(), std::get<0>(state_); }
  T&& value() && { return Checked(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  void Checked() const {
    if (!ok()) std::abort();
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit on purpose
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;
inline Status OkStatus() { return {}; }

#define EDGEOPT_CONCAT_INNER(a, b) a##b
#define EDGEOPT_CONCAT(a, b) EDGEOPT_CONCAT_INNER(a, b)

// EDGEOPT_TRY(auto x, Compute()): x becomes the value, or the enclosing function returns the error.
#define EDGEOPT_TRY(lhs, expr) EDGEOPT_TRY_IMPL(EDGEOPT_CONCAT(result_, __COUNTER__), lhs, expr)
#define EDGEOPT_TRY_IMPL(tmp, lhs, expr) \
  auto tmp = (expr);                     \
  if (!tmp.ok()) return tmp.error();     \
  lhs = std::move(tmp).value()

// EDGEOPT_CHECK_OK(Write()): returns the error of a Status or Result from the enclosing function.
#define EDGEOPT_CHECK_OK(expr)                                       \
  do {                                                               \
    if (const auto& check_ok_status = (expr); !check_ok_status.ok()) \
      return check_ok_status.error();                                \
  } while (false)

}  // namespace edgeopt
