#include "dsp/features/mfcc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace bivox {
namespace {

std::vector<float> cepstra(const MfccOptions& options, const std::vector<float>& log_mel) {
  const CepstrumTransform transform(options);
  AlignedBuffer out(static_cast<size_t>(transform.padded_cepstra()));
  transform.apply(log_mel.data(), out.data());
  return {out.data(), out.data() + options.num_cepstra};
}

TEST(Mfcc, UnitaryTransformKeepsTheNorm) {
  const std::vector<float> x = {1.0F, -2.0F, 0.5F, 3.0F, 0.0F, 1.5F, -1.0F, 2.0F};
  const std::vector<float> c = cepstra({8, 8, DctKind::kUnitary, 0.0F}, x);
  double before = 0.0;
  double after = 0.0;
  for (size_t i = 0; i < 8; ++i) {
    before += x[i] * x[i];
    after += c[i] * c[i];
  }
  EXPECT_NEAR(after, before, 1e-4);
}

TEST(Mfcc, ConstantInputHasOnlyC0) {
  const std::vector<float> flat(25, 2.0F);
  const std::vector<float> unitary = cepstra({25, 13, DctKind::kUnitary, 22.0F}, flat);
  EXPECT_NEAR(unitary[0], 2.0 * 5.0, 1e-5);
  for (size_t i = 1; i < 13; ++i) EXPECT_NEAR(unitary[i], 0.0, 1e-4);
  const std::vector<float> htk = cepstra({25, 13, DctKind::kHtk, 22.0F}, flat);
  EXPECT_NEAR(htk[0], 2.0 * 25.0 * std::sqrt(2.0 / 25.0), 1e-4);
  const std::vector<float> legacy = cepstra({25, 13, DctKind::kSphinxLegacy, 0.0F}, flat);
  EXPECT_NEAR(legacy[0], 2.0 * 24.5 / 25.0, 1e-5);
}

TEST(Mfcc, LifterScalesEveryCoefficient) {
  std::vector<float> x(25);
  for (size_t j = 0; j < 25; ++j) x[j] = static_cast<float>(j * j % 7);
  const std::vector<float> plain = cepstra({25, 13, DctKind::kUnitary, 0.0F}, x);
  const std::vector<float> liftered = cepstra({25, 13, DctKind::kUnitary, 22.0F}, x);
  for (size_t i = 0; i < 13; ++i) {
    EXPECT_NEAR(liftered[i], plain[i] * (1.0 + 11.0 * std::sin(i * M_PI / 22.0)), 1e-4);
  }
}

}  // namespace
}  // namespace bivox
