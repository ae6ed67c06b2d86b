// edgeopt list WHAT
#include <memory>

#include "cli/command.h"
#include "cli/runtime.h"
#include "cli/table.h"
#include "data/open.h"
#include "devices/device.h"
#include "metrics/metric.h"
#include "passes/pass.h"
#include "passes/quantize/rules.h"
#include "quant/calibrator.h"

namespace edgeopt::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

template <typename Row>
Rows NamesAndSummaries(std::span<const Row> table) {
  Rows rows;
  for (const Row& row : table) rows.push_back({std::string(row.name), std::string(row.summary)});
  return rows;
}

Rows Devices() {
  Rows rows;
  for (const devices::Device& device : devices::Table())
    rows.push_back({std::string(device.name), std::string(device.title) + ": " +
                                                  std::string(device.format) + "; " +
                                                  std::string(device.why)});
  return rows;
}

// A runtime that can't be loaded is listed with the reason.
Rows Runtimes(const Context& context) {
  const auto row = [](const char* name, const Result<std::shared_ptr<runtimes::Runtime>>& opened) {
    return std::vector<std::string>{
        name, opened.ok() ? (*opened)->version() : "not available: " + opened.error().ToString()};
  };
  return {row("onnxruntime", OpenRuntime(context)), row("litert", OpenLiteRt(context))};
}

Result<Rows> RowsOf(const std::string& what, const Context& context) {
  if (what == "passes") return NamesAndSummaries(passes::Table());
  if (what == "metrics") return NamesAndSummaries(metrics::Table());
  if (what == "calibrators") return NamesAndSummaries(quant::Table());
  if (what == "rules") return NamesAndSummaries(passes::quantize::RuleSets());
  if (what == "datasets") return NamesAndSummaries(data::Table());
  if (what == "devices") return Devices();
  return Runtimes(context);
}

}  // namespace

Command list() {
  return {"list", "List passes, metrics, calibrators, devices or runtimes", Group::kOther,
          [](Parser& parser) -> Run {
            auto what = std::make_shared<std::string>();
            parser.Add("what", *what, "the table")
                .Required()
                .OneOf({"passes", "metrics", "calibrators", "rules", "datasets", "devices",
                        "runtimes"});
            return [what](Context& context) -> Result<Answer> {
              EDGEOPT_TRY(const Rows rows, RowsOf(*what, context));
              json entries = json::array();
              for (const auto& row : rows)
                entries.push_back({{"name", row[0]}, {"summary", row[1]}});
              return Answer{Table({"name", ""}, rows), {{*what, std::move(entries)}}, {}};
            };
          }};
}

}  // namespace edgeopt::cli
