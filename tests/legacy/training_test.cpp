// The ladder on the bundled recordings: too little speech for a useful model, enough to see that
// every rung works, raises the likelihood, and gives the same result on any number of threads.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/features/front_end.h"
#include "legacy/training/ladder.h"
#include "legacy/training/pronunciation_counts.h"
#include "models/nn/distributed.h"
#include "tests/models/nn/thread_ranks.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

const fs::path kAudio = fs::path(BIVOX_TEST_DATA) / "audio";

// A dictionary for the words of the bundled clips: every letter a phone of its own.
class TrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    utterances_ = read_utterance_texts(kAudio / "manifest.tsv");
    dictionary_ =
        fs::temp_directory_path() /
        ("bivox_training_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
         "_" + std::to_string(getpid()) + "_" +
         ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::ofstream out(dictionary_);
    std::vector<std::string> seen;
    for (const UtteranceText& utterance : utterances_) {
      std::string word;
      for (const char c : utterance.text + " ") {
        if (c != ' ') {
          word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
          continue;
        }
        // "the" stays out: it is the unknown word.
        if (!word.empty() && word != "the" && std::ranges::find(seen, word) == seen.end()) {
          seen.push_back(word);
          out << word;
          for (const char letter : word) {
            if (letter != '\'') out << ' ' << static_cast<char>(std::toupper(letter));
          }
          out << '\n';
        }
        word.clear();
      }
    }
    out.close();
    lexicon_ = load_training_lexicon(dictionary_);
  }
  void TearDown() override { fs::remove(dictionary_); }

  static GmmHmm climb(const TrainingCorpus& corpus, const TrainingLexicon& lexicon,
                      const LadderOptions& options, const TrainingReport& report) {
    Ladder ladder(corpus, lexicon, options, report);
    ladder.train_mono();
    ladder.train_tri();
    GmmHmm first = ladder.train_lda_mllt();
    ladder.train_sat();
    return ladder.train_bmmi(first);
  }

  static int moved_states(const GmmHmm& before, const GmmHmm& after) {
    int moved = 0;
    for (int s = 0; s < before.mixtures.num_states(); ++s) {
      moved += before.mixtures.state(s).means != after.mixtures.state(s).means ? 1 : 0;
    }
    return moved;
  }

  static LadderOptions small(int threads) {
    LadderOptions options;
    options.mono_gaussians = 150;
    options.tri_states = 120;
    options.tri_gaussians = 200;
    options.lda_states = 120;
    options.lda_gaussians = 200;
    options.lda_dims = 20;
    options.sat_states = 120;
    options.sat_gaussians = 200;
    options.bmmi_passes = 3;
    options.threads = threads;
    return options;
  }

  std::vector<UtteranceText> utterances_;
  fs::path dictionary_;
  TrainingLexicon lexicon_;
};

TEST_F(TrainingTest, ReadsTheCorpus) {
  utterances_.push_back({"missing", "some words", "nobody", kAudio / "missing.wav"});
  const TrainingCorpus corpus = load_training_corpus(utterances_, lexicon_.lexicon, 2);
  EXPECT_EQ(corpus.utterances.size(), utterances_.size() - 1);
  ASSERT_EQ(corpus.skipped.size(), 1U);
  EXPECT_NE(corpus.skipped[0].find("missing"), std::string::npos);
  EXPECT_GT(corpus.num_unknown, 0);
  EXPECT_GT(corpus.num_words, 50);
  EXPECT_THROW(load_training_corpus({utterances_.back()}, lexicon_.lexicon, 1), Error);
}

TEST_F(TrainingTest, CopiesAtOtherSpeedsAreOtherSpeakers) {
  const TrainingCorpus plain = load_training_corpus({utterances_[0]}, lexicon_.lexicon, 1);
  const TrainingCorpus corpus =
      load_training_corpus({utterances_[0]}, lexicon_.lexicon, 2, {}, {0.9, 1.0, 1.1});
  ASSERT_EQ(corpus.utterances.size(), 3U);
  EXPECT_EQ(corpus.speakers.size(), 3U);
  EXPECT_EQ(corpus.utterances[0].id, plain.utterances[0].id + "@0.9");
  EXPECT_EQ(corpus.utterances[1].id, plain.utterances[0].id);
  EXPECT_EQ(corpus.utterances[1].cepstra, plain.utterances[0].cepstra);
  const auto frames = static_cast<double>(plain.utterances[0].cepstra.rows());
  EXPECT_NEAR(static_cast<double>(corpus.utterances[0].cepstra.rows()), frames / 0.9, 3.0);
  EXPECT_NEAR(static_cast<double>(corpus.utterances[2].cepstra.rows()), frames / 1.1, 3.0);
}

TEST_F(TrainingTest, ExpandedFeaturesAreThoseOfTheFrontEnd) {
  const TrainingCorpus corpus = load_training_corpus({utterances_[0]}, lexicon_.lexicon, 1);
  for (const FeatureForm form : {FeatureForm::kDeltas, FeatureForm::kSplice}) {
    const FeatureMatrix expected =
        compute_features(training_front_end(form), read_audio(utterances_[0].audio, 16000));
    EXPECT_EQ(expand_features(corpus.utterances[0].cepstra, form), expected);
  }
}

TEST_F(TrainingTest, EqualAlignmentFillsTheUtterance) {
  const std::vector<std::string> words = {std::string(kUnknownWord), lexicon_.lexicon.word(0)};
  const StateAlignment runs = equal_alignment(words, lexicon_.lexicon, lexicon_.phones, 3, 1000);
  int frames = 0;
  for (const StateRun& run : runs) {
    EXPECT_GE(run.frames, 1);
    frames += run.frames;
  }
  EXPECT_EQ(frames, 1000);
  EXPECT_EQ(runs.front().phone, lexicon_.phones.silence());
  EXPECT_EQ(runs[3].context.position, WordPosition::kSingle);
  EXPECT_EQ(runs[6].context.position, WordPosition::kBegin);
  EXPECT_EQ(runs[6].context.left, runs[3].phone);
  EXPECT_TRUE(equal_alignment(words, lexicon_.lexicon, lexicon_.phones, 3, 5).empty());
}

TEST_F(TrainingTest, EveryRungFitsBetterAndThreadsDoNotMatter) {
  const TrainingCorpus corpus = load_training_corpus(utterances_, lexicon_.lexicon, 2);
  std::vector<std::vector<TrainingPass>> logs(2);
  std::vector<float> last_mean;
  for (const int threads : {1, 3}) {
    std::vector<TrainingPass>& log = logs[threads == 1 ? 0 : 1];
    Ladder ladder(corpus, lexicon_, small(threads),
                  [&](const TrainingPass& pass) { log.push_back(pass); });
    ladder.train_mono();
    ladder.train_tri();
    GmmHmm first = ladder.train_lda_mllt();
    const GmmHmm lda = first;
    const GmmHmm before = ladder.train_sat();
    const GmmHmm& sat = ladder.train_bmmi(first);
    EXPECT_GT(moved_states(lda, first), 10);
    EXPECT_GT(moved_states(before, sat), 10);
    EXPECT_EQ(sat.transitions, before.transitions);
    EXPECT_EQ(ladder.speaker_transforms().size(), corpus.speakers.size());
    EXPECT_LE(sat.mixtures.num_states(), 130);
    const std::vector<float>& means = sat.mixtures.state(10).means;
    if (threads == 1) last_mean = means;
    EXPECT_EQ(means, last_mean);
  }
  ASSERT_EQ(logs[0].size(), logs[1].size());
  std::map<std::string, std::pair<double, double>> first_and_last;
  for (size_t i = 0; i < logs[0].size(); ++i) {
    EXPECT_EQ(logs[0][i].log_likelihood_per_frame, logs[1][i].log_likelihood_per_frame) << i;
    const auto& pass = logs[0][i];
    EXPECT_EQ(pass.num_aligned, static_cast<int>(corpus.utterances.size()));
    auto [entry, added] = first_and_last.emplace(
        pass.rung, std::pair(pass.log_likelihood_per_frame, pass.log_likelihood_per_frame));
    entry->second.second = pass.log_likelihood_per_frame;
  }
  ASSERT_EQ(first_and_last.size(), 6U);
  for (const auto& [rung, likelihoods] : first_and_last) {
    EXPECT_GT(likelihoods.second, likelihoods.first) << rung;
  }
}

// Every rank ends with the model of one process alone, to the bit.
void expect_equal(const GmmHmm& model, const GmmHmm& expected) {
  EXPECT_EQ(model.transform, expected.transform);
  EXPECT_EQ(model.transitions, expected.transitions);
  ASSERT_EQ(model.mixtures.num_states(), expected.mixtures.num_states());
  for (int s = 0; s < model.mixtures.num_states(); ++s) {
    EXPECT_EQ(model.mixtures.state(s).weights, expected.mixtures.state(s).weights) << s;
    EXPECT_EQ(model.mixtures.state(s).means, expected.mixtures.state(s).means) << s;
    EXPECT_EQ(model.mixtures.state(s).variances, expected.mixtures.state(s).variances) << s;
  }
}

TEST_F(TrainingTest, RanksDoNotMatter) {
  const TrainingCorpus corpus = load_training_corpus(utterances_, lexicon_.lexicon, 1);
  const GmmHmm expected = climb(corpus, lexicon_, small(1), {});
  ThreadRanks shared(3);
  std::vector<std::optional<GmmHmm>> models(3);
  std::atomic<int> reports{0};
  {
    std::vector<std::jthread> threads;
    for (int rank = 0; rank < 3; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadRanks::Rank communicator(shared, rank);
        LadderOptions options = small(1);
        options.communicator = &communicator;
        models[static_cast<size_t>(rank)] =
            climb(corpus, lexicon_, options, [&](const TrainingPass& /*pass*/) { ++reports; });
      });
    }
  }
  EXPECT_EQ(reports, 30 + 3 * 35 + 2 * 3);
  for (const auto& model : models) expect_equal(model.value(), expected);
}

// The same with whatever ranks mpirun has started; alone there is one.
TEST_F(TrainingTest, MpiRanksDoNotMatter) {
  const std::unique_ptr<Communicator> communicator = make_communicator();
  const TrainingCorpus corpus = load_training_corpus(utterances_, lexicon_.lexicon, 1);
  const GmmHmm expected = climb(corpus, lexicon_, small(1), {});
  LadderOptions options = small(1);
  options.communicator = communicator.get();
  expect_equal(climb(corpus, lexicon_, options, {}), expected);
}

TEST_F(TrainingTest, CountsTheChosenPronunciations) {
  TrainingCorpus corpus;
  corpus.utterances.push_back({"one", 0, {"b", std::string(kUnknownWord), "ab"}, {}});
  corpus.utterances.push_back({"two", 0, {"ab"}, {}});
  PhoneSet phones;
  phones.add("SIL", true);
  const PhoneId unknown = phones.add("SPN", true);
  phones.add("A");
  phones.add("B");
  Lexicon lexicon = Lexicon::parse("ab A B\nab(2) B A\nb B\n", phones, "test");
  lexicon.add(kUnknownWord, std::vector<PhoneId>{unknown});
  const auto run = [](PhoneId phone, int16_t state, WordPosition position) {
    return StateRun{phone, state, {position, 0, 0}, 3};
  };
  const std::vector<StateAlignment> alignments = {
      {run(0, 0, WordPosition::kSingle), run(3, 0, WordPosition::kSingle),
       run(3, 1, WordPosition::kSingle), run(unknown, 0, WordPosition::kSingle),
       run(0, 0, WordPosition::kSingle), run(3, 0, WordPosition::kBegin),
       run(2, 0, WordPosition::kEnd)},
      {}};
  const auto counts = count_pronunciations(corpus, alignments, lexicon, phones.silence());
  EXPECT_EQ(counts, (std::vector<std::vector<double>>{{0, 1}, {1}, {1}}));
}

TEST_F(TrainingTest, GoesOnAfterBeingKilledToTheSameBits) {
  const TrainingCorpus corpus = load_training_corpus(utterances_, lexicon_.lexicon, 1);
  LadderOptions options = small(1);
  std::vector<TrainingPass> whole;
  const GmmHmm expected =
      climb(corpus, lexicon_, options, [&](const TrainingPass& pass) { whole.push_back(pass); });
  options.folder = dictionary_.string() + "_states";
  // Killed in the middle of every rung; each time another process goes on.
  int killed = 0;
  for (const std::string rung : {"mono", "tri", "lda-mllt", "sat", "bmmi-first", "bmmi"}) {
    const int last = rung.starts_with("bmmi") ? 1 : 13;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      climb(corpus, lexicon_, options, [&](const TrainingPass& pass) {
        if (pass.rung == rung && pass.pass == last) raise(SIGKILL);
      });
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
    EXPECT_TRUE(fs::exists(options.folder / (rung + ".part")));
  }
  EXPECT_EQ(killed, 6);
  std::vector<TrainingPass> passes;
  const GmmHmm model =
      climb(corpus, lexicon_, options, [&](const TrainingPass& pass) { passes.push_back(pass); });
  ASSERT_FALSE(passes.empty());
  EXPECT_EQ(passes.front().rung, "bmmi");
  EXPECT_EQ(passes.front().pass, 1);
  expect_equal(model, expected);
  // Every pass once, in order.
  const std::vector<TrainingPass> log = load_passes(options.folder / "passes.tsv");
  ASSERT_EQ(log.size(), whole.size());
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].rung, whole[i].rung) << i;
    EXPECT_EQ(log[i].pass, whole[i].pass) << i;
    EXPECT_EQ(log[i].num_gaussians, whole[i].num_gaussians) << i;
    EXPECT_EQ(log[i].log_likelihood_per_frame, whole[i].log_likelihood_per_frame) << i;
  }
  // A finished training is read, not repeated.
  int repeated = 0;
  climb(corpus, lexicon_, options, [&](const TrainingPass& /*pass*/) { ++repeated; });
  EXPECT_EQ(repeated, 0);
  // Another training must not go on from it; a damaged state is an error.
  LadderOptions other = options;
  other.tri_states = 100;
  EXPECT_THROW(climb(corpus, lexicon_, other, {}), Error);
  fs::resize_file(options.folder / "tri.state", fs::file_size(options.folder / "tri.state") / 2);
  EXPECT_THROW(climb(corpus, lexicon_, options, {}), Error);
  fs::remove_all(options.folder);
}

}  // namespace
}  // namespace bivox
