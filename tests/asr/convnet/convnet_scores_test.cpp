#include "asr/convnet/convnet_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "convnet_fixture.h"

namespace bivox {
namespace {

// All scores, the rows given in pieces of `chunk` and frames asked for as soon as they are ready.
std::vector<float> all_scores(AcousticScores& scores, const FeatureMatrix& rows, int chunk) {
  scores.reset();
  std::vector<float> out;
  int frame = 0;
  const auto take = [&] {
    for (; frame < scores.frames_ready(); ++frame) {
      out.resize(out.size() + static_cast<size_t>(scores.num_states()));
      scores.score(frame, {}, std::span(out).last(static_cast<size_t>(scores.num_states())));
    }
  };
  for (int at = 0; at < rows.rows(); at += chunk) {
    scores.accept(rows.middleRows(at, std::min<Eigen::Index>(chunk, rows.rows() - at)));
    take();
  }
  scores.finish();
  take();
  return out;
}

TEST(ConvNetScores, AreLogPosteriorsOverPriors) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    const ConvNetModel model(small_parts(5, precision));
    const FeatureMatrix rows = random_rows(100, 12, 1);
    ComputeContext context(1, precision);
    const Tensor logits =
        run_plan(model.scoring().plan, context, {rows.data(), static_cast<size_t>(rows.size())});
    const auto scores = model.make_scores();
    const std::vector<float> got = all_scores(*scores, rows, 100);
    const int states = scores->num_states();
    ASSERT_EQ(got.size(), static_cast<size_t>(34 * states));
    for (int t = 0; t < 34; ++t) {
      double sum = 0.0;
      for (int s = 0; s < states; ++s) {
        sum += std::exp(static_cast<double>(logits[int64_t{t} * states + s]));
      }
      for (int s = 0; s < states; ++s) {
        const double posterior = logits[int64_t{t} * states + s] - std::log(sum);
        const double prior = model.scoring().log_priors[static_cast<size_t>(s)];
        EXPECT_NEAR(got[static_cast<size_t>(t * states + s)], posterior - prior, 1e-4);
      }
    }
  }
}

TEST(ConvNetScores, ChunksChangeNoBit) {
  const ConvNetModel model(small_parts(5, Precision::kBfloat16));
  const auto scores = model.make_scores();
  for (const int frames : {0, 1, 2, 3, 7, 95, 96, 97, 400}) {
    const FeatureMatrix rows = random_rows(frames, 12, static_cast<uint64_t>(frames));
    const std::vector<float> whole = all_scores(*scores, rows, 1000);
    EXPECT_EQ(whole.size(), static_cast<size_t>((frames + 2) / 3 * scores->num_states()));
    for (const int chunk : {1, 3, 50, 97}) {
      EXPECT_EQ(all_scores(*scores, rows, chunk), whole) << frames << " by " << chunk;
    }
  }
}

TEST(ConvNetScores, FramesBecomeReadyAsSoonAsTheirContextIsThere) {
  const ConvNetModel model(small_parts(5));
  const auto scores = model.make_scores();
  const int right = model.scoring().plan->context().right;
  const FeatureMatrix rows = random_rows(200, 12, 1);
  for (int t = 0; t < 200; ++t) {
    EXPECT_EQ(scores->frames_ready(), t <= right ? 0 : (t - 1 - right) / 3 + 1);
    scores->accept(rows.middleRows(t, 1));
  }
}

TEST(ConvNetScores, CountsItsMultiplications) {
  const ConvNetModel model(small_parts(5));
  const auto scores = model.make_scores();
  EXPECT_EQ(scores->multiply_adds(), 0U);
  all_scores(*scores, random_rows(150, 12, 1), 20);
  all_scores(*scores, random_rows(150, 12, 1), 300);
  const double expected = 300.0 * model.scoring().plan->multiply_adds_per_unit();
  EXPECT_NEAR(static_cast<double>(scores->multiply_adds()), expected, 1.0);
  EXPECT_EQ(model.num_parameters(), small_parts(5).network.num_weights());
}

TEST(ConvNetScores, TheLastFrameMayBeAskedForAgain) {
  const ConvNetModel model(small_parts(5));
  const auto scores = model.make_scores();
  const FeatureMatrix rows = random_rows(400, 12, 1);
  scores->accept(rows);
  scores->finish();
  std::vector<float> first(static_cast<size_t>(scores->num_states()));
  std::vector<float> again(first.size());
  std::vector<float> next(first.size());
  for (int t = 0; t + 1 < scores->frames_ready(); ++t) {
    scores->score(t, {}, first);
    scores->score(t + 1, {}, next);
    scores->score(t, {}, again);
    ASSERT_EQ(first, again) << t;
  }
}

}  // namespace
}  // namespace bivox
