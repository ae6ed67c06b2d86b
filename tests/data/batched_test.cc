#include "data/batched.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "data/open.h"
#include "ir/npy.h"

namespace edgeopt::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Seven samples [2], 0 and 1, 2 and 3, ...
class BatchedTest : public ::testing::Test {
 protected:
  BatchedTest() {
    std::vector<float> values;
    for (int i = 0; i < 14; ++i) values.push_back(static_cast<float>(i));
    std::vector<ir::Tensor> arrays = {ir::Tensor::Of<float>({7, 2}, values)};
    arrays[0].name = "x";
    EXPECT_TRUE(ir::WriteNpz(folder_.path() / "d.npz", arrays).ok());
  }
  std::shared_ptr<const Dataset> Opened(const std::vector<InputSpec>& inputs) const {
    OpenOptions options;
    options.path = folder_.path() / "d.npz";
    options.inputs = inputs;
    return Open(options).value();
  }

  TemporaryFolder folder_ = TemporaryFolder::Create().value();
};

TEST_F(BatchedTest, GroupsOfTheModelsBatchTheLastFilledUp) {
  const std::vector<InputSpec> inputs = {{"x", ir::DataType::kFloat32, {3, 2}}};
  const auto data = InBatches(Opened(inputs), inputs);
  ASSERT_EQ(data->size(), 3);
  const Sample second = data->Load(1).value();
  EXPECT_EQ(second.inputs[0].dims(), (ir::Dims{3, 2}));
  EXPECT_THAT(second.inputs[0].as<float>(), ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_THAT(data->Load(2).value().inputs[0].as<float>(), ElementsAre(12, 13, 12, 13, 12, 13));
  EXPECT_THAT(data->Describe(), HasSubstr("in batches of 3"));
  const auto whole = ModelInputs(second, inputs);
  ASSERT_TRUE(whole.ok()) << whole.error().ToString();
  EXPECT_EQ((*whole)[0].dims(), (ir::Dims{3, 2}));
}

TEST_F(BatchedTest, OtherModelsTakeSingleSamples) {
  for (const ir::Dims& dims : {ir::Dims{1, 2}, ir::Dims{-1, 2}, ir::Dims{2}}) {
    const std::vector<InputSpec> inputs = {{"x", ir::DataType::kFloat32, dims}};
    const auto data = Opened(inputs);
    EXPECT_EQ(InBatches(data, inputs), data);
  }
  EXPECT_EQ(InBatches(nullptr, {}), nullptr);
}

}  // namespace
}  // namespace edgeopt::data
