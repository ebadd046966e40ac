#include "models/nn/frame_mean.h"

#include <gtest/gtest.h>

#include "dsp/core/random.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

TEST(FrameMean, AveragesRealFramesAndGoesBack) {
  Random random(2);
  Tensor x({3, 4, 2});
  Tensor weights({3, 1, 2});
  for (float& v : x.values()) v = static_cast<float>(random.gaussian());
  for (float& v : weights.values()) v = static_cast<float>(random.gaussian());
  const std::vector<int> lengths = {4, 2, 0};
  ComputeContext context;
  const auto loss = [&](Tensor* gradient) {
    Tape tape(context, true);
    const Var in = tape.input(x.clone());
    const Var y = mean_frames(in, lengths);
    const Var total = sum(multiply(y, tape.constant(weights.clone())));
    if (gradient != nullptr) {
      EXPECT_EQ(y.shape(), Shape({3, 1, 2}));
      EXPECT_NEAR(y.value()[2], (x[8] + x[10]) / 2.0F, 1e-6);
      EXPECT_EQ(y.value()[4], 0.0F);
      tape.backward(total);
      *gradient = tape.gradient(in).clone();
    }
    return total.value().item();
  };
  Tensor gradient;
  loss(&gradient);
  for (int64_t i = 0; i < x.size(); ++i) {
    const float kept = x[i];
    x[i] = kept + 0.01F;
    const float above = loss(nullptr);
    x[i] = kept - 0.01F;
    const float below = loss(nullptr);
    x[i] = kept;
    EXPECT_NEAR(gradient[i], (above - below) / 0.02F, 1e-3) << i;
  }
}

}  // namespace
}  // namespace bivox
