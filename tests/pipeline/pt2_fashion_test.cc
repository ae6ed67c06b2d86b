// The Fashion-MNIST models as torch.export.save wrote them, against what PyTorch's own exporter
// made of the same weights, on images of the data set.
#include <string>

#include "data/idx_file.h"
#include "formats/onnx/onnx.h"
#include "formats/pt2/pt2.h"
#include "support/ort.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;

constexpr int64_t kImages = 32;
// Sums of up to 1152 products in other orders, twenty layers deep, where logits reach 10: some
// hundred units in the last place.
constexpr double kTolerance = 1e-4;

// As examples/fashion_mnist.toml says.
std::vector<Tensor> Images() {
  const auto source =
      data::ReadIdx("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz", "x");
  if (!source.ok()) {
    ADD_FAILURE() << source.error().ToString();
    return {};
  }
  std::vector<Tensor> images;
  for (int64_t i = 0; i < kImages; ++i) {
    std::vector<float> pixels = source->At(i).value().ToFloats().value();
    for (float& pixel : pixels) pixel = (pixel / 255 - 0.2860F) / 0.3530F;
    images.push_back(Tensor::Of({1, 1, 28, 28}, pixels));
  }
  return images;
}

class Pt2Fashion : public ::testing::TestWithParam<std::string> {};

TEST_P(Pt2Fashion, ComputesWhatTheExportersModelDoes) {
  const std::string stem = EDGEOPT_SOURCE_DIR "/examples/" + GetParam();
  const auto model = formats::pt2::ReadPt2(stem + ".pt2");
  ASSERT_TRUE(model.ok()) << model.error().ToString();
  const Status checked = formats::CheckModel(*model, formats::CheckDepth::kTypes);
  EXPECT_TRUE(checked.ok()) << checked.error().ToString();
  EXPECT_EQ(model->graph.value(model->graph.inputs()[0]).name, "x");
  EXPECT_EQ(model->graph.value(model->graph.outputs()[0]).name, "output");
  const auto session = testing::LoadModel(*model);
  ASSERT_TRUE(session.ok()) << session.error().ToString();
  const auto reference = testing::LoadModel(formats::ReadOnnx(stem + ".onnx").value());
  ASSERT_TRUE(reference.ok()) << reference.error().ToString();
  const std::vector<Tensor> images = Images();
  ASSERT_EQ(images.size(), static_cast<size_t>(kImages));
  double largest = 0;
  for (const Tensor& image : images) {
    auto logits = (*session)->Run({image}), expected = (*reference)->Run({image});
    ASSERT_TRUE(logits.ok()) << logits.error().ToString();
    ASSERT_TRUE(expected.ok()) << expected.error().ToString();
    logits->front().name = expected->front().name;
    const auto difference = testing::Compare(*expected, *logits);
    ASSERT_EQ(difference.mismatch, "");
    EXPECT_LE(difference.max_abs, kTolerance);
    const std::vector<float> values = logits->front().ToFloats().value();
    for (const float logit : values) largest = std::max(largest, static_cast<double>(logit));
  }
  EXPECT_GT(largest, 1);  // not all zeros
}

INSTANTIATE_TEST_SUITE_P(Models, Pt2Fashion, ::testing::Values("fashion_mbv2", "fashion_resnet10"));

}  // namespace
}  // namespace edgeopt::pipeline
