// Opening a data set of any kind. The kinds are the files of kinds/; a new one is a new file there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sinks.h"
#include "data/dataset.h"
#include "data/preprocessing.h"

namespace edgeopt::data {

struct OpenOptions {
  // A file or folder. Kinds that have splits take one behind a colon: "FOLDER:train".
  std::string path;
  std::string kind;  // a name of Table(); empty: found from the path
  // What a kind reads its labels or class names from, where they are not beside the samples (each
  // kind's file tells): one class name a line, a labels IDX file, an .npy of labels ...
  std::string labels;
  std::string images;  // folder of the images, for kinds whose path is a description (COCO, CSV)
  std::optional<Preprocessing> preprocessing;
  Sink* sink = nullptr;           // is warned of what looks wrong but may be right
  std::vector<InputSpec> inputs;  // of the model; empty: unknown, nothing is checked
  int64_t limit = 0;              // only that many samples; 0: all
  // Shuffled by this seed before the limit; the same order on every machine.
  std::optional<uint64_t> shuffle_seed;
};

// One row of the table of kinds; returned by the function that has the file's name.
struct KindInfo {
  std::string_view name, summary;
  // Whether the path looks like this kind's (cheap: names and first bytes). The first row that
  // matches, in order of `rank`, opens it.
  bool (*matches)(const OpenOptions& options) = nullptr;
  Result<std::unique_ptr<Dataset>> (*open)(const OpenOptions& options) = nullptr;
  int rank = 0;  // low: specific, asked first
};

// All kinds, sorted by file name; generated from the files of src/data/kinds/.
std::span<const KindInfo> Table();

// Opens the data set and checks its first sample against the model's inputs. BadInput when it is
// empty, of no known kind, or does not fit the model; usage error for an unknown kind.
Result<std::unique_ptr<Dataset>> Open(const OpenOptions& options);

// The samples `indices` of `base` as a data set of its own.
std::unique_ptr<Dataset> Subset(std::shared_ptr<const Dataset> base, std::vector<int64_t> indices);
// 0 to count - 1 in the order that the seed gives (Fisher-Yates by mt19937_64, equal everywhere).
std::vector<int64_t> ShuffledIndices(int64_t count, uint64_t seed);

}  // namespace edgeopt::data
