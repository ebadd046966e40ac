#include "dsp/features/framing.h"

#include <gtest/gtest.h>

#include <random>

namespace bivox {
namespace {

std::vector<float> ramp(int n) {
  std::vector<float> x(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) x[static_cast<size_t>(i)] = static_cast<float>(i + 1);
  return x;
}

std::vector<std::vector<float>> frames_of(const FramingOptions& options, std::vector<float> x,
                                          uint32_t chunk_seed = 0) {
  Framer framer(options);
  std::vector<std::vector<float>> frames;
  const auto drain = [&] {
    const int ready = framer.frames_ready();
    for (int i = 0; i < ready; ++i) {
      const Framer::Frame f = framer.frame(i);
      frames.emplace_back(f.samples, f.samples + f.length);
    }
    framer.drop(ready);
  };
  std::mt19937 random(chunk_seed);
  std::span<const float> rest = x;
  while (!rest.empty()) {
    const size_t n = chunk_seed == 0 ? rest.size() : std::min<size_t>(rest.size(), random() % 4);
    framer.accept(rest.first(n));
    rest = rest.subspan(n);
    drain();
  }
  framer.finish();
  drain();
  return frames;
}

using Frames = std::vector<std::vector<float>>;

TEST(Framing, SnipKeepsWholeFrames) {
  const FramingOptions o{4, 2, 4, FramePlacement::kSnip};
  EXPECT_EQ(frames_of(o, ramp(7)), (Frames{{1, 2, 3, 4}, {3, 4, 5, 6}}));
  EXPECT_EQ(frames_of(o, ramp(3)).size(), 0U);
  EXPECT_EQ(frames_of(o, {}).size(), 0U);
}

TEST(Framing, SphinxAddsTheRest) {
  const FramingOptions o{4, 2, 4, FramePlacement::kSphinx};
  EXPECT_EQ(frames_of(o, ramp(7)), (Frames{{1, 2, 3, 4}, {3, 4, 5, 6}, {5, 6, 7}}));
  EXPECT_EQ(frames_of(o, ramp(4)), (Frames{{1, 2, 3, 4}, {3, 4}}));
  EXPECT_EQ(frames_of(o, ramp(3)).size(), 0U);
}

TEST(Framing, KaldiReflectsWithTheEdgeSample) {
  const FramingOptions o{4, 2, 4, FramePlacement::kKaldiReflect};
  EXPECT_EQ(frames_of(o, ramp(5)), (Frames{{1, 1, 2, 3}, {2, 3, 4, 5}, {4, 5, 5, 4}}));
}

TEST(Framing, CentreReflectsAboutTheEdgeSample) {
  const FramingOptions o{4, 2, 4, FramePlacement::kCentre};
  EXPECT_EQ(frames_of(o, ramp(5)), (Frames{{3, 2, 1, 2}, {1, 2, 3, 4}, {3, 4, 5, 4}}));
}

TEST(Framing, CentreZeroPads) {
  const FramingOptions o{4, 2, 4, FramePlacement::kCentreZero};
  EXPECT_EQ(frames_of(o, ramp(5)), (Frames{{0, 0, 1, 2}, {1, 2, 3, 4}, {3, 4, 5, 0}}));
}

TEST(Framing, OneSampleReflectsIntoItself) {
  for (const auto placement : {FramePlacement::kKaldiReflect, FramePlacement::kCentre}) {
    const Frames frames = frames_of({4, 2, 4, placement}, {7.0F});
    for (const auto& frame : frames) EXPECT_EQ(frame, (std::vector<float>{7, 7, 7, 7}));
    EXPECT_EQ(frames.size(), 1U);
  }
}

TEST(Framing, AnyChunkingGivesTheSameFrames) {
  for (const auto placement :
       {FramePlacement::kSnip, FramePlacement::kSphinx, FramePlacement::kKaldiReflect,
        FramePlacement::kCentre, FramePlacement::kCentreZero}) {
    for (const int shift : {1, 3, 10, 17}) {  // a shift beyond the length skips samples
      for (const int n : {1, 5, 9, 10, 11, 57, 200}) {
        const FramingOptions o{10, shift, 16, placement};
        EXPECT_EQ(frames_of(o, ramp(n), 5), frames_of(o, ramp(n)))
            << static_cast<int>(placement) << " shift " << shift << " samples " << n;
      }
    }
  }
}

TEST(Framing, SampleBeforeTheFrameIsReadable) {
  Framer framer({4, 2, 4, FramePlacement::kSnip});
  framer.accept(ramp(6));
  EXPECT_EQ(framer.frame(0).samples[-1], 0.0F);
  EXPECT_EQ(framer.frame(1).samples[-1], 2.0F);
}

}  // namespace
}  // namespace bivox
