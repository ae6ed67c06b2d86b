// What an agent lets its client fetch, by the names that it gave: outputs that are too large for a
// line, files that a runtime built. Never a path that a client names.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "measure/agent/tensor_codec.h"
#include "measure/agent_protocol.h"

namespace edgeopt::measure {

class OfferedFiles {
 public:
  // Offers the content as `name`, instead of what had the name before. The SHA-256 is computed at
  // the first fetch.
  void Offer(const std::string& name, Payload content);
  // A file as it is now, mapped: replacing it later (by a rename) does not change what is offered.
  // Unavailable when it can't be opened.
  Status OfferFile(const std::string& name, const std::filesystem::path& path);
  // Nothing when it was not offered.
  void Withdraw(const std::string& name);

  // The piece of at most 1 MiB from the offset. BadInput for a name that is not offered, or an
  // offset behind the end.
  Result<FetchedPiece> Fetch(const FetchParams& params);

 private:
  struct Content {
    Payload payload;
    std::string sha256;  // empty: not computed yet
  };
  std::map<std::string, Content> contents_;
};

}  // namespace edgeopt::measure
