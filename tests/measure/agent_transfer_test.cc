// What is too large for a line of the agent protocol, in pieces: both sides, and the parts that
// they are made of.
#include <gtest/gtest.h>
#include <unistd.h>

#include <numeric>
#include <set>

#include "base/file.h"
#include "base/subprocess.h"
#include "measure/agent/base64.h"
#include "measure/agent/file_store.h"
#include "measure/agent/incoming_bytes.h"
#include "measure/agent/offered_files.h"
#include "measure/agents.h"

namespace edgeopt::measure {
namespace {

using nlohmann::json;

// FIPS 180-4's example: the SHA-256 of "abc".
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(IncomingBytes, ComeInOrderAndAreReadAsAWhole) {
  IncomingBytes incoming;
  EXPECT_FALSE(incoming.Read(0, 0).ok());  // nothing has come
  EXPECT_FALSE(incoming.Take(5, 2, Bytes("cd")).ok());
  EXPECT_EQ(incoming.Take(5, 0, Bytes("ab")).value(), false);
  EXPECT_FALSE(incoming.Read(0, 1).ok());  // not whole
  EXPECT_FALSE(incoming.Take(5, 3, Bytes("d")).ok());
  EXPECT_FALSE(incoming.Take(6, 2, Bytes("cd")).ok());    // another whole
  EXPECT_FALSE(incoming.Take(5, 2, Bytes("cdef")).ok());  // behind the end
  EXPECT_EQ(incoming.Take(5, 2, Bytes("cde")).value(), true);
  EXPECT_EQ(incoming.Read(1, 3).value().text(), "bcd");
  EXPECT_EQ(incoming.Read(5, 0).value().text(), "");
  EXPECT_FALSE(incoming.Read(5, 1).ok());
  EXPECT_FALSE(incoming.Read(UINT64_MAX, 2).ok());
  const Buffer kept = incoming.Read(0, 5).value();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(kept.data()) % 64, 0u);
  EXPECT_EQ(incoming.Take(1, 0, Bytes("z")).value(), true);  // anew
  EXPECT_EQ(kept.text(), "abcde");
}

TEST(IncomingBytes, WithoutMemoryAreRefused) {
  IncomingBytes incoming;
  const auto refused = incoming.Take(uint64_t{1} << 62, 0, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
}

TEST(Payload, HasZerosBetweenItsParts) {
  Payload payload;
  payload.parts = {{0, Buffer::Own(std::string("abc"))},
                   {64, Buffer()},
                   {64, Buffer::Own(std::string("de"))},
                   {128, Buffer::Own(std::string("f"))}};
  payload.size_bytes = 129;
  const std::string whole = "abc" + std::string(61, '\0') + "de" + std::string(62, '\0') + "f";
  for (const size_t piece : {1, 2, 7, 64, 129}) {
    std::string pieces;
    for (size_t offset = 0; offset < whole.size(); offset += piece) {
      std::vector<std::byte> out(std::min(piece, whole.size() - offset), std::byte{9});
      payload.CopyTo(offset, out);
      pieces += Text(out);
    }
    EXPECT_EQ(pieces, whole) << piece;
  }
}

TEST(OfferedFiles, GoInPiecesByTheirNamesAlone) {
  const TemporaryFolder folder = TemporaryFolder::Create().value();
  const std::filesystem::path path = folder.path() / "abc";
  ASSERT_TRUE(WriteFile(path, "abc").ok());
  OfferedFiles offered;
  EXPECT_FALSE(offered.OfferFile("x", folder.path() / "absent").ok());
  ASSERT_TRUE(offered.OfferFile("letters", path).ok());
  EXPECT_FALSE(offered.Fetch({path.string(), 0}).ok());
  const FetchedPiece piece = offered.Fetch({"letters", 1}).value();
  EXPECT_EQ(Text(piece.data), "bc");
  EXPECT_EQ(piece.size_bytes, 3);
  EXPECT_EQ(piece.sha256, kAbc);
  EXPECT_TRUE(offered.Fetch({"letters", 3}).value().data.empty());
  EXPECT_FALSE(offered.Fetch({"letters", 4}).ok());
  // Replaced by a rename, as WriteFile does: what was offered stays what it was.
  ASSERT_TRUE(WriteFile(path, "other").ok());
  EXPECT_EQ(Text(offered.Fetch({"letters", 0}).value().data), "abc");
  offered.Withdraw("letters");
  EXPECT_FALSE(offered.Fetch({"letters", 0}).ok());
}

TEST(OfferedFiles, APieceIsAtMostAMebibyte) {
  Payload payload;
  payload.size_bytes = (1 << 20) + 1;
  payload.parts = {{0, Buffer::Own(std::string(payload.size_bytes, 'a'))}};
  OfferedFiles offered;
  offered.Offer("a", payload);
  EXPECT_EQ(offered.Fetch({"a", 0}).value().data.size(), size_t{1} << 20);
  EXPECT_EQ(offered.Fetch({"a", 1 << 20}).value().data.size(), 1u);
}

TEST(TransferMessages, RoundTripAndRefuse) {
  const json stage = {{"size", 3}, {"offset", 0}, {"data", "YWJj"}};  // RFC 4648 of "abc"
  EXPECT_EQ(Text(StageParamsFrom(stage).value().data), "abc");
  EXPECT_EQ(ToJson(StageParamsFrom(stage).value()), stage);
  const json fetched = {{"size", 3}, {"sha256", kAbc}, {"data", "YWJj"}};
  EXPECT_EQ(ToJson(FetchedPieceFrom(fetched).value()), fetched);
  const json fetch = {{"file", "outputs"}, {"offset", 7}};
  EXPECT_EQ(ToJson(FetchParamsFrom(fetch).value()), fetch);
  const auto with = [](json value, const char* name, const json& other) {
    value[name] = other;
    return value;
  };
  EXPECT_FALSE(StageParamsFrom(with(stage, "size", (int64_t{1} << 30) + 1)).ok());
  EXPECT_FALSE(StageParamsFrom(with(stage, "offset", -1)).ok());
  EXPECT_FALSE(StageParamsFrom(with(stage, "data", "YWJ")).ok());
  EXPECT_FALSE(StageParamsFrom(with(stage, "more", 1)).ok());
  const std::string large = EncodeBase64(std::vector<std::byte>((1 << 20) + 1));
  EXPECT_FALSE(StageParamsFrom(with(with(stage, "data", large), "size", 1 << 21)).ok());
  EXPECT_FALSE(FetchedPieceFrom(with(fetched, "sha256", "abc")).ok());
  EXPECT_FALSE(FetchParamsFrom(with(fetch, "file", 7)).ok());
}

TEST(FileStore, RemovesWhatKilledAgentsLeftLongAgo) {
  const TemporaryFolder folder = TemporaryFolder::Create().value();
  // A process that has ended, and this one.
  Subprocess ended = Subprocess::Start({.argv = {"true"}}).value();
  const std::string gone = std::to_string(ended.pid()), own = std::to_string(::getpid());
  ASSERT_TRUE(ended.Wait(std::chrono::seconds(10)).ok());
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(2);
  const auto make = [&](const std::string& name, bool is_old) {
    EXPECT_TRUE(WriteFile(folder.path() / name, "half").ok());
    if (is_old) std::filesystem::last_write_time(folder.path() / name, old);
  };
  make(kAbc, true);
  make("a.tmp." + gone + ".0", true);
  make("b.tmp." + gone + ".0", false);
  make("c.tmp." + own + ".0", true);
  make("d.tmp.x", true);
  std::filesystem::create_directory(folder.path() / ("laid-out.tmp." + gone));
  make("laid-out.tmp." + gone + "/model", false);
  std::filesystem::last_write_time(folder.path() / ("laid-out.tmp." + gone), old);
  {
    FileStore store = FileStore::Open(folder.path()).value();
    ASSERT_TRUE(store.LayOut({{"model.onnx", kAbc}}).ok());
  }
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{kAbc, "b.tmp." + gone + ".0", "c.tmp." + own + ".0",
                                         "d.tmp.x"}));
}

// A client that shares no files with the test agent, whose "faulty" runtime passes x through.
class Transfer : public ::testing::Test {
 protected:
  Transfer() {
    AgentOptions options = TestAgent();
    options.shares_files = false;
    client_ = StartAgent(options);
    LoadOptions load;
    load.runtime = "faulty";
    const std::filesystem::path model = folder_.path() / "model";
    EXPECT_TRUE(WriteFile(model, "pass").ok());
    EXPECT_TRUE(client_->Load(model, load).ok());
  }
  static ir::Tensor Counting(size_t elements) {
    std::vector<float> values(elements);
    std::iota(values.begin(), values.end(), 0.0f);
    ir::Tensor tensor = ir::Tensor::Of<float>({static_cast<int64_t>(elements)}, values);
    tensor.name = "x";
    return tensor;
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  std::unique_ptr<AgentClient> client_;
};

TEST_F(Transfer, TensorsOfAnySizeComeBackAsTheyWent) {
  // Small, the most that goes in a line, one element more, several pieces, and small again.
  const size_t line = kMaxInlineBytes / sizeof(float);
  for (const size_t elements : {size_t{3}, line, line + 1, 2 * line + 5, size_t{1}}) {
    const ir::Tensor sent = Counting(elements);
    const auto outputs = client_->Run({{sent}});
    ASSERT_TRUE(outputs.ok()) << outputs.error().ToString();
    ASSERT_EQ(outputs->size(), 1u);
    EXPECT_TRUE((*outputs)[0] == sent) << elements;
  }
}

TEST_F(Transfer, SamplesToBeTimedMayBeLarge) {
  const ir::Tensor large = Counting(kMaxInlineBytes / sizeof(float));
  ASSERT_TRUE(client_->SetInputs({{large}, {large}}).ok());
  BenchPlan plan;
  plan.warm_up = {0, 0, 0, 0};
  plan.min_runs = 3;
  plan.min_seconds = 0;
  plan.max_runs = 3;
  EXPECT_EQ(client_->Time(plan).value().latencies_ns.size(), 3u);
}

TEST_F(Transfer, WhatIsNotOfferedIsNotFetched) {
  const std::filesystem::path target = folder_.path() / "fetched";
  for (const char* name : {"outputs", "/etc/passwd", "../model", ""}) {
    const Status refused = client_->FetchFile(name, target);
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_EQ(refused.error().code, ErrorCode::kBadInput);
    EXPECT_FALSE(std::filesystem::exists(target));
  }
  EXPECT_TRUE(client_->usable());
  ASSERT_TRUE(client_->Run({{Counting(kMaxInlineBytes / sizeof(float) + 1)}}).ok());
  ASSERT_TRUE(client_->FetchFile("outputs", target).ok());
  EXPECT_EQ(std::filesystem::file_size(target), kMaxInlineBytes + sizeof(float));
  ASSERT_TRUE(client_->Unload().ok());
  EXPECT_FALSE(client_->FetchFile("outputs", target).ok());
}

// An agent that says hello well and then answers `fetch` with these lines.
std::string AfterFetching(const std::vector<std::string>& answers) {
  AgentHello hello;
  hello.protocol = kProtocolVersion;
  hello.edgeopt = "test";
  std::string script = "read x; echo '" + json{{"id", 1}, {"result", ToJson(hello)}}.dump() + "'\n";
  for (size_t i = 0; i < answers.size(); ++i)
    script +=
        "read x; echo '{\"id\": " + std::to_string(i + 2) + ", \"result\": " + answers[i] + "}'\n";
  AgentOptions options;
  options.argv = {"/bin/sh", "-c", script + "read x"};
  options.shares_files = false;
  const auto client = AgentClient::Start(options);
  if (!client.ok()) return client.error().message;
  const TemporaryFolder folder = TemporaryFolder::Create().value();
  const Status fetched = (*client)->FetchFile("f", folder.path() / "f");
  EXPECT_EQ(std::filesystem::exists(folder.path() / "f"), fetched.ok());
  EXPECT_TRUE(fetched.ok() || std::filesystem::is_empty(folder.path()));
  EXPECT_EQ((*client)->usable(), fetched.ok());
  return fetched.ok() ? "ok" : fetched.error().message;
}

TEST(FetchFile, BelievesNoAgent) {
  const auto piece = [](const char* data, int64_t size, const std::string& sha256) {
    return json{{"data", data}, {"size", size}, {"sha256", sha256}}.dump();
  };
  EXPECT_EQ(AfterFetching({piece("YWJj", 3, kAbc)}), "ok");
  EXPECT_EQ(AfterFetching({piece("YWI=", 3, kAbc), piece("Yw==", 3, kAbc)}), "ok");
  const std::string other(64, '0');
  const auto told = [](const std::string& message, const char* part) {
    return message.find(part) != std::string::npos ? std::string() : message;
  };
  EXPECT_EQ(told(AfterFetching({piece("YWJk", 3, kAbc)}), "the SHA-256 of 'f' is"), "");
  EXPECT_EQ(told(AfterFetching({piece("YWI=", 3, kAbc), piece("Yw==", 4, kAbc)}), "does not fit"),
            "");
  EXPECT_EQ(told(AfterFetching({piece("YWI=", 3, kAbc), piece("Yw==", 3, other)}), "does not fit"),
            "");
  EXPECT_EQ(told(AfterFetching({piece("YWJj", 2, kAbc)}), "does not fit"), "");
  EXPECT_EQ(told(AfterFetching({piece("", 2, kAbc)}), "does not fit"), "");  // it would never end
  EXPECT_EQ(told(AfterFetching({R"({"data": "YWJj", "size": -3, "sha256": "x"})"}), "'size'"), "");
}

}  // namespace
}  // namespace edgeopt::measure
