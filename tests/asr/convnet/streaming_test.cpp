// A streaming model from samples to words: however the audio comes in pieces, features, scores and
// transcript are those of the whole recording, and scores wait for no more than the look-ahead.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "asr/recognizer/grammar_network.h"
#include "asr/recognizer/recognizer.h"
#include "convnet_fixture.h"
#include "dsp/audio/audio_file.h"
#include "models/lm/grammar.h"

namespace bivox {
namespace {

constexpr double kLookAhead_s = 0.3;
constexpr int kRightFrames = 27;  // and the 25 ms of the last frame

ConvNetParts streaming_parts(uint64_t seed) {
  ConvNetParts parts = small_parts(seed, Precision::kBfloat16);
  parts.front_end.cmvn.kind = CmvnKind::kSliding;
  parts.front_end.cmvn.prior_mean.assign(12, 8.0F);
  ConvNetOptions options = small_convnet(parts.hmm.tree.num_states());
  options.right_frames = kRightFrames;
  parts.network = make_convnet(options);
  parts.network.initialize(seed);
  return parts;
}

// Bursts of coloured noise with pauses, so that a network of random weights says something.
AudioBuffer bursts(double seconds) {
  Random random(3);
  AudioBuffer audio;
  audio.sample_rate_hz = 16000;
  float low = 0.0F;
  for (int i = 0; i < static_cast<int>(seconds * 16000.0); ++i) {
    const bool on = i / 4000 % 3 != 2;
    const float share = 0.02F + 0.2F * static_cast<float>(i / 8000 % 4);
    low += share * (static_cast<float>(random.gaussian()) - low);
    audio.samples.push_back((on ? 0.3F : 0.001F) * low);
  }
  return audio;
}

AudioBuffer speech() {
  return read_audio(
      std::filesystem::path(BIVOX_TEST_DATA) / "audio" / "kathleen-arctic_a0045_1592747525.wav",
      16000);
}

std::vector<float> scores_of(const ConvNetModel& model, const AudioBuffer& audio, size_t piece,
                             double* longest_wait_s) {
  FrontEnd front_end(model.front_end());
  const auto scores = model.make_scores();
  const auto states = static_cast<size_t>(scores->num_states());
  std::vector<float> out;
  const auto take = [&](double heard_s) {
    for (int t = static_cast<int>(out.size() / states); t < scores->frames_ready(); ++t) {
      out.resize(out.size() + states);
      scores->score(t, {}, std::span(out).last(states));
      if (longest_wait_s != nullptr) {
        *longest_wait_s = std::max(*longest_wait_s, heard_s - t * model.frame_shift_s());
      }
    }
  };
  for (size_t at = 0; at < audio.samples.size(); at += piece) {
    const size_t count = std::min(piece, audio.samples.size() - at);
    front_end.accept(audio.view().part(at, count));
    scores->accept(front_end.pop());
    take(static_cast<double>(at + count) / 16000.0);
  }
  front_end.finish();
  scores->accept(front_end.pop());
  scores->finish();
  take(0.0);
  return out;
}

TEST(StreamingModel, ScoresOfPiecesAreThoseOfTheWhole) {
  const ConvNetModel model(streaming_parts(7));
  const AudioBuffer audio = bursts(4.0);
  const std::vector<float> whole = scores_of(model, audio, audio.samples.size(), nullptr);
  ASSERT_GT(whole.size(), 1000U);
  for (const size_t piece : {size_t{100}, size_t{160}, size_t{1601}, size_t{16000}}) {
    EXPECT_EQ(scores_of(model, audio, piece, nullptr), whole) << "pieces of " << piece;
  }
}

TEST(StreamingModel, ScoresWaitForTheLookAheadAlone) {
  const ConvNetModel model(streaming_parts(7));
  EXPECT_LE(model.scoring().plan->context().right, kRightFrames);
  const AudioBuffer audio = bursts(2.0);
  double wait_s = 0.0;
  scores_of(model, audio, 16, &wait_s);  // a millisecond at a time
  EXPECT_LE(wait_s, kLookAhead_s);
  EXPECT_GT(wait_s, 0.1);
}

TEST(StreamingModel, TranscriptsOfPiecesAreThoseOfTheWhole) {
  const auto model = std::make_shared<const ConvNetModel>(streaming_parts(7));
  const std::shared_ptr<const HmmSet> hmms(model, &model->hmms());
  const Lexicon lexicon =
      Lexicon::parse("ab AA B\nback B AA K\nkaba K AA B AA\nkk K\n", hmms->phones(), "small");
  const auto grammar = Grammar::parse(
      "#JSGF V1.0;\ngrammar any;\npublic <any> = (ab | back | kaba | kk)+;\n", "any");
  RecognizerOptions options;
  options.search = grammar_decoder_options(decoder_options_for(*model));
  const auto network =
      make_grammar_network(hmms, model->fillers(), lexicon, *grammar, std::nullopt, options.search);
  const AudioBuffer audio = speech();
  options.least_words_per_s = 0.0;  // random weights are never sure
  options.least_odds_per_s = -1e9;
  for (const bool segment : {false, true}) {
    options.segment = segment;
    Recognizer recognizer(model, network, options);
    const Transcript whole = recognizer.transcribe(audio, "whole");
    EXPECT_NE(whole.text(), "");
    for (const size_t piece : {size_t{333}, size_t{4096}, size_t{96000}}) {
      recognizer.begin("pieces");
      for (size_t at = 0; at < audio.samples.size(); at += piece) {
        recognizer.accept(audio.view().part(at, std::min(piece, audio.samples.size() - at)));
      }
      const Transcript pieces = recognizer.finish();
      EXPECT_EQ(pieces.text(), whole.text()) << "pieces of " << piece;
      ASSERT_EQ(pieces.segments.size(), whole.segments.size());
      for (size_t i = 0; i < pieces.segments.size(); ++i) {
        EXPECT_EQ(pieces.segments[i].log_score, whole.segments[i].log_score);
      }
    }
  }
}

TEST(StreamingModel, DoubtfulSegmentsOfDictationAreRejected) {
  const auto model = std::make_shared<const ConvNetModel>(streaming_parts(7));
  const std::shared_ptr<const HmmSet> hmms(model, &model->hmms());
  const Lexicon lexicon = Lexicon::parse("ab AA B\nkaba K AA B AA\n", hmms->phones(), "small");
  const auto grammar =
      Grammar::parse("#JSGF V1.0;\ngrammar any;\npublic <any> = (ab | kaba)+;\n", "any");
  RecognizerOptions options;
  options.search = grammar_decoder_options(decoder_options_for(*model));
  const auto network =
      make_grammar_network(hmms, model->fillers(), lexicon, *grammar, std::nullopt, options.search);
  const AudioBuffer audio = speech();
  options.least_words_per_s = 0.0;
  options.least_odds_per_s = -1e9;
  const Transcript all = Recognizer(model, network, options).transcribe(audio, "x");
  ASSERT_GE(all.segments.size(), 1U);
  EXPECT_TRUE(all.rejected.empty());
  options.least_words_per_s = 100.0;
  const Transcript none = Recognizer(model, network, options).transcribe(audio, "x");
  EXPECT_EQ(none.text(), "");
  ASSERT_EQ(none.rejected.size(), all.segments.size());
  EXPECT_EQ(none.rejected[0].start_s, all.segments[0].start_s);
  options.least_words_per_s = 0.0;
  options.least_odds_per_s = 1e9;
  EXPECT_EQ(Recognizer(model, network, options).transcribe(audio, "x").rejected.size(),
            all.segments.size());
}

}  // namespace
}  // namespace bivox
