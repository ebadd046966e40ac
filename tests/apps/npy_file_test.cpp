#include "apps/npy_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <sstream>

namespace bivox {
namespace {

// The bytes that numpy.save gives for the same array.
TEST(NpyFile, EqualsNumPy) {
  FeatureMatrix features(2, 3);
  features << 1.0F, 2.0F, 3.0F, 4.0F, 5.0F, -0.5F;
  std::ostringstream out;
  write_npy(out, features);
  const std::string bytes = out.str();
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  std::string expected("\x93NUMPY\x01\x00\x76\x00", 10);
  expected += header + std::string(117 - header.size(), ' ') + '\n';
  ASSERT_EQ(bytes.size(), 128 + 6 * sizeof(float));
  EXPECT_EQ(bytes.substr(0, 128), expected);
  float last = 0.0F;
  std::memcpy(&last, bytes.data() + 128 + 5 * sizeof(float), sizeof(float));
  EXPECT_EQ(last, -0.5F);
}

TEST(NpyFile, HeadersOfAllLengthsStayAligned) {
  for (const int columns : {1, 10, 100, 1000, 10000}) {
    std::ostringstream out;
    write_npy(out, FeatureMatrix(0, columns));
    EXPECT_EQ(out.str().size() % 64, 0U) << columns;
  }
}

}  // namespace
}  // namespace bivox
