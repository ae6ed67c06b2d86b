#include "cli/data_options.h"

#include "cli/parser.h"
#include "data/open.h"

namespace edgeopt::cli {

void AddDataOptions(Parser& parser, DataOptions& options, const std::string& flag,
                    const std::string& description, bool required, bool with_limit, bool brief) {
  parser.Add(flag, options.path, description).Required(required).TypeName("PATH");
  parser.Add("--preprocessing", options.preprocessing, "TOML file: how images become inputs")
      .TypeName("FILE");
  Declared rare[] = {
      parser.Add("--data-kind", options.kind, "kind of data set, if not plain from the path")
          .TypeName("KIND"),
      parser.Add("--labels", options.labels, "labels or class names, if not beside the samples")
          .TypeName("FILE"),
      parser.Add("--images", options.images, "folder of the images that a description names")
          .TypeName("FOLDER")};
  if (brief)
    for (Declared& option : rare) option.Rare();
  if (with_limit)
    parser.Add("--samples", options.limit, "use only the first so many (default: all)")
        .NonNegative()
        .TypeName("N")
        .WithoutDefault();
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
