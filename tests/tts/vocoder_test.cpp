#include "tts/vocoder/vocoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/tiny_vocoder.h"
#include "tests/tts/vocoder_signals.h"

namespace bivox {
namespace {

// Small networks with random weights, for both modes.
VocoderParts random_parts() {
  const VocoderFeatureOptions features;
  const FeatureMatrix rows = vocoder_features(features, vowel(1.0, 180.0));
  VocoderParts parts = tiny_vocoder(features, FeatureScale::measure({&rows, 1}), 4);
  parts.parallel->network.initialize(3);  // where training begins it changes nothing
  return parts;
}

constexpr VocoderMode kModes[] = {VocoderMode::kParallel, VocoderMode::kAutoregressive,
                                  VocoderMode::kSourceFilter};

std::string name_of(VocoderMode mode) { return std::string(vocoder_mode_name(mode)); }

TEST(Vocoder, GivesAHopOfSamplesARow) {
  const auto vocoder = Vocoder::compile(random_parts());
  const FeatureMatrix rows = vocoder_features(vocoder->features(), vowel(0.4, 200.0));
  for (const VocoderMode mode : kModes) {
    for (const Eigen::Index count : {0, 1, 2, 3, 5, 20}) {
      const AudioBuffer audio = vocode(vocoder, rows.topRows(count), {.mode = mode});
      EXPECT_EQ(audio.samples.size(), static_cast<size_t>(count) * 160)
          << name_of(mode) << ' ' << count;
      for (const float x : audio.samples) ASSERT_TRUE(std::isfinite(x) && std::abs(x) <= 1.0F);
    }
  }
}

TEST(Vocoder, AnyChunkingGivesTheSameBits) {
  const auto vocoder = Vocoder::compile(random_parts());
  const FeatureMatrix rows = vocoder_features(vocoder->features(), vowel(0.5, 200.0));
  for (const VocoderMode mode : kModes) {
    const std::vector<float> whole = vocode(vocoder, rows, {.mode = mode}).samples;
    for (const Eigen::Index chunk : {1, 7, 40}) {
      VocoderStream stream(vocoder, {.mode = mode});
      std::vector<float> parts;
      for (Eigen::Index t = 0; t < rows.rows(); t += chunk) {
        stream.accept(rows.middleRows(t, std::min(chunk, rows.rows() - t)), parts);
      }
      stream.finish(parts);
      EXPECT_EQ(parts, whole) << name_of(mode) << ' ' << chunk;
    }
  }
}

TEST(Vocoder, SeedsDecideAndResetBeginsAnew) {
  const auto vocoder = Vocoder::compile(random_parts());
  const FeatureMatrix rows = vocoder_features(vocoder->features(), vowel(0.4, 200.0));
  for (const VocoderMode mode : kModes) {
    const std::vector<float> one = vocode(vocoder, rows, {.mode = mode, .seed = 1}).samples;
    EXPECT_NE(one, vocode(vocoder, rows, {.mode = mode, .seed = 2}).samples) << name_of(mode);
    VocoderStream stream(vocoder, {.mode = mode, .seed = 2});
    std::vector<float> again;
    stream.accept(rows, again);
    stream.finish(again);
    stream.reset(1);
    again.clear();
    stream.accept(rows, again);
    stream.finish(again);
    EXPECT_EQ(again, one) << name_of(mode);
  }
}

TEST(Vocoder, SilenceAndNonsenseStayFinite) {
  const auto vocoder = Vocoder::compile(random_parts());
  FeatureMatrix rows =
      vocoder_features(vocoder->features(), {std::vector<float>(8000, 0.0F), 16000});
  for (const VocoderMode mode : kModes) {
    for (const float x : vocode(vocoder, rows, {.mode = mode}).samples) {
      ASSERT_TRUE(std::isfinite(x)) << name_of(mode);
    }
  }
  rows.row(3).setConstant(std::numeric_limits<float>::quiet_NaN());
  rows.row(4).setConstant(-std::numeric_limits<float>::infinity());
  rows.row(5).setConstant(1e30F);
  for (const VocoderMode mode : kModes) {
    for (const float x : vocode(vocoder, rows, {.mode = mode}).samples) {
      ASSERT_TRUE(std::isfinite(x) && std::abs(x) <= 1.0F) << name_of(mode);
    }
  }
}

// A network whose last layer is zero must sound like its start, and no mode may be missing quietly.
TEST(Vocoder, UntrainedParallelIsTheSourceFilter) {
  VocoderParts parts = random_parts();
  initialize_parallel_wavenet(parts.parallel->network, 1);
  parts.autoregressive.reset();
  const auto vocoder = Vocoder::compile(parts);
  const FeatureMatrix rows = vocoder_features(vocoder->features(), vowel(0.4, 200.0));
  const auto parallel = vocode(vocoder, rows, {.mode = VocoderMode::kParallel}).samples;
  const auto plain = vocode(vocoder, rows, {.mode = VocoderMode::kSourceFilter}).samples;
  ASSERT_EQ(parallel.size(), plain.size());
  for (size_t n = 0; n < plain.size(); ++n) ASSERT_NEAR(parallel[n], plain[n], 1e-6F);
  EXPECT_FALSE(vocoder->has(VocoderMode::kAutoregressive));
  EXPECT_THROW(VocoderStream(vocoder, {.mode = VocoderMode::kAutoregressive}), Error);
  EXPECT_THROW(VocoderStream(Vocoder::source_filter(), {.mode = VocoderMode::kParallel}), Error);
}

TEST(Vocoder, CopySynthesisTakesAnyRate) {
  const AudioBuffer natural = vowel(0.5, 200.0);
  const AudioBuffer faster{natural.samples, 24000};
  const AudioBuffer copy =
      copy_synthesis(Vocoder::source_filter(), faster, {.mode = VocoderMode::kSourceFilter});
  EXPECT_EQ(copy.sample_rate_hz, 16000);
  EXPECT_NEAR(copy.duration_s(), faster.duration_s(), 0.011);
}

TEST(VocoderFolder, RoundTrip) {
  const ScratchFolder scratch;
  const VocoderParts parts = random_parts();
  save_vocoder(parts, scratch.path() / "model", "test", "# Test\n");
  const FeatureMatrix rows = vocoder_features(parts.features, vowel(0.4, 200.0));
  const auto loaded = Vocoder::load(scratch.path() / "model");
  for (const VocoderMode mode : kModes) EXPECT_TRUE(loaded->has(mode));
  // A second round changes nothing: weights are bfloat16 already.
  const VocoderParts read = load_vocoder_parts(scratch.path() / "model");
  save_vocoder(read, scratch.path() / "again", "test", "# Test\n");
  for (const char* file : {"config.json", "parallel.safetensors", "autoregressive.safetensors"}) {
    EXPECT_EQ(read_file(scratch.path() / "model" / file),
              read_file(scratch.path() / "again" / file))
        << file;
  }
  const auto before = vocode(Vocoder::compile(parts), rows).samples;
  const auto after = vocode(loaded, rows).samples;
  for (size_t n = 0; n < before.size(); ++n) ASSERT_NEAR(before[n], after[n], 0.02F);
}

TEST(VocoderFolder, DamageIsNamed) {
  const ScratchFolder scratch;
  const std::filesystem::path folder = scratch.path() / "model";
  save_vocoder(random_parts(), folder, "test", "# Test\n");
  const auto message_of = [&] {
    try {
      Vocoder::load(folder);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      return error.message();
    }
    return std::string("no error");
  };
  const std::string weights = read_file(folder / "parallel.safetensors");
  std::string damaged = weights;
  damaged[damaged.size() / 2] ^= 1;
  std::ofstream(folder / "parallel.safetensors", std::ios::binary) << damaged;
  EXPECT_NE(message_of().find("parallel.safetensors"), std::string::npos);
  std::ofstream(folder / "parallel.safetensors", std::ios::binary) << weights.substr(0, 100);
  EXPECT_NE(message_of().find("parallel.safetensors"), std::string::npos);
  std::ofstream(folder / "parallel.safetensors", std::ios::binary) << weights;
  EXPECT_EQ(message_of(), "no error");
  // Options that do not belong to the networks. config.json has no checksum of its own.
  const std::string config = read_file(folder / "config.json");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = config;
    const size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    std::ofstream(folder / "config.json", std::ios::binary) << changed;
    return message_of();
  };
  EXPECT_NE(with("\"num_mel\": 80", "\"num_mel\": 79"), "no error");
  EXPECT_NE(with("\"hop\": 160", "\"hop\": 168"), "no error");
  EXPECT_NE(with("\"channels\": 16", "\"channels\": 24"), "no error");
  EXPECT_NE(with("\"mean\": [", "\"mean\": [null, "), "no error");
  std::filesystem::remove(folder / "config.json");
  EXPECT_NE(message_of(), "no error");
}

}  // namespace
}  // namespace bivox
