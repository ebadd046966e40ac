// A small task on which the search can be checked against brute force: four phones and silence,
// HMMs that differ in every context, eight words (homophones, one-phone words and alternates among
// them), a trigram with back-off, random scores.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "asr/search/decoder.h"
#include "asr/search/search_network.h"

namespace bivox::test {

/// Scores from a table `[frames x states]`.
class TableScores : public AcousticScores {
 public:
  explicit TableScores(FeatureMatrix table) : table_(std::move(table)) {}
  void reset() override {}
  void accept(const FeatureView&) override {}
  void finish() override {}
  int frames_ready() const override { return ready_ < 0 ? num_frames() : ready_; }
  void score(int frame, std::span<const StateId>, std::span<float> out) override {
    for (int s = 0; s < num_states(); ++s) out[static_cast<size_t>(s)] = table_(frame, s);
  }
  int num_states() const override { return static_cast<int>(table_.cols()); }
  int num_frames() const { return static_cast<int>(table_.rows()); }
  const FeatureMatrix& table() const { return table_; }
  /// Pretends that only the first `count` frames have come; -1: all.
  void set_ready(int count) { ready_ = count; }

 private:
  FeatureMatrix table_;
  int ready_ = -1;
};

inline std::string small_arpa() {
  return R"(\data\
ngram 1=10
ngram 2=8
ngram 3=3

\1-grams:
-1.2 </s>
-99 <s> -0.3
-1.0 ab -0.2
-1.1 ba -0.4
-0.9 abc -0.1
-1.3 c
-1.4 ca -0.3
-1.2 see
-1.5 cad
-1.6 dab

\2-grams:
-0.5 <s> ab -0.2
-0.7 <s> ca
-0.6 ab ba -0.1
-0.4 ba ab -0.3
-0.8 abc c
-0.3 ca see
-0.9 ab </s>
-0.6 ba </s>

\3-grams:
-0.2 <s> ab ba
-0.3 ba ab ba
-0.1 ab ba </s>

\end\
)";
}

/// What a user may lay over that model: the dictionary's word it lacks, and phrases that share
/// words, contain each other and overlap.
inline std::vector<AddedWord> some_added_words() { return {{"unheard", -3.0F}}; }
inline std::vector<BoostedPhrase> some_boosted_phrases() {
  return {{{"ab", "ba", "unheard"}, 1.5F},
          {{"ba", "c"}, 2.0F},
          {{"ba", "c", "ab"}, 0.5F},
          {{"dab"}, 0.7F},
          {{"ab", "ab"}, 1.0F},
          {{"cad", "ca"}, -0.8F}};
}

inline std::shared_ptr<const NgramModel> load_arpa(const std::string& text) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     ("bivox_search_" + std::to_string(::getpid()) + ".arpa");
  std::ofstream(path) << text;
  auto lm = NgramModel::load(path);
  std::filesystem::remove(path);
  return lm;
}

struct SmallTask {
  std::shared_ptr<const HmmSet> hmms;
  std::shared_ptr<const SearchNetwork> network;

  /// With additions, words and phrases are laid over the language model.
  explicit SmallTask(int states_per_hmm = 3, uint32_t seed = 1,
                     const std::vector<AddedWord>& added = {},
                     const std::vector<BoostedPhrase>& boosted = {}) {
    PhoneSet phones;
    phones.add("SIL", true);
    for (const char* name : {"A", "B", "C", "D"}) phones.add(name);
    const int n = phones.size();
    std::mt19937 random(seed);
    const int num_states = 60;
    auto set = std::make_shared<HmmSet>(phones, num_states, states_per_hmm);
    std::uniform_real_distribution<float> stay(0.3F, 0.7F);
    std::uniform_int_distribution<StateId> any_state(0, num_states - 1);
    std::vector<int> transitions;
    for (int t = 0; t < 3; ++t) {
      std::vector<float> a(static_cast<size_t>(states_per_hmm * (states_per_hmm + 1)),
                           -std::numeric_limits<float>::infinity());
      for (int i = 0; i < states_per_hmm; ++i) {
        const float p = stay(random);
        // Matrix 2 may skip a state, the others may not.
        const float skip = t == 2 && i + 2 <= states_per_hmm ? 0.1F : 0.0F;
        const auto at = [&](int j) -> float& {
          return a[static_cast<size_t>(i * (states_per_hmm + 1) + j)];
        };
        at(i) = std::log(p);
        at(i + 1) = std::log(1.0F - p - skip);
        if (skip > 0.0F) at(i + 2) = std::log(skip);
      }
      transitions.push_back(set->add_transitions(a));
    }
    for (int position = 0; position < 4; ++position) {
      for (PhoneId c = 0; c < n; ++c) {
        for (PhoneId l = 0; l < n; ++l) {
          for (PhoneId r = 0; r < n; ++r) {
            // Contexts B and C are tied, so that fan-in and fan-out have something to share.
            const auto tied = [](PhoneId p) { return p == 3 ? PhoneId{2} : p; };
            std::mt19937 own(
                static_cast<uint32_t>(((position * n + c) * n + (c == 0 ? 0 : tied(l))) * n +
                                      (c == 0 ? 0 : tied(r))) +
                1000 * seed);
            if (c == 0) own.seed(seed);
            std::vector<StateId> states;
            for (int s = 0; s < states_per_hmm; ++s) states.push_back(any_state(own));
            set->set(static_cast<WordPosition>(position), c, l, r,
                     set->add_hmm(states, transitions[static_cast<size_t>(c % 3)]));
          }
        }
      }
    }
    hmms = set;
    Lexicon lexicon = Lexicon::parse(
        "ab A B\nba B A\nba(2) B A D\nabc A B C\nc C\nsee C\nca C A\ncad C A D\ndab D A B\n"
        "unheard A A A\n",
        phones, "small");
    network = std::make_shared<SearchNetwork>(
        hmms, std::vector<FillerWord>{{"<sil>", 0}}, std::move(lexicon),
        LanguageModel(load_arpa(small_arpa()), added, boosted));
  }

  TableScores random_scores(int frames, uint32_t seed) const {
    std::mt19937 random(seed);
    std::normal_distribution<float> value(-10.0F, 4.0F);
    FeatureMatrix table(frames, hmms->num_states());
    for (int t = 0; t < frames; ++t) {
      for (int s = 0; s < hmms->num_states(); ++s) table(t, s) = value(random);
    }
    return TableScores(table);
  }
};

/// Options so wide that nothing is pruned.
inline DecoderOptions exhaustive_options() {
  DecoderOptions options;
  options.language_weight = 3.0F;
  options.word_penalty = -0.7F;
  options.silence_penalty = -1.5F;
  options.beam = 1e6F;
  options.word_beam = 1e6F;
  options.max_active = 1000000;
  options.max_word_ends = 1000000;
  options.minimum_bayes_risk = false;  // the best path itself is compared
  return options;
}

}  // namespace bivox::test
