#include "dsp/features/splice.h"

#include <gtest/gtest.h>

namespace bivox {
namespace {

std::vector<std::vector<float>> spliced(int rows, int left, int right) {
  SpliceStage stage(2, left, right);
  RowQueue in(2);
  RowQueue out(stage.output_dims());
  for (int t = 0; t < rows; ++t) {
    float* row = in.push();
    row[0] = static_cast<float>(t);
    row[1] = static_cast<float>(10 * t);
    stage.accept(in, out);
  }
  stage.finish(out);
  std::vector<std::vector<float>> result;
  for (int t = 0; t < out.size(); ++t) result.emplace_back(out.row(t), out.row(t) + out.dims());
  return result;
}

TEST(Splice, NeighboursSideBySideWithReplicatedEnds) {
  EXPECT_EQ(spliced(3, 1, 2), (std::vector<std::vector<float>>{{0, 0, 0, 0, 1, 10, 2, 20},
                                                               {0, 0, 1, 10, 2, 20, 2, 20},
                                                               {1, 10, 2, 20, 2, 20, 2, 20}}));
}

TEST(Splice, FewerRowsThanContext) {
  EXPECT_EQ(spliced(1, 2, 2), (std::vector<std::vector<float>>{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}));
  EXPECT_TRUE(spliced(0, 2, 2).empty());
}

}  // namespace
}  // namespace bivox
