// The options that name a data set, the same for every subcommand that reads one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace edgeopt::cli {

class Parser;

struct DataOptions {
  std::string path, kind, labels, images, preprocessing;
  int64_t limit = 0;
};

// Declares FLAG (--data, --calibration) and beside it --preprocessing, --data-kind, --labels and
// --images. `with_limit` adds --samples. `brief`: the rarer ones are Declared::Rare.
void AddDataOptions(Parser& parser, DataOptions& options, const std::string& flag,
                    const std::string& description, bool required, bool with_limit = true,
                    bool brief = false);

// Opens it for a model with these inputs.
Result<std::unique_ptr<data::Dataset>> OpenData(const DataOptions& options,
                                                const std::vector<data::InputSpec>& inputs);

}  // namespace edgeopt::cli
