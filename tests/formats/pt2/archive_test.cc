#include "formats/pt2/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/stored_zip.h"

namespace edgeopt::formats::pt2 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kEndRecord = 22, kDirectoryEntry = 46;

std::string TwoFiles() { return ir::StoredZip({{"net/a.json", "{}"}, {"net/data/b", "bytes"}}); }

// Little-endian.
void Put(std::string& bytes, size_t at, uint64_t value, int size_bytes) {
  for (int i = 0; i < size_bytes; ++i)
    bytes[at + static_cast<size_t>(i)] = static_cast<char>(value >> (8 * i));
}
size_t FirstDirectoryEntry(const std::string& bytes) { return bytes.find("PK\x01\x02"); }

Error ReadingA(const std::string& bytes) {
  const auto archive = Archive::Open(Buffer::Own(bytes));
  if (!archive.ok()) return archive.error();
  const auto content = archive->Read("a.json");
  if (content.ok()) {
    ADD_FAILURE() << "it was read";
    return Internal("");
  }
  return content.error();
}

TEST(Pt2Archive, ReadsEntriesBelowItsFolder) {
  const auto archive = Archive::Open(Buffer::Own(TwoFiles()));
  ASSERT_TRUE(archive.ok()) << archive.error().ToString();
  EXPECT_TRUE(archive->Has("a.json"));
  EXPECT_THAT(archive->Names("data/"), ElementsAre("data/b"));
  EXPECT_EQ(archive->Read("data/b").value().text(), "bytes");
  EXPECT_EQ(archive->Read("c").error().code, ErrorCode::kBadInput);
}

TEST(Pt2Archive, FilesWithoutACommonFolderKeepTheirNames) {
  const auto archive = Archive::Open(Buffer::Own(ir::StoredZip({{"a/b", "1"}, {"c", "2"}})));
  ASSERT_TRUE(archive.ok());
  EXPECT_THAT(archive->Names(""), ElementsAre("a/b", "c"));
}

TEST(Pt2Archive, ReadsNumbersFromZip64Records) {
  // The first entry's offset and sizes say "see the ZIP64 field", which is appended to its name.
  std::string bytes = ir::StoredZip({{"net/a.json", "{}"}});
  const size_t entry = FirstDirectoryEntry(bytes);
  const size_t name_bytes = std::string("net/a.json").size();
  std::string field(4 + 24, '\0');
  Put(field, 0, 1, 2);
  Put(field, 2, 24, 2);
  Put(field, 4, 2, 8);
  Put(field, 12, 2, 8);
  Put(field, 20, 0, 8);
  for (const size_t at : {size_t{20}, size_t{24}, size_t{42}})
    Put(bytes, entry + at, 0xFFFFFFFF, 4);
  Put(bytes, entry + 30, field.size(), 2);
  bytes.insert(entry + kDirectoryEntry + name_bytes, field);
  const size_t end = bytes.size() - kEndRecord;
  Put(bytes, end + 12, end - entry, 4);
  const auto archive = Archive::Open(Buffer::Own(bytes));
  ASSERT_TRUE(archive.ok()) << archive.error().ToString();
  EXPECT_EQ(archive->Read("a.json").value().text(), "{}");
}

TEST(Pt2Archive, RefusesWhatIsNotAWholeArchive) {
  const std::string bytes = TwoFiles();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Archive::Open(Buffer::Own(bytes.substr(0, size))).ok()) << size;
  EXPECT_FALSE(Archive::Open(Buffer()).ok());
}

TEST(Pt2Archive, RefusesCompressedAndEncryptedEntries) {
  std::string compressed = TwoFiles();
  Put(compressed, FirstDirectoryEntry(compressed) + 10, 8, 2);
  EXPECT_EQ(ReadingA(compressed).code, ErrorCode::kUnsupported);
  EXPECT_THAT(ReadingA(compressed).message, HasSubstr("compressed (method 8)"));
  std::string encrypted = TwoFiles();
  Put(encrypted, FirstDirectoryEntry(encrypted) + 8, 1, 2);
  EXPECT_THAT(ReadingA(encrypted).message, HasSubstr("encrypted"));
}

TEST(Pt2Archive, RefusesOffsetsAndSizesOutsideTheFile) {
  struct Change {
    size_t at;
    int size_bytes;
    uint64_t value;
  };
  const std::string bytes = TwoFiles();
  const size_t entry = FirstDirectoryEntry(bytes), end = bytes.size() - kEndRecord;
  for (const Change& change :
       {Change{entry, 4, 0}, Change{entry + 24, 4, 0xFFFFFFF0}, Change{entry + 28, 2, 0xFFFF},
        Change{entry + 30, 2, 0xFFFF}, Change{entry + 42, 4, 0xFFFFFFF0}, Change{entry + 42, 4, 1},
        Change{end + 10, 2, 0xFFFF}, Change{end + 12, 4, 0xFFFFFFF0},
        Change{end + 16, 4, 0xFFFFFFF0}}) {
    std::string broken = bytes;
    Put(broken, change.at, change.value, change.size_bytes);
    EXPECT_EQ(ReadingA(broken).code, ErrorCode::kBadInput) << change.at;
  }
}

}  // namespace
}  // namespace edgeopt::formats::pt2
