#include <gtest/gtest.h>

#include <cmath>

#include "dsp/augment/convolve.h"
#include "dsp/augment/gain.h"
#include "dsp/augment/noise_mix.h"
#include "dsp/augment/room.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

TEST(Convolve, EqualsTheDirectSum) {
  Random random(4);
  for (const auto& [nx, nh] : {std::pair{1000, 37}, {37, 1000}, {1, 1}, {300, 300}, {5000, 700}}) {
    std::vector<float> x(static_cast<size_t>(nx));
    std::vector<float> h(static_cast<size_t>(nh));
    for (float& v : x) v = static_cast<float>(random.gaussian());
    for (float& v : h) v = static_cast<float>(random.gaussian());
    const std::vector<float> y = convolve(x, h);
    ASSERT_EQ(y.size(), x.size() + h.size() - 1);
    for (size_t n = 0; n < y.size(); ++n) {
      double sum = 0.0;
      for (size_t k = n < x.size() ? 0 : n - x.size() + 1; k <= std::min(n, h.size() - 1); ++k) {
        sum += static_cast<double>(x[n - k]) * static_cast<double>(h[k]);
      }
      ASSERT_NEAR(y[n], sum, 1e-4 * std::sqrt(static_cast<double>(std::min(nx, nh)))) << n;
    }
  }
  EXPECT_TRUE(convolve({}, std::vector<float>{1.0F}).empty());
}

TEST(Room, HasTheReverberationTimeAskedFor) {
  for (uint64_t seed = 0; seed < 6; ++seed) {
    for (const double rt60 : {0.15, 0.3, 0.6}) {
      const RoomOptions options = random_room(rt60, rt60, 16000, seed);
      const RoomResponse room = simulate_room(options);
      EXPECT_NEAR(reverberation_time(room.response), rt60, 0.1 * rt60)
          << options.size_m[0] << " " << options.size_m[1] << " " << options.size_m[2];
    }
  }
}

TEST(Room, MeasuresTheTimeOfAKnownDecay) {
  Random random(1);
  for (const double rt60 : {0.2, 0.7}) {
    AudioBuffer decay{std::vector<float>(16000), 16000};
    for (size_t n = 0; n < decay.samples.size(); ++n) {
      const double t = static_cast<double>(n) / 16000.0;
      decay.samples[n] = static_cast<float>(random.gaussian() * std::pow(10.0, -3.0 * t / rt60));
    }
    EXPECT_NEAR(reverberation_time(decay), rt60, 0.03 * rt60);
  }
  EXPECT_EQ(reverberation_time({}), 0.0);
}

TEST(Room, PutsTheDirectSoundWhereDistanceSays) {
  RoomOptions options;
  options.source_m = {1.0, 2.0, 1.5};
  options.microphone_m = {4.43, 2.0, 1.5};  // 3.43 m: 10 ms
  const RoomResponse room = simulate_room(options);
  EXPECT_EQ(room.direct_sample, 160 + 16);
  const auto& h = room.response.samples;
  for (int n = 0; n < room.direct_sample - 16; ++n) {
    ASSERT_NEAR(h[static_cast<size_t>(n)], 0.0F, 1e-6) << n;
  }
  EXPECT_NEAR(h[static_cast<size_t>(room.direct_sample)], 1.0 / (4.0 * 3.14159265 * 3.43), 1e-3);
  EXPECT_EQ(simulate_room(options).response.samples, h);  // seeded
  options.seed = 2;
  EXPECT_NE(simulate_room(options).response.samples, h);
}

TEST(Room, SpeechKeepsItsPlaceLengthAndPower) {
  const RoomResponse room = simulate_room(random_room(0.2, 0.2, 16000, 3));
  AudioBuffer click{std::vector<float>(8000, 0.0F), 16000};
  click.samples[3000] = 1.0F;
  const AudioBuffer wet = reverberate(click, room);
  ASSERT_EQ(wet.samples.size(), click.samples.size());
  for (size_t n = 0; n + 20 < 3000; ++n) ASSERT_NEAR(wet.samples[n], 0.0F, 1e-5) << n;
  EXPECT_GT(wet.samples[3000], 0.0F);
  const AudioBuffer noise = make_noise(NoiseColour::kWhite, 8000, 16000, 2);
  EXPECT_NEAR(mean_power(reverberate(noise, room)) / mean_power(noise), 1.0, 1e-3);
  EXPECT_TRUE(reverberate({{}, 16000}, room).samples.empty());
  EXPECT_THROW(reverberate({noise.samples, 8000}, room), Error);
}

TEST(Room, RefusesWhatIsNoRoom) {
  RoomOptions options;
  options.source_m[0] = 9.0;
  EXPECT_THROW(simulate_room(options), Error);
  options = {};
  options.rt60_s = 10.0;
  EXPECT_THROW(simulate_room(options), Error);
  options = {};
  options.size_m[2] = std::nan("");
  EXPECT_THROW(simulate_room(options), Error);
  options = {};
  options.microphone_m = options.source_m;
  EXPECT_THROW(simulate_room(options), Error);
}

}  // namespace
}  // namespace bivox
