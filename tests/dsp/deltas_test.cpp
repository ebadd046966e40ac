#include "dsp/features/deltas.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bivox {
namespace {

// One-column rows x[t], all at once; row t of the result.
std::vector<std::vector<float>> deltas_of(DeltaKind kind, const std::vector<float>& x,
                                          int order = 2, int window = 2) {
  DeltaStage stage(kind, 1, order, window);
  RowQueue in(1);
  RowQueue out(stage.output_dims());
  for (const float& v : x) {
    in.push(&v);
    stage.accept(in, out);
  }
  stage.finish(out);
  std::vector<std::vector<float>> rows;
  for (int t = 0; t < out.size(); ++t) rows.emplace_back(out.row(t), out.row(t) + out.dims());
  return rows;
}

TEST(Deltas, RegressionOfAParabolaIsExactInside) {
  std::vector<float> x;
  for (int t = 0; t < 20; ++t) x.push_back(0.5F * static_cast<float>(t * t));
  const auto rows = deltas_of(DeltaKind::kRegression, x);
  ASSERT_EQ(rows.size(), x.size());
  for (size_t t = 4; t < 16; ++t) {
    EXPECT_EQ(rows[t][0], x[t]);
    EXPECT_NEAR(rows[t][1], static_cast<float>(t), 1e-3);  // first derivative
    EXPECT_NEAR(rows[t][2], 1.0F, 1e-3);                   // second
  }
  // At the start the first row is replicated: (1 * 0.5 + 2 * 2) / 10.
  EXPECT_NEAR(rows[0][1], 0.45F, 1e-6);
}

TEST(Deltas, SphinxDifferencesAndReplicatedEdges) {
  const std::vector<float> x = {1, 4, 9, 16, 25, 36, 49};
  const auto rows = deltas_of(DeltaKind::kSphinx1sCDDd, x);
  ASSERT_EQ(rows.size(), 7U);
  EXPECT_EQ(rows[3], (std::vector<float>{16, 36 - 4, (49 - 9) - (25 - 1)}));
  EXPECT_EQ(rows[0], (std::vector<float>{1, 9 - 1, (16 - 1) - (4 - 1)}));
  EXPECT_EQ(rows[6], (std::vector<float>{49, 49 - 25, (49 - 36) - (49 - 16)}));
}

TEST(Deltas, OneRowIsConstant) {
  EXPECT_EQ(deltas_of(DeltaKind::kSphinx1sCDDd, {5}), (std::vector<std::vector<float>>{{5, 0, 0}}));
  EXPECT_TRUE(deltas_of(DeltaKind::kSphinx1sCDDd, {}).empty());
}

}  // namespace
}  // namespace bivox
