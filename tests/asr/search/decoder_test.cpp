#include "asr/search/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "asr/search/nbest.h"
#include "dsp/core/error.h"
#include "search_fixture.h"

namespace bivox {
namespace {

using test::exhaustive_options;
using test::SmallTask;
using test::TableScores;

constexpr double kNever = -std::numeric_limits<double>::infinity();

// An element of a brute-force path: a word's pronunciation, or silence (word < 0).
struct Unit {
  WordIndex word;
  int pronunciation;
};

// Score of one fixed sequence of units by Viterbi over the chain of its HMMs.
double chain_score(const SmallTask& task, const TableScores& scores, const std::vector<Unit>& units,
                   const DecoderOptions& options) {
  struct Phone {
    PhoneId phone;
    WordPosition position;
  };
  std::vector<Phone> chain;
  double constant = 0.0;
  const SearchNetwork& network = *task.network;
  LmState state = network.lm().begin_state();
  for (const Unit& unit : units) {
    if (unit.word < 0) {
      chain.push_back({0, WordPosition::kSingle});
      constant += options.silence_penalty;
      continue;
    }
    const auto phones = network.lexicon().pronunciation(unit.word, unit.pronunciation);
    for (size_t i = 0; i < phones.size(); ++i) {
      const WordPosition position = phones.size() == 1       ? WordPosition::kSingle
                                    : i == 0                 ? WordPosition::kBegin
                                    : i + 1 == phones.size() ? WordPosition::kEnd
                                                             : WordPosition::kInternal;
      chain.push_back({phones[i], position});
    }
    const auto lm_word = network.lm().find(network.lexicon().word(unit.word));
    const auto step = network.lm().step(state, *lm_word);
    constant += options.language_weight * step.log_prob + options.word_penalty;
    state = step.next;
  }
  constant +=
      options.language_weight * network.lm().step(state, *network.lm().sentence_end()).log_prob;

  const HmmSet& hmms = *task.hmms;
  const int n = hmms.states_per_hmm();
  // Column 0 of each HMM's block is "about to enter".
  std::vector<std::vector<double>> now(chain.size() + 1,
                                       std::vector<double>(static_cast<size_t>(n), kNever));
  std::vector<double> enter(chain.size() + 1, kNever);
  enter[0] = 0.0;
  for (int t = 0; t < scores.num_frames(); ++t) {
    std::vector<double> next_enter(chain.size() + 1, kNever);
    for (size_t k = 0; k < chain.size(); ++k) {
      const PhoneId left = k == 0 ? PhoneId{0} : chain[k - 1].phone;
      const PhoneId right = k + 1 == chain.size() ? PhoneId{0} : chain[k + 1].phone;
      const HmmId hmm = hmms.hmm(chain[k].position, chain[k].phone, left, right);
      const auto a = hmms.transition_log_probs(hmms.transitions(hmm));
      std::vector<double> next(static_cast<size_t>(n), kNever);
      for (int j = 0; j < n; ++j) {
        double best = j == 0 ? enter[k] : kNever;
        for (int i = 0; i <= j; ++i) {
          best = std::max(best, now[k][static_cast<size_t>(i)] +
                                    static_cast<double>(a[static_cast<size_t>(i * (n + 1) + j)]));
        }
        next[static_cast<size_t>(j)] =
            best + static_cast<double>(scores.table()(t, hmms.states(hmm)[static_cast<size_t>(j)]));
      }
      now[k] = next;
      for (int i = 0; i < n; ++i) {
        next_enter[k + 1] = std::max(
            next_enter[k + 1], next[static_cast<size_t>(i)] +
                                   static_cast<double>(a[static_cast<size_t>(i * (n + 1) + n)]));
      }
    }
    enter = next_enter;
  }
  return enter[chain.size()] + constant;
}

struct BruteForce {
  double score = kNever;
  std::vector<Unit> units;
};

// All sequences of at most `max_units` units.
BruteForce brute_force(const SmallTask& task, const TableScores& scores, int max_units,
                       const DecoderOptions& options) {
  BruteForce best;
  std::vector<Unit> units;
  const Lexicon& lexicon = task.network->lexicon();
  const std::function<void()> extend = [&]() {
    if (!units.empty()) {
      const double score = chain_score(task, scores, units, options);
      if (score > best.score) best = {score, units};
    }
    if (static_cast<int>(units.size()) == max_units) return;
    units.push_back({-1, 0});
    extend();
    units.pop_back();
    for (WordIndex w = 0; w < lexicon.num_words(); ++w) {
      if (!task.network->lm().find(lexicon.word(w))) continue;
      for (int p = 0; p < lexicon.num_pronunciations(w); ++p) {
        units.push_back({w, p});
        extend();
        units.pop_back();
      }
    }
  };
  extend();
  return best;
}

class DecoderAgainstBruteForce : public testing::TestWithParam<std::tuple<int, int, bool>> {};

TEST_P(DecoderAgainstBruteForce, FindsTheBestPathAndItsScore) {
  const auto [states, seed, additions] = GetParam();
  const SmallTask task(states, static_cast<uint32_t>(seed),
                       additions ? test::some_added_words() : std::vector<AddedWord>{},
                       additions ? test::some_boosted_phrases() : std::vector<BoostedPhrase>{});
  // So few frames that no path of more than three units fits.
  const int frames = states == 1 ? 4 : 3 * states + 2;
  const TableScores table = task.random_scores(frames, static_cast<uint32_t>(seed) + 100);
  TableScores scores(table);
  const DecoderOptions options = exhaustive_options();
  const BruteForce expected = brute_force(task, table, states == 1 ? 4 : 3, options);
  Decoder decoder(task.network, options);
  const DecoderResult result = decoder.decode(scores);
  ASSERT_TRUE(result.complete);
  EXPECT_NEAR(result.log_score, expected.score, 1e-3);
  std::vector<WordIndex> expected_words;
  for (const Unit& unit : expected.units) {
    if (unit.word >= 0) expected_words.push_back(unit.word);
  }
  std::vector<WordIndex> words;
  for (const DecodedWord& word : result.words) {
    words.push_back(task.network->tree().word(word.word).word);
  }
  EXPECT_EQ(words, expected_words);
}

INSTANTIATE_TEST_SUITE_P(StatesAndSeeds, DecoderAgainstBruteForce,
                         testing::Combine(testing::Values(1, 2, 3), testing::Range(1, 9),
                                          testing::Bool()));

TEST(Decoder, BestLatticePathIsTheResult) {
  const SmallTask task;
  for (uint32_t seed = 0; seed < 10; ++seed) {
    TableScores scores = task.random_scores(40, seed);
    Decoder decoder(task.network, exhaustive_options());
    const DecoderResult result = decoder.decode(scores);
    // Words, not pronunciations: those of one word are judged together.
    const auto word_index = [&](TreeWord word) { return task.network->tree().word(word).word; };
    std::vector<WordIndex> from_lattice;
    double score = 0.0;
    uint32_t node = 0;
    for (const uint32_t a : best_path(result.lattice)) {
      const LatticeArc& arc = result.lattice.arcs[a];
      if (!task.network->tree().is_filler(arc.word)) from_lattice.push_back(word_index(arc.word));
      score += result.lattice.score(arc);
      node = arc.to;
    }
    for (const Lattice::Final& final : result.lattice.finals) {
      if (final.node == node) score += static_cast<double>(final.score);
    }
    std::vector<WordIndex> words;
    for (const DecodedWord& word : result.words) words.push_back(word_index(word.word));
    EXPECT_EQ(from_lattice, words);
    EXPECT_NEAR(score, result.log_score, 1e-2);
    const std::vector<NbestEntry> list = nbest(*task.network, result.lattice, 5);
    ASSERT_EQ(list.size(), 5U);
    std::vector<WordIndex> first;
    for (const TreeWord word : list[0].words) first.push_back(word_index(word));
    EXPECT_EQ(first, words);
    EXPECT_NEAR(list[0].log_score, result.log_score, 1e-2);
    for (size_t i = 1; i < list.size(); ++i) {
      EXPECT_LE(list[i].log_score, list[i - 1].log_score);
      EXPECT_NE(list[i].words, list[i - 1].words);
    }
  }
}

TEST(Decoder, ChunkingDoesNotChangeTheResult) {
  const SmallTask task;
  TableScores scores = task.random_scores(60, 5);
  DecoderOptions options = exhaustive_options();
  options.beam = 60.0F;
  Decoder decoder(task.network, options);
  const DecoderResult whole = decoder.decode(scores);
  decoder.begin();
  for (int ready = 1; ready <= 60; ready += 7) {
    scores.set_ready(ready);
    decoder.advance(scores);
    (void)decoder.partial();
  }
  scores.set_ready(-1);
  decoder.advance(scores);
  const DecoderResult pieces = decoder.finish();
  EXPECT_EQ(whole.log_score, pieces.log_score);
  ASSERT_EQ(whole.words.size(), pieces.words.size());
  for (size_t i = 0; i < whole.words.size(); ++i) {
    EXPECT_EQ(whole.words[i].word, pieces.words[i].word);
    EXPECT_EQ(whole.words[i].start_frame, pieces.words[i].start_frame);
    EXPECT_EQ(whole.words[i].confidence, pieces.words[i].confidence);
  }
}

TEST(Decoder, WordTimesAreMonotoneAndInside) {
  const SmallTask task;
  TableScores scores = task.random_scores(80, 9);
  Decoder decoder(task.network, exhaustive_options());
  const DecoderResult result = decoder.decode(scores);
  ASSERT_FALSE(result.words.empty());
  int last_end = 0;
  for (const DecodedWord& word : result.words) {
    EXPECT_GE(word.start_frame, last_end);
    EXPECT_GT(word.end_frame, word.start_frame);
    EXPECT_GE(word.confidence, 0.0F);
    EXPECT_LE(word.confidence, 1.0F);
    last_end = word.end_frame;
  }
  EXPECT_LE(last_end, 80);
}

TEST(Decoder, NarrowBeamsKeepFewerTokens) {
  const SmallTask task;
  TableScores scores = task.random_scores(60, 3);
  Decoder wide(task.network, exhaustive_options());
  const DecoderResult all = wide.decode(scores);
  DecoderOptions options = exhaustive_options();
  options.max_active = 20;
  options.beam = 200.0F;  // the histogram divides the beam
  Decoder narrow(task.network, options);
  const DecoderResult few = narrow.decode(scores);
  EXPECT_LT(narrow.counts().tokens, wide.counts().tokens / 2);
  EXPECT_LE(few.log_score, all.log_score + 1e-3);
}

TEST(Decoder, NoFramesGiveNoWords) {
  const SmallTask task;
  TableScores scores = task.random_scores(0, 1);
  Decoder decoder(task.network, exhaustive_options());
  const DecoderResult result = decoder.decode(scores);
  EXPECT_TRUE(result.words.empty());
  EXPECT_EQ(result.num_frames, 0);
}

TEST(Decoder, CollectionOfTracesDoesNotChangeTheResult) {
  const SmallTask task;
  // Long enough for several collections (the store first collects at 65,536 traces).
  TableScores scores = task.random_scores(6000, 11);
  Decoder decoder(task.network, exhaustive_options());
  const DecoderResult result = decoder.decode(scores);
  ASSERT_TRUE(result.complete);
  ASSERT_FALSE(result.words.empty());
  EXPECT_LE(result.words.back().end_frame, 6000);
  double score = 0.0;
  for (const uint32_t a : best_path(result.lattice)) {
    score += result.lattice.score(result.lattice.arcs[a]);
  }
  EXPECT_NEAR(score / result.log_score, 1.0, 1e-4);
}

TEST(Decoder, RefusesOptionsThatMakeNoSense) {
  const SmallTask task;
  DecoderOptions options;
  options.beam = 0.0F;
  EXPECT_THROW(Decoder(task.network, options), Error);
  options = {};
  options.language_weight = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(Decoder(task.network, options), Error);
}

}  // namespace
}  // namespace bivox
