#include "dsp/features/window.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bivox {
namespace {

TEST(Window, KnownValues) {
  // scipy.signal.get_window(name, 5, fftbins=False), and fftbins=True for the periodic one.
  const auto near = [](WindowKind kind, std::vector<float> expected) {
    const std::vector<float> w = make_window(kind, static_cast<int>(expected.size()));
    ASSERT_EQ(w.size(), expected.size());
    for (size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w[i], expected[i], 1e-6) << i;
  };
  near(WindowKind::kHamming, {0.08F, 0.54F, 1.0F, 0.54F, 0.08F});
  near(WindowKind::kHann, {0.0F, 0.5F, 1.0F, 0.5F, 0.0F});
  near(WindowKind::kHannPeriodic, {0.0F, 0.5F, 1.0F, 0.5F});
  near(WindowKind::kBlackman, {0.0F, 0.34F, 1.0F, 0.34F, 0.0F});
  near(WindowKind::kPovey, {0.0F, std::pow(0.5F, 0.85F), 1.0F, std::pow(0.5F, 0.85F), 0.0F});
  near(WindowKind::kRectangular, {1.0F, 1.0F, 1.0F});
}

TEST(Window, OneSampleIsOne) {
  EXPECT_EQ(make_window(WindowKind::kHann, 1), std::vector<float>{1.0F});
}

}  // namespace
}  // namespace bivox
