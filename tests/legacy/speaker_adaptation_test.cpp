// Two passes with the bundled mixtures: who is adapted, and whether features move towards the
// model.
#include "legacy/adaptation/speaker_adaptation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "dsp/audio/audio_file.h"
#include "dsp/features/front_end.h"

namespace bivox {
namespace {

const std::filesystem::path kAudio = std::filesystem::path(BIVOX_TEST_DATA) / "audio";
const std::filesystem::path kModels = BIVOX_TEST_DATA "/../../models/pretrained";
constexpr const char* kText =
    "the position of the page on the paper should be considered if the book is to have a "
    "satisfactory look";

class SpeakerAdaptationTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    model_ = std::make_shared<const AdaptableModel>(
        std::make_shared<const GmmModel>(load_gmm_model(kModels / "gmm-en")));
    lexicon_ = std::make_unique<Lexicon>(
        Lexicon::load(kModels / "en-small/words.dict", model_->target()->hmms().phones()));
    audio_ = read_audio(kAudio / "ljspeech-LJ001-0147.opus", 16000);
  }
  static void TearDownTestSuite() {
    model_.reset();
    lexicon_.reset();
  }

  // What was said, in one segment; the words share its time equally.
  static Transcript heard(float confidence) {
    std::istringstream text(kText);
    TranscriptSegment segment;
    segment.end_s = static_cast<double>(audio_.samples.size()) / 16000.0;
    for (std::string word; text >> word;) {
      TranscriptWord& added = segment.words.emplace_back();
      added.name = word;
      added.confidence = confidence;
    }
    const double share = segment.end_s / static_cast<double>(segment.words.size());
    for (size_t i = 0; i < segment.words.size(); ++i) {
      segment.words[i].start_s = share * static_cast<double>(i);
      segment.words[i].end_s = share * static_cast<double>(i + 1);
    }
    Transcript transcript;
    transcript.segments.push_back(segment);
    return transcript;
  }

  static std::optional<FeatureMatrix> transform_after(int times, float confidence = 1.0F) {
    SpeakerAdaptation adaptation(model_, *lexicon_);
    for (int i = 0; i < times; ++i) adaptation.add(audio_, heard(confidence));
    return adaptation.estimate();
  }

  // Of the text, by an adapted model.
  static double log_likelihood(const AcousticModel& model) {
    std::istringstream text(kText);
    const std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
    const AlignmentGraph graph(model.hmms(), *lexicon_, model.fillers(), words);
    const auto scores = model.make_scores();
    const auto path = best_state_path(model.hmms(), graph, {},
                                      compute_features(model.front_end(), audio_), *scores);
    return path ? path->score : -1e30;
  }

  static inline std::shared_ptr<const AdaptableModel> model_;
  static inline std::unique_ptr<Lexicon> lexicon_;
  static inline AudioBuffer audio_;
};

TEST_F(SpeakerAdaptationTest, SpeechIsNotAdaptedByTooLittleOfIt) {
  ASSERT_LT(audio_.samples.size() / 16000.0, SpeakerAdaptationOptions{}.least_seconds);
  EXPECT_FALSE(transform_after(0));
  EXPECT_FALSE(transform_after(1));
  EXPECT_TRUE(transform_after(3));
}

TEST_F(SpeakerAdaptationTest, UnsureWordsDoNotCount) {
  SpeakerAdaptation adaptation(model_, *lexicon_);
  adaptation.add(audio_, heard(0.4F));
  EXPECT_EQ(adaptation.seconds(), 0.0);
  EXPECT_FALSE(transform_after(5, 0.4F));
}

TEST_F(SpeakerAdaptationTest, MovesFeaturesTowardsTheModel) {
  const auto transform = transform_after(3);
  ASSERT_TRUE(transform);
  const FeatureMatrix identity = FeatureMatrix::Identity(transform->rows(), transform->cols());
  const double before = log_likelihood(*model_->adapted(identity));
  const double after = log_likelihood(*model_->adapted(*transform));
  EXPECT_GT(after, before + 500.0);
}

}  // namespace
}  // namespace bivox
