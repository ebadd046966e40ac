#include "asr/convnet/targets.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bivox {
namespace {

PhoneSet three_phones() {
  PhoneSet phones;
  phones.add("SIL", true);
  phones.add("AA");
  phones.add("B");
  return phones;
}

PhoneContext context(PhoneId left, PhoneId right) { return {WordPosition::kInternal, left, right}; }

StateAlignment gmm_alignment() {
  // SIL of 7 frames, AA of 6, AA again of 3, B of 5.
  return {{0, 0, context(0, 1), 3}, {0, 1, context(0, 1), 2}, {0, 2, context(0, 1), 2},
          {1, 0, context(0, 1), 2}, {1, 1, context(0, 1), 2}, {1, 2, context(0, 1), 2},
          {1, 0, context(1, 2), 1}, {1, 1, context(1, 2), 1}, {1, 2, context(1, 2), 1},
          {2, 0, context(1, 0), 1}, {2, 1, context(1, 0), 3}, {2, 2, context(1, 0), 1}};
}

std::vector<int> durations(const std::vector<PhoneRun>& runs) {
  std::vector<int> out;
  for (const PhoneRun& run : runs) out.push_back(run.frames);
  return out;
}

TEST(ConvNetTargets, StatesOfAPhoneAreJoined) {
  const std::vector<PhoneRun> runs = phone_runs(gmm_alignment());
  EXPECT_EQ(durations(runs), (std::vector<int>{7, 6, 3, 5}));
  EXPECT_EQ(runs[2].phone, 1);
  EXPECT_EQ(runs[2].context.right, 2);
  EXPECT_EQ(total_frames(runs), 21);
}

TEST(ConvNetTargets, EveryThirdFrameFromTheFirst) {
  const std::vector<PhoneRun> runs = phone_runs(gmm_alignment());
  // Frames 0 3 6 | 9 12 | 15 | 18.
  const std::vector<PhoneRun> out = subsampled_runs(runs, 21, 3);
  EXPECT_EQ(durations(out), (std::vector<int>{3, 2, 1, 1}));
  EXPECT_EQ(total_frames(subsampled_runs(runs, 20, 3)), 7);
  EXPECT_EQ(total_frames(subsampled_runs(runs, 22, 3)), 8);
}

TEST(ConvNetTargets, TimesScaleWithTheSpeed) {
  const std::vector<PhoneRun> runs = phone_runs(gmm_alignment());
  // Twice as long: the same phones for twice as many frames.
  EXPECT_EQ(durations(subsampled_runs(runs, 42, 1)), (std::vector<int>{14, 12, 6, 10}));
  // From frames of 30 ms to ones of 10 ms and back.
  const std::vector<PhoneRun> coarse = subsampled_runs(runs, 21, 3);
  EXPECT_EQ(durations(subsampled_runs(coarse, 21, 1)), (std::vector<int>{9, 6, 3, 3}));
  EXPECT_EQ(durations(subsampled_runs(coarse, 21, 3)), durations(coarse));
}

TEST(ConvNetTargets, PhonesWithoutAFrameAreLeftOut) {
  const std::vector<PhoneRun> runs = {{1, {}, 1}, {2, {}, 1}, {1, {}, 1}, {0, {}, 3}};
  const std::vector<PhoneRun> out = subsampled_runs(runs, 6, 3);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[0].phone, 1);
  EXPECT_EQ(out[1].phone, 0);
  EXPECT_TRUE(subsampled_runs({}, 6, 3).empty());
}

TEST(ConvNetTargets, PhonesAreCutInHalves) {
  const std::vector<PhoneRun> runs = {{1, {}, 1}, {2, {}, 2}, {1, {}, 5}};
  const StateAlignment two = split_states(runs, 2);
  ASSERT_EQ(two.size(), 5U);
  const std::vector<int> frames = {1, 1, 1, 3, 2};
  const std::vector<int> states = {0, 0, 1, 0, 1};
  for (size_t i = 0; i < two.size(); ++i) {
    EXPECT_EQ(two[i].frames, frames[i]) << i;
    EXPECT_EQ(two[i].state, states[i]) << i;
  }
  EXPECT_EQ(split_states(runs, 1).size(), 3U);
}

TEST(ConvNetTargets, LabelsLeaveSilenceOut) {
  const std::vector<PhoneRun> runs = phone_runs(gmm_alignment());
  EXPECT_EQ(phone_labels(runs, three_phones()), (std::vector<int>{2, 2, 3}));
}

TEST(ConvNetTargets, TransitionsAreCountedAndSumToOne) {
  TransitionCounts counts(3, 2);
  const std::vector<PhoneRun> runs = {{1, {}, 1}, {1, {}, 6}, {1, {}, 1}, {1, {}, 1}};
  counts.add(split_states(runs, 2));
  const std::vector<float> log_probs = counts.log_probs();
  ASSERT_EQ(log_probs.size(), 3U * 2U * 3U);
  for (size_t row = 0; row < log_probs.size(); row += 3) {
    double sum = 0.0;
    for (size_t c = 0; c < 3; ++c) sum += std::exp(static_cast<double>(log_probs[row + c]));
    EXPECT_NEAR(sum, 1.0, 1e-6);
  }
  // State 0 of AA: 2 stays, 1 step on, 3 exits; one of each was there before.
  EXPECT_NEAR(log_probs[6], std::log(3.0 / 9.0), 1e-6);
  EXPECT_NEAR(log_probs[7], std::log(2.0 / 9.0), 1e-6);
  EXPECT_NEAR(log_probs[8], std::log(4.0 / 9.0), 1e-6);
  // No way back.
  EXPECT_TRUE(std::isinf(log_probs[9]));
  // The matrices are those that an HmmSet takes.
  EXPECT_NO_THROW(StateTree(three_phones(), 2).make_hmm_set(log_probs));
}

}  // namespace
}  // namespace bivox
