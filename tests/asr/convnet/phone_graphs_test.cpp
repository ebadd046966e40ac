#include "asr/convnet/phone_graphs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "convnet_fixture.h"

namespace bivox {
namespace {

// SIL 0, then phones 1 2 3, each for two frames, as single-phone words.
std::vector<PhoneRun> say(const std::vector<PhoneId>& phones) {
  std::vector<PhoneRun> runs;
  for (size_t i = 0; i < phones.size(); ++i) {
    PhoneRun run;
    run.phone = phones[i];
    run.context = {WordPosition::kSingle, i > 0 ? phones[i - 1] : 0,
                   i + 1 < phones.size() ? phones[i + 1] : 0};
    run.frames = 2;
    runs.push_back(run);
  }
  return runs;
}

double log_share(const PhoneTrigrams& trigrams, const std::vector<PhoneRun>& phones,
                 const StateTree& tree, std::span<const float> scores, int64_t frames) {
  const HmmGraph said = trigrams.said(phones, static_cast<int>(frames), 100);
  const int64_t classes = tree.num_states();
  return said.sum_paths(frames, classes, scores.data(), 1.0F, nullptr) -
         trigrams.all().sum_paths(frames, classes, scores.data(), 1.0F, nullptr);
}

TEST(PhoneGraphs, WeighTrigramsByTheirCounts) {
  const StateTree tree(few_phones(), 1);
  const std::vector<PhoneRun> once = say({0, 1, 0});
  const std::vector<PhoneRun> twice = say({0, 2, 0});
  const std::vector<PhoneRun>* all[] = {&once, &twice, &twice};
  const PhoneTrigrams graph(all, tree);
  const std::vector<float> scores(static_cast<size_t>(6 * tree.num_states()), 0.0F);
  // Equal scores: what is said has its share of the utterances.
  EXPECT_NEAR(std::exp(log_share(graph, once, tree, scores, 6)), 1.0 / 3.0, 1e-5);
  EXPECT_NEAR(std::exp(log_share(graph, twice, tree, scores, 6)), 2.0 / 3.0, 1e-5);
}

TEST(PhoneGraphs, HoldEveryUtteranceAndJoinWhatFollowsAlike) {
  const StateTree tree(few_phones(), 2);
  const std::vector<PhoneRun> first = say({0, 1, 2, 3, 0});
  const std::vector<PhoneRun> second = say({0, 3, 2, 3, 1, 0});
  const std::vector<PhoneRun>* all[] = {&first, &second};
  const PhoneTrigrams graph(all, tree);
  // One tied state a phone and place: "2 before 3" is one node although 1 and 3 come before it.
  EXPECT_EQ(graph.all().num_entries(), 11);
  EXPECT_EQ(graph.all().num_phones(), 9);
  std::vector<float> scores(static_cast<size_t>(20 * tree.num_states()));
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = static_cast<float>(i * 7 % 13) / 5.0F;
  EXPECT_LT(log_share(graph, first, tree, scores, 20), 0.0);
  EXPECT_LT(log_share(graph, second, tree, scores, 20), 0.0);
  // Trigrams mix: the end of the one after the beginning of the other.
  EXPECT_TRUE(std::isfinite(log_share(graph, say({0, 1, 2, 3, 1, 0}), tree, scores, 20)));
}

TEST(PhoneGraphs, PhonesStayNearTheirAlignment) {
  const StateTree tree(few_phones(), 1);
  const std::vector<PhoneRun> phones = say({0, 1, 0});
  const std::vector<PhoneRun>* all[] = {&phones};
  const HmmGraph said = PhoneTrigrams(all, tree).said(phones, 12, 1);  // four frames each
  std::vector<float> posteriors(static_cast<size_t>(12 * tree.num_states()), 0.0F);
  const std::vector<float> scores(posteriors.size(), 0.0F);
  ASSERT_TRUE(
      std::isfinite(said.sum_paths(12, tree.num_states(), scores.data(), 1.0F, posteriors.data())));
  const auto output = static_cast<size_t>(tree.tied_state(1, 0, {}));
  for (size_t t = 0; t < 12; ++t) {
    const float here = posteriors[t * static_cast<size_t>(tree.num_states()) + output];
    EXPECT_EQ(here > 0.0F, t >= 3 && t <= 8) << t;
  }
}

}  // namespace
}  // namespace bivox
