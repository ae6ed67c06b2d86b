// Order, batches, errors, cancelling and the bound of the loader; overlap, noise, generated data.
#include "data/loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include "data/generated.h"
#include "data/noise.h"
#include "data/overlap.h"
#include "data/test_files.h"
#include "ir/npy.h"

namespace edgeopt::data {
namespace {

// Sample i holds [i, i]; what Load does can be chosen.
class Counting : public Dataset {
 public:
  explicit Counting(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  Result<Sample> Load(int64_t index) const override {
    started_ = std::max(started_.load(), index + 1);
    if (index % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (index == fail_at) return BadInput(SampleName(index) + ": broken");
    if (cancel_at >= 0 && index == cancel_at) cancel.Cancel();
    const auto value = static_cast<float>(index);
    Sample sample;
    sample.inputs = {index == odd_shape ? ir::Tensor::Of<float>({3}, {0, 0, 0})
                                        : ir::Tensor::Of<float>({2}, {value, value})};
    sample.inputs[0].name = "x";
    sample.targets = {ir::Tensor::Scalar<int64_t>(index)};
    return sample;
  }
  std::string SampleName(int64_t index) const override { return "s" + std::to_string(index); }
  Result<std::string> ContentHash(int64_t index) const override { return std::to_string(index); }
  bool labelled() const override { return true; }
  std::string Describe() const override { return "counting"; }

  int64_t fail_at = -1, cancel_at = -1, odd_shape = -1;
  mutable CancelToken cancel;
  int64_t started() const { return started_; }

 private:
  int64_t size_;
  mutable std::atomic<int64_t> started_{0};
};

TEST(BatchLoader, KeepsTheOrder) {
  const Counting dataset(50);
  for (const int threads : {1, 4}) {
    LoaderOptions options;
    options.batch_size = 8;
    options.threads = threads;
    BatchLoader loader(dataset, AllIndices(50), options);
    int64_t next = 0;
    while (true) {
      const auto batch = loader.Next();
      ASSERT_TRUE(batch.ok());
      if (!batch->has_value()) break;
      const auto count = static_cast<int64_t>((*batch)->indices.size());
      EXPECT_EQ(count, next == 48 ? 2 : 8);
      EXPECT_EQ((*batch)->inputs[0].dims(), (ir::Dims{count, 2}));
      EXPECT_EQ((*batch)->inputs[0].name, "x");
      ASSERT_EQ((*batch)->targets.size(), static_cast<size_t>(count));
      for (int64_t i = 0; i < count; ++i, ++next) {
        EXPECT_EQ((*batch)->indices[i], next);
        EXPECT_EQ((*batch)->inputs[0].as<float>()[2 * i], static_cast<float>(next));
        EXPECT_EQ((*batch)->targets[i][0].as<int64_t>()[0], next);
      }
    }
    EXPECT_EQ(next, 50);
    EXPECT_FALSE((*loader.Next()).has_value());
  }
}

TEST(BatchLoader, LoadsNoFurtherAheadThanAsked) {
  const Counting dataset(1000);
  LoaderOptions options;
  options.batch_size = 5;
  options.threads = 3;
  options.prefetch = 2;
  BatchLoader loader(dataset, AllIndices(1000), options);
  for (int batches = 1; batches <= 4; ++batches) {
    ASSERT_TRUE(loader.Next().ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_LE(dataset.started(), (batches + 3) * 5);
    EXPECT_GE(dataset.started(), batches * 5);
  }
}

TEST(BatchLoader, ReportsTheFirstErrorInOrderAndKeepsIt) {
  Counting dataset(50);
  dataset.fail_at = 21;
  LoaderOptions options;
  options.batch_size = 10;
  options.threads = 4;
  BatchLoader loader(dataset, AllIndices(50), options);
  EXPECT_TRUE(loader.Next().ok());
  EXPECT_TRUE(loader.Next().ok());
  ExpectError(loader.Next(), ErrorCode::kBadInput, {"s21: broken"});
  ExpectError(loader.Next(), ErrorCode::kBadInput, {"s21: broken"});
}

TEST(BatchLoader, StopsWhenCancelled) {
  Counting dataset(500);
  dataset.cancel_at = 30;
  LoaderOptions options;
  options.batch_size = 10;
  options.threads = 2;
  options.cancel = &dataset.cancel;
  BatchLoader loader(dataset, AllIndices(500), options);
  Status status = OkStatus();
  while (status.ok()) {
    const auto batch = loader.Next();
    if (!batch.ok()) status = batch.error();
  }
  EXPECT_EQ(status.error().code, ErrorCode::kInterrupted);
  EXPECT_LT(dataset.started(), 100);
}

TEST(BatchLoader, MayBeLeftEarly) {
  const Counting dataset(500);
  LoaderOptions options;
  options.threads = 4;
  { BatchLoader loader(dataset, AllIndices(500), options); }
  BatchLoader loader(dataset, AllIndices(500), options);
  EXPECT_TRUE(loader.Next().ok());
}

TEST(BatchLoader, RefusesToStackDifferentShapes) {
  Counting dataset(6);
  dataset.odd_shape = 4;
  LoaderOptions options;
  options.batch_size = 3;
  BatchLoader loader(dataset, AllIndices(6), options);
  EXPECT_TRUE(loader.Next().ok());
  ExpectError(loader.Next(), ErrorCode::kBadInput, {"s3", "[3]", "[2]", "batch size 1"});
  options.batch_size = 1;
  BatchLoader single(dataset, AllIndices(6), options);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(single.Next().ok());
}

TEST(BatchLoader, ChecksAgainstTheModel) {
  Counting dataset(6);
  dataset.odd_shape = 4;
  LoaderOptions options;
  options.inputs = {{"x", ir::DataType::kFloat32, {-1, 2}}};
  BatchLoader loader(dataset, AllIndices(6), options);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(loader.Next().ok());
  ExpectError(loader.Next(), ErrorCode::kBadInput, {"s4", "[?, 2]", "[3]"});
}

TEST(Stack, UsesTheBatchAxisThatIsThere) {
  Sample sample;
  sample.inputs = {ir::Tensor::Of<float>({1, 2}, {1, 2})};
  sample.inputs[0].name = "x";
  const std::vector<Sample> two = {sample, sample};
  EXPECT_EQ((*Stack(two, {}))[0].dims(), (ir::Dims{2, 1, 2}));
  EXPECT_EQ((*Stack(two, {{"x", ir::DataType::kFloat32, {-1, 2}}}))[0].dims(), (ir::Dims{2, 2}));
  // A first axis of fixed size is no batch axis.
  ExpectError(Stack(two, {{"x", ir::DataType::kFloat32, {1, 2}}}), ErrorCode::kBadInput,
              {"no batch axis", "batch size 1"});
  EXPECT_EQ((*Stack({sample}, {{"x", ir::DataType::kFloat32, {1, 2}}}))[0].dims(),
            (ir::Dims{1, 2}));
}

std::unique_ptr<Dataset> OfArray(const Folder& folder, const ir::Tensor& tensor) {
  folder.Write("x.npy", ir::EncodeNpy(tensor).value());
  OpenOptions options;
  options.path = folder / "x.npy";
  return MustOpen(options);
}

TEST(FindOverlap, CountsEqualContent) {
  Folder first, second;
  const auto a = OfArray(first, ir::Tensor::Of<float>({4, 1}, {1, 2, 3, 4}));
  const auto b = OfArray(second, ir::Tensor::Of<float>({3, 1}, {9, 4, 2}));
  const auto overlap = FindOverlap(*a, *b, 3);
  ASSERT_TRUE(overlap.ok());
  EXPECT_EQ(overlap->shared, 2);
  EXPECT_EQ(overlap->first_size, 4);
  EXPECT_EQ(overlap->second_size, 3);
  ASSERT_EQ(overlap->examples.size(), 2u);
  EXPECT_NE(overlap->examples[0].find("sample 1 of"), std::string::npos);
  EXPECT_EQ(ContentHashOfAll(*a, 1).value(), ContentHashOfAll(*a, 4).value());
  EXPECT_NE(ContentHashOfAll(*a).value(), ContentHashOfAll(*b).value());
  CancelToken cancel;
  cancel.Cancel();
  EXPECT_EQ(FindOverlap(*a, *b, 2, &cancel).error().code, ErrorCode::kInterrupted);
}

TEST(NeighbourCorrelation, IsKnownForKnownSignals) {
  std::vector<float> ramp(400), alternating(400);
  for (size_t i = 0; i < 400; ++i) {
    ramp[i] = static_cast<float>(i % 20);
    alternating[i] = (i % 20 + i / 20) % 2 ? 1.f : -1.f;
  }
  const auto correlation = [](const std::vector<float>& values, ir::Dims dims) {
    return NeighbourCorrelation(ir::Tensor::Of<float>(std::move(dims), values));
  };
  ramp.resize(1600);
  alternating.resize(1600);
  for (size_t i = 400; i < 1600; ++i)
    ramp[i] = ramp[i - 400], alternating[i] = alternating[i - 400];
  EXPECT_NEAR(*correlation(ramp, {80, 20}), 1, 1e-9);
  EXPECT_NEAR(*correlation(alternating, {80, 20}), -1, 1e-9);
  EXPECT_FALSE(correlation(std::vector<float>(1600, 3), {80, 20}));  // constant
  EXPECT_FALSE(correlation({1, 2, 3, 4}, {2, 2}));                   // too few
  EXPECT_FALSE(correlation(ramp, {1600}));                           // a feature vector
}

TEST(LooksLikeNoise, TellsNoiseFromPictures) {
  Folder folder;
  std::mt19937 random(5);
  std::vector<uint8_t> noise(4 * 32 * 32), waves(noise.size()), noisy(noise.size());
  for (size_t i = 0; i < noise.size(); ++i) {
    noise[i] = static_cast<uint8_t>(random());
    waves[i] = static_cast<uint8_t>(128 + 100 * std::sin(static_cast<double>(i % 32) / 4));
    noisy[i] = static_cast<uint8_t>((waves[i] + noise[i]) / 2);
  }
  const auto verdict = [&](const std::vector<uint8_t>& values) {
    return LooksLikeNoise(*OfArray(folder, ir::Tensor::Of<uint8_t>({4, 32, 32}, values))).value();
  };
  const NoiseVerdict bad = verdict(noise);
  EXPECT_TRUE(bad.noise);
  EXPECT_NE(bad.message.find("looks like noise"), std::string::npos);
  EXPECT_EQ(bad.samples, 4);
  EXPECT_FALSE(verdict(waves).noise);
  EXPECT_FALSE(verdict(noisy).noise);
  EXPECT_EQ(verdict(waves).message, "");
}

// Grey noise in three equal channels is noise still.
TEST(LooksLikeNoise, LooksThroughRepeatedChannels) {
  std::mt19937 random(6);
  std::vector<float> values;
  for (int i = 0; i < 32 * 32; ++i)
    values.insert(values.end(), 3, static_cast<float>(random() % 256));
  EXPECT_LT(std::abs(*NeighbourCorrelation(ir::Tensor::Of<float>({32, 32, 3}, values))), 0.15);
}

TEST(Generate, MakesWhatTheModelTakesAndSaysSo) {
  const std::vector<InputSpec> specs = {{"image", ir::DataType::kFloat32, {-1, 3, 64, 5}},
                                        {"state", ir::DataType::kFloat16, {2, -1, 8}},
                                        {"ids", ir::DataType::kInt64, {1, 10}},
                                        {"rate", ir::DataType::kInt64, {}}};
  GenerateOptions options;
  options.samples = 3;
  const auto dataset = Generate(specs, options);
  ASSERT_TRUE(dataset.ok());
  EXPECT_TRUE((*dataset)->Describe().starts_with("generated"));
  EXPECT_FALSE((*dataset)->labelled());
  const Sample sample = (*dataset)->Load(1).value();
  EXPECT_EQ(sample.inputs[0].dims(), (ir::Dims{3, 64, 5}));
  EXPECT_TRUE(ModelInputs(sample, specs).ok());
  EXPECT_EQ((*ModelInputs(sample, specs))[1].dims(), (ir::Dims{2, 1, 8}));
  EXPECT_EQ((*dataset)->Load(1)->inputs[0], sample.inputs[0]);
  EXPECT_FALSE((*dataset)->Load(2)->inputs[0] == sample.inputs[0]);
  double sum = 0, squares = 0;
  for (const float value : sample.inputs[0].as<float>()) sum += value, squares += value * value;
  // 960 values: the mean's deviation is 0.032, the variance's 0.046; five of them allowed.
  EXPECT_NEAR(sum / 960, 0, 0.16);
  EXPECT_NEAR(squares / 960, 1, 0.23);
  for (const int64_t id : sample.inputs[2].as<int64_t>()) EXPECT_TRUE(id == 0 || id == 1);
  ExpectError(Generate(std::vector<InputSpec>{{"t", ir::DataType::kString, {1}}}, options),
              ErrorCode::kUnsupported, {"'t'", "string"});
}

}  // namespace
}  // namespace edgeopt::data
