#include "asr/search/rescoring.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "asr/search/decoder.h"
#include "asr/search/nbest.h"
#include "dsp/core/error.h"
#include "search_fixture.h"

namespace bivox {
namespace {

using test::exhaustive_options;
using test::SmallTask;
using test::TableScores;

constexpr double kNever = -std::numeric_limits<double>::infinity();

// Longer contexts and other probabilities than the first model; "dab" is missing, "far" is not in
// the dictionary.
std::shared_ptr<const NgramModel> larger_model() {
  return test::load_arpa(R"(\data\
ngram 1=10
ngram 2=9
ngram 3=5
ngram 4=3

\1-grams:
-1.0 </s>
-99 <s> -0.5
-1.1 ab -0.3
-1.3 ba -0.2
-1.2 abc -0.4
-0.9 c -0.2
-1.0 ca -0.1
-1.4 see
-1.1 cad -0.3
-2.0 far

\2-grams:
-0.6 <s> c -0.1
-0.8 <s> ab -0.3
-0.5 c ab -0.2
-0.3 ab c -0.4
-0.4 ab ab -0.2
-0.7 c c -0.1
-0.6 cad ba -0.2
-0.9 ca ca -0.3
-0.5 c </s>

\3-grams:
-0.3 <s> c ab -0.2
-0.2 c ab c -0.3
-0.4 ab c ab -0.1
-0.3 c c c -0.4
-0.2 ab ab ab -0.2

\4-grams:
-0.1 <s> c ab c
-0.2 c ab c ab
-0.1 c c c c

\end\
)");
}

RescoringOptions exhaustive_rescoring(float share = 1.0F) {
  RescoringOptions options;
  options.share = share;
  options.beam = 1e9F;
  options.max_copies = 1 << 30;
  return options;
}

struct AllPaths {
  double best = kNever;
  double sum = 0.0;  // of exp(score * kScale - shift), for the posteriors' sake
  size_t count = 0;
};

constexpr double kScale = 0.05;

double mixed(double share, double larger, double first) {
  return std::log(share * std::exp(larger) + (1.0 - share) * std::exp(first));
}

// Every path of the lattice, word by word with the larger model and the first one.
AllPaths all_paths(const SmallTask& task, const Lattice& lattice, const LanguageModel& lm,
                   double share) {
  std::vector<std::vector<const LatticeArc*>> leaving(lattice.nodes.size());
  for (const LatticeArc& arc : lattice.arcs) leaving[arc.from].push_back(&arc);
  std::vector<bool> is_final(lattice.nodes.size(), false);
  for (const Lattice::Final& final : lattice.finals) is_final[final.node] = true;
  AllPaths all;
  const double weight = static_cast<double>(lattice.language_weight);
  const LanguageModel& first_lm = task.network->lm();
  const std::function<void(uint32_t, LmState, LmState, double)> walk =
      [&](uint32_t node, LmState state, LmState first, double score) {
        if (is_final[node]) {
          const double end =
              mixed(share, static_cast<double>(lm.step(state, *lm.sentence_end()).log_prob),
                    static_cast<double>(first_lm.step(first, *first_lm.sentence_end()).log_prob));
          const double whole = score + weight * end;
          all.best = std::max(all.best, whole);
          all.sum += std::exp(kScale * whole);
          ++all.count;
        }
        for (const LatticeArc* arc : leaving[node]) {
          double next =
              score + static_cast<double>(arc->acoustic) + static_cast<double>(arc->penalty);
          LmState next_state = state;
          LmState next_first = first;
          if (!task.network->tree().is_filler(arc->word)) {
            const std::string& word = task.network->text(arc->word);
            const auto step = lm.step(state, *lm.find(word));
            const auto first_step = first_lm.step(first, *first_lm.find(word));
            next += weight * mixed(share, static_cast<double>(step.log_prob),
                                   static_cast<double>(first_step.log_prob));
            next_state = step.next;
            next_first = first_step.next;
          }
          walk(arc->to, next_state, next_first, next);
        }
      };
  walk(0, lm.begin_state(), first_lm.begin_state(), 0.0);
  return all;
}

// The same sums over the lattice's own scores.
AllPaths own_paths(const Lattice& lattice) {
  std::vector<AllPaths> at(lattice.nodes.size());
  at[0] = {0.0, 1.0, 1};
  for (const LatticeArc& arc : lattice.arcs) {
    at[arc.to].best = std::max(at[arc.to].best, at[arc.from].best + lattice.score(arc));
    at[arc.to].sum += at[arc.from].sum * std::exp(kScale * lattice.score(arc));
    at[arc.to].count += at[arc.from].count;
  }
  AllPaths all;
  for (const Lattice::Final& final : lattice.finals) {
    const double score = static_cast<double>(final.score);
    all.best = std::max(all.best, at[final.node].best + score);
    all.sum += at[final.node].sum * std::exp(kScale * score);
    all.count += at[final.node].count;
  }
  return all;
}

class RescoringOfSmallLattices : public testing::TestWithParam<int> {};

TEST_P(RescoringOfSmallLattices, EqualsEveryPathWithTheLargerModel) {
  const bool boosted = GetParam() % 2 == 1;
  const std::vector<BoostedPhrase> phrases =
      boosted ? test::some_boosted_phrases() : std::vector<BoostedPhrase>{};
  const SmallTask task(2, static_cast<uint32_t>(GetParam()), test::some_added_words(), phrases);
  const float share = GetParam() < 5 ? 1.0F : 0.3F;
  const Rescorer rescorer(task.network, larger_model(), phrases, exhaustive_rescoring(share));
  TableScores scores = task.random_scores(11, static_cast<uint32_t>(GetParam()) + 50);
  Decoder decoder(task.network, exhaustive_options());
  const DecoderResult first = decoder.decode(scores);
  ASSERT_TRUE(first.complete);
  const AllPaths expected =
      all_paths(task, first.lattice, rescorer.lm(), static_cast<double>(share));
  ASSERT_GT(expected.count, 100U);
  const Lattice rescored = rescorer.rescore(first.lattice, true);
  const AllPaths found = own_paths(rescored);
  EXPECT_EQ(found.count, expected.count);
  EXPECT_NEAR(found.best, expected.best, 1e-3);
  EXPECT_NEAR(best_path_score(rescored), expected.best, 1e-3);
  EXPECT_NEAR(std::log(found.sum), std::log(expected.sum), 1e-4);
  // Arcs in order, times as before.
  uint32_t last = 0;
  for (const LatticeArc& arc : rescored.arcs) {
    EXPECT_GE(arc.to, last);
    EXPECT_LT(arc.from, arc.to);
    EXPECT_LT(rescored.nodes[arc.from].frame, rescored.nodes[arc.to].frame);
    last = arc.to;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RescoringOfSmallLattices, testing::Range(1, 9));

TEST(Rescoring, TheSameModelChangesNoScore) {
  const SmallTask task(3, 4);
  const Rescorer rescorer(task.network, test::load_arpa(test::small_arpa()), {},
                          exhaustive_rescoring());
  for (uint32_t seed = 0; seed < 5; ++seed) {
    TableScores scores = task.random_scores(40, seed);
    Decoder decoder(task.network, exhaustive_options());
    const DecoderResult first = decoder.decode(scores);
    EXPECT_NEAR(best_path_score(rescorer.rescore(first.lattice, true)), first.log_score, 1e-2);
    EXPECT_NEAR(best_path_score(first.lattice), first.log_score, 1e-2);
  }
}

TEST(Rescoring, PruningOnlyLoses) {
  const SmallTask task(3, 2);
  const auto larger = larger_model();
  RescoringOptions narrow;
  narrow.share = 1.0F;
  narrow.beam = 20.0F;
  narrow.max_copies = 2;
  const Rescorer all(task.network, larger, {}, exhaustive_rescoring());
  const Rescorer few(task.network, larger, {}, narrow);
  for (uint32_t seed = 0; seed < 5; ++seed) {
    TableScores scores = task.random_scores(40, seed);
    Decoder decoder(task.network, exhaustive_options());
    const Lattice lattice = decoder.decode(scores).lattice;
    const Lattice whole = all.rescore(lattice, true);
    const Lattice pruned = few.rescore(lattice, true);
    EXPECT_LT(pruned.arcs.size(), whole.arcs.size());
    EXPECT_LE(best_path_score(pruned), best_path_score(whole) + 1e-3);
    EXPECT_GT(best_path_score(pruned), kNever);
  }
}

TEST(Rescoring, TheDecoderGivesTheSecondPass) {
  const SmallTask task(3, 3);
  const auto rescorer = std::make_shared<Rescorer>(
      task.network, larger_model(), std::span<const BoostedPhrase>{}, exhaustive_rescoring());
  bool any_change = false;
  for (uint32_t seed = 0; seed < 10; ++seed) {
    TableScores scores = task.random_scores(50, seed);
    const DecoderResult first = Decoder(task.network, exhaustive_options()).decode(scores);
    const DecoderResult second =
        Decoder(task.network, exhaustive_options(), rescorer).decode(scores);
    EXPECT_NEAR(second.log_score, best_path_score(rescorer->rescore(first.lattice, true)), 1e-2);
    const std::vector<NbestEntry> list = nbest(*task.network, second.lattice, 1);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_NEAR(list[0].log_score, second.log_score, 1e-2);
    ASSERT_EQ(list[0].words.size(), second.words.size());
    for (size_t i = 0; i < second.words.size(); ++i) {
      EXPECT_EQ(task.network->text(list[0].words[i]), task.network->text(second.words[i].word));
    }
    any_change = any_change || first.words.size() != second.words.size();
  }
  EXPECT_TRUE(any_change);
}

TEST(Rescoring, RefusesOptionsThatMakeNoSense) {
  const SmallTask task;
  for (const RescoringOptions& options :
       {RescoringOptions{.share = 0.0F}, RescoringOptions{.share = 1.5F},
        RescoringOptions{.beam = 0.0F}, RescoringOptions{.max_copies = 0}}) {
    EXPECT_THROW(Rescorer(task.network, larger_model(), {}, options), Error);
  }
}

TEST(Rescoring, NothingStaysNothing) {
  const SmallTask task;
  const Rescorer rescorer(task.network, larger_model(), {}, exhaustive_rescoring());
  EXPECT_TRUE(rescorer.rescore({}, true).nodes.empty());
  TableScores scores = task.random_scores(0, 1);
  const DecoderResult none = Decoder(task.network, exhaustive_options()).decode(scores);
  const Lattice lattice = rescorer.rescore(none.lattice, none.complete);
  EXPECT_EQ(lattice.nodes.size(), 1U);
  const LanguageModel& lm = rescorer.lm();
  EXPECT_FLOAT_EQ(static_cast<float>(best_path_score(lattice)),
                  lattice.language_weight * lm.step(lm.begin_state(), *lm.sentence_end()).log_prob);
}

}  // namespace
}  // namespace bivox
