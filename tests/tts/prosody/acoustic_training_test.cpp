#include "tts/prosody/acoustic_training.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "dsp/core/random.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/text/front_end_fixture.h"
#include "tests/tts/tiny_voice.h"

namespace bivox {
namespace {

// Speech by rule: every phone has a spectrum, a length and a pitch of its own.
AlignedSpeech speech_by_rule(std::string_view text, int speaker) {
  const VocoderFeatureOptions features;
  AlignedSpeech speech;
  speech.speaker = speaker;
  speech.contexts = phone_contexts(front_end().utterances(text).at(0));
  int frames = 0;
  for (const PlacedPhone& context : speech.contexts) {
    speech.durations.push_back(context.word < 0 ? 8 : 4 + context.phone.phone % 5);
    frames += speech.durations.back();
  }
  if (frames % 2 == 1) {
    ++speech.durations.back();
    ++frames;
  }
  speech.rows.resize(frames, features.columns());
  Eigen::Index at = 0;
  for (size_t p = 0; p < speech.contexts.size(); ++p) {
    const PlacedPhone& context = speech.contexts[p];
    for (int i = 0; i < speech.durations[p]; ++i, ++at) {
      for (int m = 0; m < features.num_mel; ++m) {
        speech.rows(at, m) =
            context.word < 0
                ? -12.0F
                : -6.0F +
                      3.0F *
                          std::sin(0.1F * static_cast<float>(m * (1 + context.phone.phone % 7))) +
                      2.0F * static_cast<float>(speaker);
      }
      speech.rows(at, features.f0_column()) =
          static_cast<float>(std::log(180.0 + 20.0 * std::max(0, context.syllable_stress)));
      speech.rows(at, features.voicing_column()) =
          context.word >= 0 && is_voiced(context.phone.phone) ? 1.0F : 0.0F;
    }
  }
  return speech;
}

std::vector<AlignedSpeech> corpus() {
  std::vector<AlignedSpeech> all;
  for (const char* text :
       {"The birch canoe slid on the smooth planks.", "Glue the sheet to the dark blue background.",
        "It's easy to tell the depth of a well.", "These days a chicken leg is a rare dish.",
        "Rice is often served in round bowls.", "The juice of lemons makes fine punch."}) {
    for (const int speaker : {0, 1}) all.push_back(speech_by_rule(text, speaker));
  }
  return all;
}

AcousticParts untrained() {
  AcousticParts parts;
  parts.options = tiny_networks();
  parts.speakers = {"a", "b"};
  return parts;
}

AcousticTrainingOptions quick(int64_t epochs) {
  AcousticTrainingOptions options;
  options.epochs = epochs;
  options.batch_s = 5.0;
  options.rate = 2e-2;
  options.checkpoint_steps = 1;
  return options;
}

TEST(AcousticTraining, LearnsSpectrumPitchVoicingAndLength) {
  const std::vector<AlignedSpeech> speech = corpus();
  ComputeContext context(1, Precision::kBfloat16);
  AcousticParts parts = untrained();
  std::vector<AcousticMeasures> measured;
  AcousticTrainingCalls calls;
  calls.epoch = [&](int64_t, double, const AcousticMeasures& m) { measured.push_back(m); };
  ASSERT_TRUE(train_acoustic_model(context, speech, speech, quick(320), parts, calls));
  ASSERT_EQ(measured.size(), 320U);
  const AcousticMeasures& first = measured.front();
  const AcousticMeasures& last = measured.back();
  EXPECT_LT(last.mel, 0.5 * first.mel);
  EXPECT_LT(last.mel, 0.4);
  EXPECT_LT(last.f0_cents, 60.0);
  EXPECT_LT(last.voicing, 0.12);
  EXPECT_LT(last.duration, 0.2);
  EXPECT_EQ(parts.liveliness.size(), 80U);
  EXPECT_EQ(parts.cepstral_mean.size(), 80U);

  // What it learnt comes out of a voice: lengths as in the data, and speakers apart.
  const auto voice = VoiceAcoustics::compile(parts);
  const Utterance utterance = front_end().utterances("Rice is often served in round bowls.").at(0);
  const SpokenSentence a = voice->speak(utterance, {.speaker = 0});
  const SpokenSentence b = voice->speak(utterance, {.speaker = 1});
  const auto natural = static_cast<double>(speech[8].rows.rows());
  EXPECT_NEAR(static_cast<double>(a.rows.rows()), natural, 0.15 * natural);
  EXPECT_LT(a.rows.row(2).head(80).mean(), -10.0F);  // silence
  EXPECT_GT(b.rows.leftCols(80).mean(), a.rows.leftCols(80).mean() + 0.2F);
}

TEST(AcousticTraining, GoesOnAfterAnInterruption) {
  const std::vector<AlignedSpeech> speech = corpus();
  const auto train = [&](const std::filesystem::path& folder, int stop_after) {
    ComputeContext context(1, Precision::kBfloat16);
    AcousticParts parts = untrained();
    AcousticTrainingOptions options = quick(3);
    options.run_folder = folder;
    int steps = 0;
    AcousticTrainingCalls calls;
    calls.stop = [&] { return stop_after > 0 && ++steps >= stop_after; };
    EXPECT_EQ(train_acoustic_model(context, speech, speech, options, parts, calls),
              stop_after == 0);
    std::vector<float> weights = parts.liveliness;
    for (const Network* network : {&parts.encoder, &parts.pitch, &parts.decoder}) {
      for (const auto& parameter : network->parameters()) {
        weights.insert(weights.end(), parameter->value.values().begin(),
                       parameter->value.values().end());
      }
    }
    return weights;
  };
  const ScratchFolder scratch;
  const auto whole = train(scratch.path() / "whole", 0);
  train(scratch.path() / "parts", 4);
  EXPECT_EQ(train(scratch.path() / "parts", 0), whole);
}

TEST(AcousticTraining, WantsSpeech) {
  ComputeContext context;
  AcousticParts parts = untrained();
  EXPECT_THROW(train_acoustic_model(context, {}, {}, quick(1), parts, {}), Error);
}

}  // namespace
}  // namespace bivox
