#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace edgeopt {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The example of FIPS 180-4 (appendix B.1 of FIPS 180-2) and the hash of the empty string.
TEST(Sha256, StandardVectors) {
  EXPECT_EQ(Sha256Hex(Bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, InPiecesAsInOne) {
  Sha256 hash;
  hash.Update(Bytes("a"));
  hash.Update(Bytes("bc"));
  EXPECT_EQ(hash.Finish(), Sha256Hex(Bytes("abc")));
}

TEST(Sha256, OfAFile) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(WriteFile(folder->path() / "x", "abc").ok());
  EXPECT_EQ(*Sha256File(folder->path() / "x"), Sha256Hex(Bytes("abc")));
  EXPECT_FALSE(Sha256File(folder->path() / "none").ok());
}

}  // namespace
}  // namespace edgeopt
