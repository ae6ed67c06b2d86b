#include "base/json_object.h"
#include "hardware/locking.h"

namespace edgeopt::hardware {

using nlohmann::json;

json ToJson(const LockReport& report) {
  json items = json::array();
  for (const LockItem& item : report.items) {
    json object = {{"name", item.name}, {"ok", item.ok}, {"detail", item.detail}};
    if (!item.remedy.empty()) object["remedy"] = item.remedy;
    items.push_back(std::move(object));
  }
  return {{"ok", report.ok}, {"items", std::move(items)}};
}

Result<LockReport> LockReportFromJson(const json& value) {
  LockReport report;
  EDGEOPT_TRY(JsonObject object, JsonObject::Of(value, "lock report"));
  EDGEOPT_CHECK_OK(object.Require("ok"));
  EDGEOPT_CHECK_OK(object.Read("ok", report.ok));
  EDGEOPT_CHECK_OK(object.Require("items"));
  EDGEOPT_TRY(const json* items, object.ArrayIfAny("items"));
  for (const json& entry : *items) {
    LockItem item;
    EDGEOPT_TRY(JsonObject fields, JsonObject::Of(entry, "item of a lock report"));
    EDGEOPT_CHECK_OK(fields.Read("name", item.name));
    EDGEOPT_CHECK_OK(fields.Read("ok", item.ok));
    EDGEOPT_CHECK_OK(fields.Read("detail", item.detail));
    EDGEOPT_CHECK_OK(fields.Read("remedy", item.remedy));
    EDGEOPT_CHECK_OK(fields.Finish());
    report.items.push_back(std::move(item));
  }
  EDGEOPT_CHECK_OK(object.Finish());
  return report;
}

}  // namespace edgeopt::hardware
