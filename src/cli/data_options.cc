#include "cli/data_options.h"

#include <CLI/CLI.hpp>

#include "data/open.h"

namespace edgeopt::cli {

void AddDataOptions(CLI::App& app, DataOptions& options, const std::string& flag,
                    const std::string& description, bool required, bool with_limit) {
  app.add_option(flag, options.path, description)->required(required)->type_name("PATH");
  app.add_option("--preprocessing", options.preprocessing, "TOML file: how images become inputs")
      ->type_name("FILE");
  app.add_option("--data-kind", options.kind, "kind of data set, if not plain from the path")
      ->type_name("KIND");
  app.add_option("--labels", options.labels, "labels or class names, if not beside the samples")
      ->type_name("FILE");
  app.add_option("--images", options.images, "folder of the images that a description names")
      ->type_name("FOLDER");
  if (with_limit)
    app.add_option("--samples", options.limit, "use only the first so many (default: all)")
        ->check(CLI::NonNegativeNumber)
        ->type_name("N")
        ->default_str("");
}

Result<std::unique_ptr<data::Dataset>> OpenData(const DataOptions& options,
                                                const std::vector<data::InputSpec>& inputs) {
  data::OpenOptions open;
  open.path = options.path;
  open.kind = options.kind;
  open.labels = options.labels;
  open.images = options.images;
  open.limit = options.limit;
  open.inputs = inputs;
  if (!options.preprocessing.empty()) {
    EDGEOPT_TRY(open.preprocessing, data::ReadPreprocessing(options.preprocessing));
  }
  return data::Open(open);
}

}  // namespace edgeopt::cli
