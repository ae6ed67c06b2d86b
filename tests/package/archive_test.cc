#include "package/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/subprocess.h"

namespace edgeopt::package {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct Entry {
  std::string name, content, link;
};

class ArchiveTest : public ::testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return folder_.path() / name; }

  void Put(const std::string& name, const std::string& content) const {
    fs::create_directories(Path(name).parent_path());
    ASSERT_TRUE(WriteFile(Path(name), content).ok());
  }

  fs::path MakePackage(const std::string& parent) const {
    Put(parent + "/net_package/manifest.json", "{}");
    Put(parent + "/net_package/model.onnx", std::string(100'000, 'm'));
    Put(parent + "/net_package/golden/0_inputs.npz", "zip");
    return Path(parent) / "net_package";
  }

  // An archive that no honest program writes.
  fs::path Forge(const std::vector<Entry>& entries) const {
    const fs::path path = Path("forged.tar.zst");
    archive* writer = archive_write_new();
    archive_write_add_filter_zstd(writer);
    archive_write_set_format_pax_restricted(writer);
    archive_write_open_filename(writer, path.c_str());
    for (const Entry& entry : entries) {
      archive_entry* header = archive_entry_new();
      archive_entry_set_pathname(header, entry.name.c_str());
      archive_entry_set_filetype(header, entry.link.empty() ? AE_IFREG : AE_IFLNK);
      if (!entry.link.empty()) archive_entry_set_symlink(header, entry.link.c_str());
      archive_entry_set_size(header, static_cast<la_int64_t>(entry.content.size()));
      archive_write_header(writer, header);
      archive_write_data(writer, entry.content.data(), entry.content.size());
      archive_entry_free(header);
    }
    archive_write_free(writer);
    return path;
  }

  Result<fs::path> Extract(const fs::path& archive, const ExtractLimits& limits = {}) const {
    fs::create_directories(Path("out"));
    return ExtractArchive(archive, Path("out"), limits);
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
};

TEST_F(ArchiveTest, RoundTripIsTheIdentity) {
  const fs::path package = MakePackage("a");
  ASSERT_TRUE(WriteArchive(package, Path("p.tar.zst")).ok());
  const auto extracted = Extract(Path("p.tar.zst"));
  ASSERT_TRUE(extracted.ok()) << extracted.error().ToString();
  EXPECT_EQ(extracted->filename(), "net_package");
  for (const char* name : {"manifest.json", "model.onnx", "golden/0_inputs.npz"})
    EXPECT_EQ(ReadFile(*extracted / name).value(), ReadFile(package / name).value());
}

TEST_F(ArchiveTest, EqualContentGivesEqualBytesWhateverTheTimes) {
  const fs::path first = MakePackage("a"), second = MakePackage("b");
  fs::last_write_time(second / "model.onnx",
                      fs::file_time_type::clock::now() - std::chrono::hours(1000));
  fs::permissions(second / "model.onnx", fs::perms::owner_all);
  ASSERT_TRUE(WriteArchive(first, Path("a.tar.zst")).ok());
  ASSERT_TRUE(WriteArchive(second, Path("b.tar.zst")).ok());
  EXPECT_EQ(ReadFile(Path("a.tar.zst")).value(), ReadFile(Path("b.tar.zst")).value());
}

TEST_F(ArchiveTest, TarReadsItToo) {
  ASSERT_TRUE(WriteArchive(MakePackage("a"), Path("p.tar.zst")).ok());
  const auto listed = RunCommand({"tar", "--zstd", "-tf", Path("p.tar.zst").string()});
  if (!listed.ok() || !listed->status.ok()) GTEST_SKIP() << "no tar with zstd here";
  EXPECT_EQ(listed->out,
            "net_package/golden/0_inputs.npz\nnet_package/manifest.json\nnet_package/model.onnx\n");
}

TEST_F(ArchiveTest, AnExistingArchiveIsNotReplaced) {
  const fs::path package = MakePackage("a");
  ASSERT_TRUE(WriteArchive(package, Path("p.tar.zst")).ok());
  const auto again = WriteArchive(package, Path("p.tar.zst"));
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kUsage);
}

TEST_F(ArchiveTest, ALinkInThePackageIsRefused) {
  const fs::path package = MakePackage("a");
  fs::create_symlink("/etc/passwd", package / "link");
  EXPECT_EQ(WriteArchive(package, Path("p.tar.zst")).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(fs::exists(Path("p.tar.zst")));
}

TEST_F(ArchiveTest, HostileNamesAreRefused) {
  for (const char* name : {"../evil", "p/../../evil", "/tmp/evil", "p/..", "./p/x", "p/./x"}) {
    const auto extracted = Extract(Forge({{"p/ok", "x", ""}, {name, "x", ""}}));
    ASSERT_FALSE(extracted.ok()) << name;
    EXPECT_EQ(extracted.error().code, ErrorCode::kBadInput) << name;
    EXPECT_FALSE(fs::exists(Path("evil"))) << name;
    fs::remove_all(Path("out"));
  }
}

TEST_F(ArchiveTest, LinksDuplicatesAndSeveralFoldersAreRefused) {
  EXPECT_THAT(Extract(Forge({{"p/a", "", "/etc/passwd"}})).error().message, HasSubstr("link"));
  EXPECT_THAT(Extract(Forge({{"p/a", "1", ""}, {"p/a", "2", ""}})).error().message,
              HasSubstr("twice"));
  fs::remove_all(Path("out"));
  EXPECT_THAT(Extract(Forge({{"p/a", "1", ""}, {"q/a", "2", ""}})).error().message,
              HasSubstr("one folder"));
  EXPECT_THAT(Extract(Forge({})).error().message, HasSubstr("empty"));
}

TEST_F(ArchiveTest, LimitsHold) {
  const fs::path bomb = Forge({{"p/a", std::string(1 << 20, '0'), ""}, {"p/b", "x", ""}});
  EXPECT_THAT(Extract(bomb, {1000, 10}).error().message, HasSubstr("exceeds the limit"));
  fs::remove_all(Path("out"));
  EXPECT_THAT(Extract(bomb, {1 << 21, 1}).error().message, HasSubstr("more than 1 entries"));
  fs::remove_all(Path("out"));
  EXPECT_TRUE(Extract(bomb, {1 << 21, 2}).ok());
}

TEST_F(ArchiveTest, DamagedArchivesAreBadInput) {
  ASSERT_TRUE(WriteArchive(MakePackage("a"), Path("p.tar.zst")).ok());
  const std::string whole = ReadFile(Path("p.tar.zst")).value();
  for (const std::string& text :
       {std::string(), std::string("no archive at all"), whole.substr(0, whole.size() / 2)}) {
    ASSERT_TRUE(WriteFile(Path("q.tar.zst"), text).ok());
    const auto extracted = Extract(Path("q.tar.zst"));
    ASSERT_FALSE(extracted.ok());
    EXPECT_EQ(extracted.error().code, ErrorCode::kBadInput);
    fs::remove_all(Path("out"));
  }
}

}  // namespace
}  // namespace edgeopt::package
