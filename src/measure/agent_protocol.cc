#include "measure/agent_protocol.h"

#include "base/json_object.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

constexpr ErrorCode kCodes[] = {
    ErrorCode::kGateFailed,  ErrorCode::kUsage,    ErrorCode::kBadInput,   ErrorCode::kUnsupported,
    ErrorCode::kUnavailable, ErrorCode::kInternal, ErrorCode::kInterrupted};

Result<json> ParseLine(std::string_view line, const char* what) {
  if (line.size() > kMaxLineBytes)
    return BadInput(std::string(what) + " is longer than " + std::to_string(kMaxLineBytes) +
                    " bytes");
  json value = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return BadInput(std::string(what) + " is not a JSON object on one line");
  return value;
}

Status ReadError(const json& value, Error& error) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "error"));
  EDGEOPT_TRY(const int64_t number, fields.Integer("code", 0, 255));
  for (const ErrorCode code : kCodes)
    if (static_cast<int64_t>(code) == number) error.code = code;
  EDGEOPT_TRY(error.message, fields.Text("message"));
  if (fields.Has("hint")) {
    EDGEOPT_TRY(error.hint, fields.Text("hint"));
  }
  if (fields.Has("environment")) {
    EDGEOPT_TRY(error.environment, fields.Bool("environment"));
  }
  return fields.Finish();
}

Result<Answer::Progress> ProgressFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "progress"));
  Answer::Progress progress;
  EDGEOPT_TRY(progress.done, fields.Integer("done", 0, kMaxId));
  EDGEOPT_TRY(progress.total, fields.Integer("total", 0, kMaxId));
  EDGEOPT_CHECK_OK(fields.Finish());
  return progress;
}

}  // namespace

std::string RequestLine(const Request& request) {
  return JsonLine({{"id", request.id}, {"method", request.method}, {"params", request.params}}) +
         "\n";
}

Result<Request> ParseRequest(std::string_view line, std::optional<int64_t>& id) {
  EDGEOPT_TRY(const json value, ParseLine(line, "the request"));
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "the request"));
  Request request;
  EDGEOPT_TRY(request.id, fields.Integer("id", 0, kMaxId));
  id = request.id;
  EDGEOPT_TRY(request.method, fields.Text("method"));
  request.params = json::object();
  if (fields.Has("params")) {
    EDGEOPT_TRY(const json* params, fields.Object("params"));
    request.params = *params;
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return request;
}

std::string ResultLine(int64_t id, json result) {
  return JsonLine({{"id", id}, {"result", std::move(result)}}) + "\n";
}

std::string RefusalLine(std::optional<int64_t> id, const Error& error) {
  json body = {{"code", static_cast<int>(error.code)}, {"message", error.message}};
  if (!error.hint.empty()) body["hint"] = error.hint;
  if (error.environment) body["environment"] = true;
  return JsonLine({{"id", id ? json(*id) : json()}, {"error", std::move(body)}}) + "\n";
}

std::string ProgressLine(int64_t id, int64_t done, int64_t total) {
  return JsonLine({{"id", id}, {"progress", {{"done", done}, {"total", total}}}}) + "\n";
}

Result<Answer> ParseAnswer(std::string_view line) {
  EDGEOPT_TRY(json value, ParseLine(line, "the answer"));
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "the answer"));
  Answer answer;
  // A refusal of something that could not be read has the id null.
  if (value.contains("id") && value["id"].is_null()) {
    answer.id = -1;
    value.erase("id");
  } else {
    EDGEOPT_TRY(answer.id, fields.Integer("id", 0, kMaxId));
  }
  if (fields.Has("result")) {
    EDGEOPT_TRY(const json* result, fields.Object("result"));
    answer.result = *result;
  } else if (fields.Has("error")) {
    EDGEOPT_TRY(const json* error, fields.Object("error"));
    EDGEOPT_CHECK_OK(ReadError(*error, answer.error.emplace()));
  } else {
    EDGEOPT_TRY(const json* progress, fields.Object("progress"));
    EDGEOPT_TRY(answer.progress, ProgressFrom(*progress));
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return answer;
}

json ToJson(const HelloParams& params) {
  json value = {{"protocol", params.protocol}, {"client", params.client}};
  if (!params.exchange.empty()) value["exchange"] = params.exchange;
  return value;
}

Result<HelloParams> HelloParamsFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "hello"));
  HelloParams params;
  EDGEOPT_TRY(params.protocol, fields.Integer("protocol", 0, kMaxId));
  EDGEOPT_TRY(params.client, fields.Text("client"));
  if (fields.Has("exchange")) {
    EDGEOPT_TRY(params.exchange, fields.Text("exchange"));
    if (!params.exchange.starts_with('/')) return BadInput("hello: 'exchange' is not absolute");
  }
  EDGEOPT_CHECK_OK(fields.Finish());
  return params;
}

json ToJson(const AgentHello& hello) {
  json runtimes = json::array();
  for (const RuntimeInfo& runtime : hello.runtimes)
    runtimes.push_back(runtime.missing.empty()
                           ? json{{"name", runtime.name}, {"version", runtime.version}}
                           : json{{"name", runtime.name}, {"missing", runtime.missing}});
  return {{"protocol", hello.protocol},
          {"edgeopt", hello.edgeopt},
          {"pid", hello.pid},
          {"runtimes", std::move(runtimes)},
          {"machine", ToJson(hello.machine)}};
}

Result<AgentHello> AgentHelloFrom(const json& value) {
  EDGEOPT_TRY(JsonObject fields, JsonObject::Of(value, "hello"));
  AgentHello hello;
  EDGEOPT_TRY(hello.protocol, fields.Integer("protocol", 0, kMaxId));
  EDGEOPT_TRY(hello.edgeopt, fields.Text("edgeopt"));
  EDGEOPT_TRY(hello.pid, fields.Integer("pid", 0, kMaxId));
  EDGEOPT_TRY(const json* runtimes, fields.Array("runtimes"));
  for (const json& entry : *runtimes) {
    EDGEOPT_TRY(JsonObject runtime, JsonObject::Of(entry, "runtime"));
    RuntimeInfo info;
    EDGEOPT_TRY(info.name, runtime.Text("name"));
    EDGEOPT_TRY((runtime.Has("missing") ? info.missing : info.version),
                runtime.Text(runtime.Has("missing") ? "missing" : "version"));
    EDGEOPT_CHECK_OK(runtime.Finish());
    hello.runtimes.push_back(std::move(info));
  }
  EDGEOPT_TRY(const json* machine, fields.Object("machine"));
  EDGEOPT_TRY(hello.machine, MachineFromJson(*machine));
  EDGEOPT_CHECK_OK(fields.Finish());
  return hello;
}

}  // namespace edgeopt::measure
