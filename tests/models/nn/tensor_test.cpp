#include "models/nn/tensor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bivox {
namespace {

TEST(Tensor, ShapesCountAndName) {
  EXPECT_EQ(Shape({8, 100, 256}).text(), "[8 x 100 x 256]");
  EXPECT_EQ(Shape({8, 100, 256}).size(), 204800);
  EXPECT_EQ(Shape({8, 100, 256}).last(), 256);
  EXPECT_EQ(Shape{}.size(), 1);  // a scalar
  EXPECT_EQ(Shape({0}).size(), 0);
  EXPECT_NE(Shape({2, 3}), Shape({3, 2}));
  EXPECT_THROW(Shape({1, -1}), std::logic_error);
}

TEST(Tensor, MovesLeaveNothingBehind) {
  Tensor a = Tensor::filled({2, 3}, 4.0F);
  const float* data = a.data();
  Tensor b = std::move(a);
  EXPECT_EQ(b.data(), data);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): what is being tested
  EXPECT_EQ(a.shape(), Shape({0}));
  Tensor c;
  c = std::move(b);
  EXPECT_EQ(c[5], 4.0F);
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Tensor, ClonesAreApart) {
  Tensor a = Tensor::from({3}, std::vector<float>{1.0F, 2.0F, 3.0F});
  Tensor b = a.clone();
  b[0] = 7.0F;
  EXPECT_EQ(a[0], 1.0F);
  EXPECT_EQ(b[2], 3.0F);
}

TEST(Tensor, SizesMustAgree) {
  EXPECT_THROW(Tensor::from({2}, std::vector<float>{1.0F}), std::logic_error);
  Tensor a({2, 3});
  a.reshape({3, 2});
  EXPECT_EQ(a.dim(0), 3);
  EXPECT_THROW(a.reshape({7}), std::logic_error);
  EXPECT_THROW(a.item(), std::logic_error);
  EXPECT_EQ(Tensor::scalar(2.5F).item(), 2.5F);
}

TEST(Tensor, MemoryIsAlignedZeroedAndUsedAgain) {
  drop_tensor_cache();
  for (const int64_t size : {1, 17, 1000, 123457}) {
    const Tensor a(Shape{size});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(a.data()) % Tensor::kAlignment, 0U);
    EXPECT_EQ(a[size - 1], 0.0F);
  }
  EXPECT_GT(tensor_cache_bytes(), 123457U * sizeof(float));
  const size_t held = tensor_cache_bytes();
  {
    Tensor again = Tensor::filled({123457}, 1.0F);
    EXPECT_LT(tensor_cache_bytes(), held);
  }
  // What comes from the cache is as good as new.
  EXPECT_EQ(Tensor({123457})[123456], 0.0F);
  drop_tensor_cache();
  EXPECT_EQ(tensor_cache_bytes(), 0U);
}

}  // namespace
}  // namespace bivox
