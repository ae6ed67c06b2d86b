#include "measure/agent/file_store.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>

namespace edgeopt::measure {

namespace fs = std::filesystem;

namespace {

// In names of what is not whole yet, before the number of the process that writes it: OutputFile
// has them so.
constexpr std::string_view kUnfinished = ".tmp.";
// A home may be shared by several boards, which don't know each other's processes.
constexpr std::chrono::hours kLeftAlone(1);

bool IsLeftover(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  const size_t at = name.find(kUnfinished);
  if (at == std::string::npos) return false;
  int pid = 0;
  const char* const begin = name.data() + at + kUnfinished.size();
  const auto number = std::from_chars(begin, name.data() + name.size(), pid);
  if (number.ec != std::errc() || pid <= 0) return false;
  std::error_code error;
  const auto written = entry.last_write_time(error);
  return !error && fs::file_time_type::clock::now() - written > kLeftAlone && ::kill(pid, 0) != 0 &&
         errno == ESRCH;
}

// A folder of this process, whose name tells so; removed with the last owner of the result.
Result<std::shared_ptr<const fs::path>> OwnFolder(const fs::path& parent) {
  const fs::path folder =
      parent / ("laid-out" + std::string(kUnfinished) + std::to_string(::getpid()));
  std::error_code error;
  fs::create_directory(folder, error);
  if (error)
    return CantWrite("can't make the folder '" + folder.string() + "': " + error.message());
  return std::shared_ptr<const fs::path>(new fs::path(folder), [](const fs::path* path) {
    std::error_code ignored;
    fs::remove_all(*path, ignored);
    delete path;
  });
}

void RemoveLeftovers(const fs::path& folder) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (IsLeftover(*entry)) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

Result<FileStore> FileStore::Open(const fs::path& folder) {
  FileStore store;
  if (folder.empty()) {
    EDGEOPT_TRY(store.temporary_, TemporaryFolder::Create());
    store.folder_ = store.temporary_->path();
    return store;
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    return Unavailable("can't make the store '" + folder.string() + "': " + error.message(),
                       "choose another folder with --store");
  store.folder_ = folder;
  RemoveLeftovers(folder);
  return store;
}

std::vector<std::string> FileStore::Missing(const std::vector<std::string>& hashes) const {
  std::vector<std::string> missing;
  std::error_code error;
  for (const std::string& hash : hashes)
    if (!fs::exists(PathOf(hash), error)) missing.push_back(hash);
  return missing;
}

Result<bool> FileStore::Put(const PutParams& piece) {
  if (piece.offset == 0) {
    incoming_.reset();
    EDGEOPT_TRY(OutputFile file, OutputFile::Create(PathOf(piece.sha256)));
    incoming_.emplace(std::move(file));
    hash_ = std::make_unique<Sha256>();
    incoming_sha256_ = piece.sha256;
  }
  const uint64_t expected = incoming_ ? incoming_->size_bytes() : 0;
  if (!incoming_ || incoming_sha256_ != piece.sha256 ||
      expected != static_cast<uint64_t>(piece.offset))
    return BadInput("put: a piece at " + std::to_string(piece.offset) + " does not follow the " +
                    std::to_string(expected) + " bytes before it");
  EDGEOPT_CHECK_OK(incoming_->Write(piece.data.data(), piece.data.size()));
  hash_->Update(piece.data);
  if (incoming_->size_bytes() < static_cast<uint64_t>(piece.size_bytes)) return false;
  OutputFile whole = std::move(*incoming_);
  incoming_.reset();
  const std::string found = hash_->Finish();
  if (found != piece.sha256)
    return BadInput("put: the file's SHA-256 is " + found + ", not " + piece.sha256,
                    "send it again");
  EDGEOPT_CHECK_OK(whole.Commit());
  return true;
}

Result<TemporaryFolder> FileStore::LayOut(const std::vector<StoredFile>& files) {
  if (laid_out_ == nullptr) {
    EDGEOPT_TRY(laid_out_, OwnFolder(folder_));
  }
  EDGEOPT_TRY(TemporaryFolder folder, TemporaryFolder::Create(*laid_out_));
  for (const StoredFile& file : files) {
    std::error_code error;
    if (!fs::exists(PathOf(file.sha256), error))
      return BadInput("the store has no file with the SHA-256 " + file.sha256, "put it first");
    const fs::path target = folder.path() / file.name;
    fs::create_directories(target.parent_path(), error);
    // A hard link: runtimes refuse external data behind a symbolic link that leaves the folder.
    fs::create_hard_link(PathOf(file.sha256), target, error);
    if (error) fs::copy_file(PathOf(file.sha256), target, error);
    if (error) return Unavailable("can't lay out '" + file.name + "': " + error.message());
  }
  return folder;
}

}  // namespace edgeopt::measure
