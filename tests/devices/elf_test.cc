#include "devices/elf.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <regex>
#include <vector>

#include "base/subprocess.h"

namespace edgeopt::devices {
namespace {

// An ELF-64 file in the making, little endian, byte by byte as the System V ABI has it.
class Image {
 public:
  template <typename T>
  Image& Put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
      bytes_.push_back(static_cast<std::byte>(static_cast<uint64_t>(value) >> (8 * i)));
    return *this;
  }
  Image& Text(const std::string& text) {
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  std::vector<std::byte>& bytes() { return bytes_; }
  size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::byte> bytes_;
};

constexpr uint16_t kX64 = 62, kAarch64 = 183, kArm = 40;
constexpr size_t kNamesAt = 64, kNamesSize = 48, kVersionsAt = kNamesAt + kNamesSize;
constexpr size_t kVersionsSize = 2 * 16 + 3 * 16, kSectionsAt = kVersionsAt + kVersionsSize;

void Header(Image& image, uint16_t machine, uint64_t sections_at, uint16_t count, char word = 2,
            char order = 1) {
  image
      .Text(std::string("\x7f"
                        "ELF") +
            word + order)
      .Put<uint8_t>(1);
  while (image.size() < 16) image.Put<uint8_t>(0);
  image.Put<uint16_t>(3).Put<uint16_t>(machine).Put<uint32_t>(1);  // type, machine, version
  image.Put<uint64_t>(0).Put<uint64_t>(0).Put<uint64_t>(
      sections_at);  // entry, program headers, sections
  image.Put<uint32_t>(0).Put<uint16_t>(64).Put<uint16_t>(56).Put<uint16_t>(0);
  image.Put<uint16_t>(64).Put<uint16_t>(count).Put<uint16_t>(0);
}

void Section(Image& image, uint32_t type, uint64_t at, uint64_t size, uint32_t link) {
  image.Put<uint32_t>(0).Put(type).Put<uint64_t>(0).Put<uint64_t>(0).Put(at).Put(size);
  image.Put(link).Put<uint32_t>(0).Put<uint64_t>(0).Put<uint64_t>(0);
}

// Asks libc for GLIBC_2.9 and GLIBC_2.28, and libm for GLIBC_2.2.5: as numbers 2.28 is the newest,
// as texts it would be 2.9.
std::vector<std::byte> Example(uint16_t machine = kAarch64) {
  Image image;
  Header(image, machine, kSectionsAt, 3);
  image.Text(std::string("\0GLIBC_2.9\0GLIBC_2.28\0GLIBC_2.2.5\0", 34));
  while (image.size() < kVersionsAt) image.Put<uint8_t>(0);
  const auto need = [&](uint16_t count, uint32_t next) {
    image.Put<uint16_t>(1).Put(count).Put<uint32_t>(0).Put<uint32_t>(16).Put(next);
  };
  const auto aux = [&](uint32_t name, uint32_t next) {
    image.Put<uint32_t>(0).Put<uint16_t>(0).Put<uint16_t>(2).Put(name).Put(next);
  };
  need(2, 48);
  aux(1, 16);
  aux(11, 0);
  need(1, 0);
  aux(22, 0);
  EXPECT_EQ(image.size(), kSectionsAt);
  Section(image, 0, 0, 0, 0);
  Section(image, 3, kNamesAt, kNamesSize, 0);
  Section(image, 0x6ffffffe, kVersionsAt, kVersionsSize, 1);
  return std::move(image.bytes());
}

TEST(Elf, TheNewestVersionIsTheLargestNumber) {
  const auto facts = ParseElf(Example());
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_EQ(facts->architecture, "aarch64");
  EXPECT_EQ(facts->glibc, (GlibcVersion{2, 28}));
  EXPECT_EQ(ParseElf(Example(kX64))->architecture, "x86_64");
}

TEST(Elf, AFileWithoutVersionsAsksForNone) {
  Image image;
  Header(image, kX64, 0, 0);
  const auto facts = ParseElf(image.bytes());
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_EQ(facts->glibc, std::nullopt);
}

TEST(Elf, OtherMachinesAreNamed) {
  Image arm;
  Header(arm, kArm, 0, 0, 1);
  const auto word = ParseElf(arm.bytes());
  ASSERT_FALSE(word.ok());
  EXPECT_EQ(word.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(word.error().message.find("32-bit machine, arm"), std::string::npos);
  Image big;
  Header(big, kX64, 0, 0, 2, 2);
  EXPECT_EQ(ParseElf(big.bytes()).error().code, ErrorCode::kUnsupported);
  Image unknown;
  Header(unknown, 9999, 0, 0);
  EXPECT_EQ(ParseElf(unknown.bytes())->architecture, "ELF machine 9999");
}

TEST(Elf, WhatIsCutOffIsRefused) {
  const std::vector<std::byte> whole = Example();
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto facts = ParseElf(std::span(whole).first(size));
    ASSERT_FALSE(facts.ok()) << size << " bytes";
    EXPECT_EQ(facts.error().code, ErrorCode::kBadInput);
  }
}

TEST(Elf, DamageNeverEndsInACrash) {
  const std::vector<std::byte> whole = Example();
  for (size_t at = 0; at < whole.size(); ++at)
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::vector<std::byte> damaged = whole;
      damaged[at] = static_cast<std::byte>(value);
      (void)ParseElf(damaged);
    }
  const std::string text = "#!/bin/sh\necho no program\n";
  EXPECT_EQ(ParseElf(std::as_bytes(std::span(text))).error().code, ErrorCode::kBadInput);
}

// binutils' readelf is the judge.
TEST(Elf, AgreesWithReadelf) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const auto printed = RunCommand({"readelf", "--version-info", "--wide", program});
  ASSERT_TRUE(printed.ok() && printed->status.ok());
  const std::regex pattern("Name: GLIBC_(\\d+)\\.(\\d+)");
  std::pair<int, int> newest;
  for (std::sregex_iterator match(printed->out.begin(), printed->out.end(), pattern), end;
       match != end; ++match)
    newest = std::max(newest, {std::stoi((*match)[1]), std::stoi((*match)[2])});
  ASSERT_GT(newest.first, 0);
  const auto facts = ReadElf(program);
  ASSERT_TRUE(facts.ok()) << facts.error().ToString();
  EXPECT_EQ(facts->glibc, (GlibcVersion{newest.first, newest.second}));
  const auto machine = RunCommand({"uname", "-m"});
  EXPECT_EQ(facts->architecture + "\n", machine->out);
}

TEST(GlibcVersion, IsReadFromText) {
  EXPECT_EQ(ParseGlibcVersion("2.36"), (GlibcVersion{2, 36}));
  EXPECT_EQ(ParseGlibcVersion("2.2.5"), (GlibcVersion{2, 2}));
  EXPECT_GT((GlibcVersion{2, 28}), (GlibcVersion{2, 9}));
  for (const char* text : {"", "2", "2.", ".36", "2.36x", "x.36", "-2.36", "2.-1", "99999999999.1"})
    EXPECT_EQ(ParseGlibcVersion(text), std::nullopt) << text;
}

}  // namespace
}  // namespace edgeopt::devices
