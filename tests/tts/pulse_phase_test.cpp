#include "tts/vocoder/pulse_phase.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "tests/tts/vocoder_signals.h"

namespace bivox {
namespace {

constexpr size_t kHop = 160;

std::shared_ptr<const SourceFilterModel> model() {
  return std::make_shared<const SourceFilterModel>(VocoderFeatureOptions{});
}

FeatureMatrix rows_of(int frames, double first_f0_hz, double last_f0_hz, float voicing) {
  FeatureMatrix rows = FeatureMatrix::Zero(frames, 82);
  for (int t = 0; t < frames; ++t) {
    rows(t, 80) = static_cast<float>(std::log(first_f0_hz) +
                                     std::log(last_f0_hz / first_f0_hz) * t / (frames - 1));
    rows(t, 81) = voicing;
  }
  return rows;
}

std::vector<float> guides_of(const FeatureMatrix& rows) {
  PulseGuides guides(model());
  std::vector<float> out(static_cast<size_t>(rows.rows() - 1) * kHop * PulseGuides::kGuides);
  for (Eigen::Index t = 0; t + 1 < rows.rows(); ++t) {
    guides.block({rows.row(t).data(), 82}, {rows.row(t + 1).data(), 82},
                 std::span(out).subspan(static_cast<size_t>(t) * kHop * PulseGuides::kGuides,
                                        kHop * PulseGuides::kGuides));
  }
  return out;
}

TEST(PulseGuides, TurnOnceAPeriodAndRiseAtThePulse) {
  const std::vector<float> guides = guides_of(rows_of(101, 200.0, 200.0, 1.0F));
  // 80 samples a period.
  for (size_t n = 0; n < guides.size() / PulseGuides::kGuides; ++n) {
    const float* g = &guides[n * PulseGuides::kGuides];
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(n) / 80.0;
    ASSERT_NEAR(g[0], std::cos(angle), 1e-3) << n;
    ASSERT_NEAR(g[1], std::sin(angle), 1e-3) << n;
    const double distance = std::fabs(std::remainder(static_cast<double>(n), 80.0));
    ASSERT_NEAR(g[2], std::exp(-0.5 * distance * distance), 1e-3) << n;
  }
}

TEST(PulseGuides, FollowTheVoicing) {
  FeatureMatrix rows = rows_of(3, 150.0, 150.0, 1.0F);
  rows(1, 81) = 0.0F;
  rows(2, 81) = 0.0F;
  const std::vector<float> guides = guides_of(rows);
  const auto size = [&](size_t n) {
    return std::hypot(guides[n * PulseGuides::kGuides], guides[n * PulseGuides::kGuides + 1]);
  };
  EXPECT_NEAR(size(0), 1.0, 1e-5);
  EXPECT_NEAR(size(80), 0.5, 1e-5);
  EXPECT_EQ(size(160), 0.0);
  EXPECT_EQ(size(319), 0.0);
}

// Pulses of a gliding voice in noise, begun anywhere in a period, are found within a few samples.
TEST(RecordingGuides, StandWhereThePulsesAre) {
  const int frames = 80;
  const FeatureMatrix rows = rows_of(frames, 140.0, 230.0, 1.0F);
  for (const double start : {0.0, 0.3, 0.7}) {
    Random random(2);
    std::vector<float> excitation(frames * kHop);
    std::vector<size_t> pulses;
    double phase = start;
    for (size_t n = 0; n < excitation.size(); ++n) {
      const double along = static_cast<double>(n) / static_cast<double>(kHop * (frames - 1));
      phase += 140.0 * std::pow(230.0 / 140.0, std::min(along, 1.0)) / 16000.0;
      excitation[n] = static_cast<float>(0.02 * random.gaussian());
      if (phase >= 1.0) {
        phase -= 1.0;
        excitation[n] -= 0.4F;
        pulses.push_back(n);
      }
    }
    const std::vector<float> guides = recording_guides(model(), rows, excitation);
    ASSERT_EQ(guides.size(), excitation.size() * PulseGuides::kGuides);
    for (const size_t n : pulses) {
      const float* g = &guides[n * PulseGuides::kGuides];
      const double periods = std::atan2(g[1], g[0]) / (2.0 * std::numbers::pi);
      ASSERT_LT(std::abs(periods), 0.03) << n << " of a start at " << start;
    }
  }
}

TEST(RecordingGuides, SilenceIsFinite) {
  const FeatureMatrix rows = rows_of(4, 150.0, 150.0, 0.0F);
  for (const float g : recording_guides(model(), rows, std::vector<float>(4 * kHop, 0.0F))) {
    ASSERT_EQ(g, 0.0F);
  }
}

}  // namespace
}  // namespace bivox
