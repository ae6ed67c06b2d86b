#include "package/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/buffer.h"

namespace edgeopt::package {
namespace fs = std::filesystem;

namespace {

// Weights hardly compress: a higher level costs time and gains per mille.
constexpr const char* kCompressionLevel = "6";

struct FreeWriter {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct FreeReader {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct FreeEntry {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

std::string Message(archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "unknown error of libarchive";
}

Result<std::vector<fs::path>> RegularFiles(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_symlink() || (!it->is_regular_file() && !it->is_directory()))
      return Unsupported("'" + it->path().string() + "' is neither a file nor a folder");
    if (it->is_regular_file()) files.push_back(it->path());
  }
  if (ec) return Unavailable("can't list '" + folder.string() + "': " + ec.message());
  std::sort(files.begin(), files.end(), [&](const fs::path& a, const fs::path& b) {
    return a.lexically_relative(folder).generic_string() <
           b.lexically_relative(folder).generic_string();
  });
  return files;
}

// libarchive's output goes into an OutputFile, so that the archive appears whole or not at all.
struct Target {
  OutputFile file;
  Status status;
};

la_ssize_t WriteBlock(archive* a, void* client, const void* data, size_t size) {
  auto* target = static_cast<Target*>(client);
  target->status = target->file.Write(data, size);
  if (target->status.ok()) return static_cast<la_ssize_t>(size);
  archive_set_error(a, EIO, "%s", target->status.error().message.c_str());
  return -1;
}

Status AddFile(archive* writer, const fs::path& file, const std::string& name) {
  EDGEOPT_TRY(const Buffer content, Buffer::Map(file));
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return Unavailable(Message(writer));
  const la_ssize_t wrote = archive_write_data(writer, content.data(), content.size());
  if (wrote != static_cast<la_ssize_t>(content.size())) return Unavailable(Message(writer));
  return OkStatus();
}

// The first folder of a name that is safe to use; BadInput for all others.
Result<std::string> TopFolder(const fs::path& name) {
  if (name.empty() || name.is_absolute())
    return BadInput("entry '" + name.string() + "' is no relative name");
  for (const fs::path& part : name)
    if (part == ".." || part == ".")
      return BadInput("entry '" + name.string() + "' leaves the package");
  return name.begin()->string();
}

Status CopyOut(archive* reader, const fs::path& target, int64_t size) {
  EDGEOPT_TRY(OutputFile file, OutputFile::Create(target, Overwrite::kRefuse));
  std::vector<char> chunk(1 << 18);
  int64_t copied = 0;
  while (true) {
    const la_ssize_t got = archive_read_data(reader, chunk.data(), chunk.size());
    if (got < 0) return BadInput("damaged archive: " + Message(reader));
    if (got == 0) break;
    copied += got;
    if (copied > size) return BadInput("an entry is longer than it says");
    EDGEOPT_CHECK_OK(file.Write(chunk.data(), static_cast<size_t>(got)));
  }
  if (copied != size) return BadInput("an entry is shorter than it says");
  return file.Commit();
}

class Extractor {
 public:
  Extractor(archive* reader, fs::path into, const ExtractLimits& limits)
      : reader_(reader), into_(std::move(into)), limits_(limits) {}

  Result<fs::path> Run() {
    while (true) {
      archive_entry* entry = nullptr;
      const int got = archive_read_next_header(reader_, &entry);
      if (got == ARCHIVE_EOF) break;
      if (got != ARCHIVE_OK) return BadInput("damaged archive: " + Message(reader_));
      EDGEOPT_CHECK_OK(Take(entry));
    }
    if (top_.empty()) return BadInput("the archive is empty");
    return into_ / top_;
  }

 private:
  Status Take(archive_entry* entry) {
    const char* raw = archive_entry_pathname(entry);
    const fs::path name = fs::path(raw != nullptr ? raw : "").lexically_normal();
    EDGEOPT_TRY(const std::string top, TopFolder(raw != nullptr ? fs::path(raw) : fs::path()));
    if (top_.empty()) top_ = top;
    if (top != top_)
      return BadInput("the archive holds both '" + top_ + "' and '" + top +
                      "'; a package is one folder");
    if (++entries_ > limits_.max_entries)
      return BadInput("more than " + std::to_string(limits_.max_entries) + " entries");
    const auto type = archive_entry_filetype(entry);
    if (archive_entry_hardlink(entry) != nullptr || (type != AE_IFREG && type != AE_IFDIR))
      return BadInput("entry '" + name.string() + "' is a link or a special file");
    if (type == AE_IFDIR) return MakeFolder(into_ / name);
    if (!names_.insert(name.string()).second)
      return BadInput("entry '" + name.string() + "' is there twice");
    const int64_t size = archive_entry_size(entry);
    EDGEOPT_CHECK_OK(CheckSize(name, size));
    EDGEOPT_CHECK_OK(MakeFolder((into_ / name).parent_path()));
    return CopyOut(reader_, into_ / name, size);
  }

  Status CheckSize(const fs::path& name, int64_t size) {
    if (size < 0 || size > limits_.max_bytes - bytes_)
      return BadInput("entry '" + name.string() + "' exceeds the limit of " +
                      std::to_string(limits_.max_bytes) + " bytes for a package");
    bytes_ += size;
    std::error_code ec;
    const fs::space_info space = fs::space(into_, ec);
    if (!ec && static_cast<uint64_t>(size) > space.available)
      return Unavailable(
          "not enough disk space in '" + into_.string() + "' to unpack '" + name.string() + "'",
          "free disk space, or set TMPDIR to another folder");
    return OkStatus();
  }

  static Status MakeFolder(const fs::path& folder) {
    std::error_code ec;
    fs::create_directories(folder, ec);
    if (ec) return BadInput("can't make '" + folder.string() + "': " + ec.message());
    return OkStatus();
  }

  archive* reader_;
  fs::path into_;
  const ExtractLimits& limits_;
  std::string top_;
  std::set<std::string> names_;
  int64_t entries_ = 0, bytes_ = 0;
};

}  // namespace

Status WriteArchive(const fs::path& folder, const fs::path& archive_path, Overwrite overwrite) {
  EDGEOPT_TRY(const auto files, RegularFiles(folder));
  EDGEOPT_TRY(OutputFile output, OutputFile::Create(archive_path, overwrite));
  Target target{std::move(output), OkStatus()};
  const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
  if (archive_write_add_filter_zstd(writer.get()) != ARCHIVE_OK)
    return Unsupported("this libarchive has no zstd: " + Message(writer.get()));
  archive_write_set_filter_option(writer.get(), "zstd", "compression-level", kCompressionLevel);
  archive_write_set_format_pax_restricted(writer.get());
  archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding behind the zstd frame
  if (archive_write_open(writer.get(), &target, nullptr, WriteBlock, nullptr) != ARCHIVE_OK)
    return Unavailable(Message(writer.get()));
  const std::string top = fs::absolute(folder).lexically_normal().filename().string();
  for (const fs::path& file : files) {
    const std::string name = top + "/" + file.lexically_relative(folder).generic_string();
    const Status added = AddFile(writer.get(), file, name);
    if (!target.status.ok()) return target.status;
    EDGEOPT_CHECK_OK(added);
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK)
    return target.status.ok() ? Status(Unavailable(Message(writer.get()))) : target.status;
  return target.file.Commit();
}

Result<fs::path> ExtractArchive(const fs::path& archive_path, const fs::path& into,
                                const ExtractLimits& limits) {
  const std::unique_ptr<archive, FreeReader> reader(archive_read_new());
  archive_read_support_filter_zstd(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), archive_path.c_str(), 1 << 18) != ARCHIVE_OK)
    return BadInput("'" + archive_path.string() + "' is no .tar.zst: " + Message(reader.get()));
  auto folder = Extractor(reader.get(), into, limits).Run();
  if (!folder.ok()) return folder.error().Within(archive_path.string());
  return folder;
}

}  // namespace edgeopt::package
