// The agent's files by content: a folder with one file per content, named by its SHA-256.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/result.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

class FileStore {
 public:
  // `folder` is made where it is missing; empty: a temporary one that goes with the store. What
  // agents that were killed left half-written in it more than an hour ago is removed.
  static Result<FileStore> Open(const std::filesystem::path& folder);

  std::vector<std::string> Missing(const std::vector<std::string>& hashes) const;
  // Takes the next piece. True when it was the last one and the content is what the hash says;
  // BadInput when it is not, or when a piece is out of order.
  Result<bool> Put(const PutParams& piece);
  // A folder that holds the files under their names, until it goes, at the latest with the store.
  // BadInput for a file that the store lacks.
  Result<TemporaryFolder> LayOut(const std::vector<StoredFile>& files);

 private:
  std::filesystem::path PathOf(const std::string& sha256) const { return folder_ / sha256; }

  std::optional<TemporaryFolder> temporary_;
  std::filesystem::path folder_;
  std::shared_ptr<const std::filesystem::path> laid_out_;  // the parent of all that LayOut made
  // The file being received.
  std::optional<OutputFile> incoming_;
  std::unique_ptr<Sha256> hash_;
  std::string incoming_sha256_;
};

}  // namespace edgeopt::measure
