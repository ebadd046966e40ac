#include "legacy/gmm/sphinx_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "../models/sphinx_test_files.h"
#include "dsp/core/error.h"
#include "models/io/sphinx_mdef.h"

namespace bivox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder with a whole small model: three phones, nine states, 39 dimensions in one stream.
class SphinxModelTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kDensities = 2;
  static constexpr uint32_t kStates = 9;

  void SetUp() override {
    const std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() /
              ("bivox_sphinx_model_" + name + "_" + std::to_string(std::random_device{}()));
    std::filesystem::create_directories(folder_);
    write("mdef", test::mdef_text());
    write("feat.params",
          "-lowerf 130\n-upperf 6800\n-nfilt 25\n-transform dct\n-lifter 22\n"
          "-feat 1s_c_d_dd\n-agc none\n-cmn batch\n-cmninit 41.00,-5.29\n");
    write("noisedict", "<s> SIL\n</s> SIL\n<sil> SIL\n");
    write_gaussians(1);
    std::vector<float> counts;
    for (uint32_t i = 0; i < kStates * kDensities; ++i)
      counts.push_back(static_cast<float>(1 + i % 3));
    write("mixture_weights", test::s3_file({kStates, 1, kDensities}, counts));
    std::vector<float> transitions;
    for (int i = 0; i < 3; ++i) transitions.insert(transitions.end(), {3, 1, 0, 0, 1, 1});
    write("transition_matrices", test::s3_file({3, 2, 3}, transitions));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  void write_gaussians(uint32_t codebooks) const {
    std::vector<float> means;
    for (uint32_t i = 0; i < codebooks * kDensities * 39; ++i) {
      means.push_back(static_cast<float>(i % 7) - 3.0F);
    }
    const std::vector<float> variances(means.size(), 2.0F);
    write("means", test::s3_file({codebooks, 1, kDensities, 39}, means));
    write("variances", test::s3_file({codebooks, 1, kDensities, 39}, variances));
  }
  void expect_error(std::string_view part) const {
    try {
      load_sphinx_model(folder_);
      FAIL() << "expected an error with: " << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      EXPECT_THAT(error.message(), HasSubstr(std::string(part)));
    }
  }

  std::filesystem::path folder_;
};

TEST_F(SphinxModelTest, LoadsAllKindsOfTying) {
  for (const uint32_t codebooks : {1U, 3U, kStates}) {
    write_gaussians(codebooks);
    const auto model = load_sphinx_model(folder_);
    EXPECT_EQ(model->gmms().num_codebooks(), static_cast<int>(codebooks));
    EXPECT_EQ(model->hmms().num_states(), 9);
    EXPECT_EQ(model->gmms().codebook_of_state(7), codebooks == 1 ? 0 : codebooks == 3 ? 0 : 7);
    EXPECT_EQ(model->gmms().codebook_of_state(3), codebooks == 1 ? 0 : codebooks == 3 ? 1 : 3);
    const auto scores = model->make_scores();
    scores->accept(FeatureMatrix::Zero(1, 39));
    std::vector<float> out(9);
    scores->score(0, {}, out);
    for (const float score : out) EXPECT_TRUE(std::isfinite(score));
  }
}

TEST_F(SphinxModelTest, TransitionsAreNormalisedLogs) {
  const auto model = load_sphinx_model(folder_);
  const std::span<const float> row = model->hmms().transition_log_probs(0);
  EXPECT_NEAR(row[0], std::log(0.75), 1e-5);
  EXPECT_NEAR(row[1], std::log(0.25), 1e-5);
  EXPECT_TRUE(std::isinf(row[2]));
  EXPECT_NEAR(row[5], std::log(0.5), 1e-5);
}

TEST_F(SphinxModelTest, FrontEndFollowsFeatParams) {
  const auto model = load_sphinx_model(folder_);
  const FrontEndOptions& front_end = model->front_end();
  EXPECT_EQ(front_end.num_mel, 25);
  EXPECT_EQ(front_end.low_hz, 130.0);
  EXPECT_EQ(front_end.dct, DctKind::kUnitary);
  EXPECT_EQ(front_end.lifter, 22.0F);
  EXPECT_TRUE(front_end.noise_removal);
  EXPECT_EQ(front_end.dims(), 39);
  EXPECT_THAT(front_end.cmvn.prior_mean, ElementsAre(41.0F, -5.29F));
  const FrontEndOptions plain = sphinx_front_end_options({}, "feat.params");
  EXPECT_EQ(plain.num_mel, 40);
  EXPECT_EQ(plain.dct, DctKind::kSphinxLegacy);
  EXPECT_EQ(plain.lifter, 0.0F);
  EXPECT_FALSE(sphinx_front_end_options({{"remove_noise", "no"}}, "f").noise_removal);
  EXPECT_THROW(sphinx_front_end_options({{"feat", "s2_4x"}}, "f"), Error);
  EXPECT_THROW(sphinx_front_end_options({{"nfilt", "many"}}, "f"), Error);
  EXPECT_THROW(sphinx_front_end_options({{"nfilt", "0"}}, "f"), Error);
}

TEST_F(SphinxModelTest, FillersLeaveOutSentenceMarks) {
  const auto model = load_sphinx_model(folder_);
  ASSERT_EQ(model->fillers().size(), 1U);
  EXPECT_EQ(model->fillers()[0].name, "<sil>");
  EXPECT_EQ(model->fillers()[0].phone, 2);
  std::filesystem::remove(folder_ / "noisedict");
  EXPECT_EQ(load_sphinx_model(folder_)->fillers()[0].phone, 2);
  write("noisedict", "[NOISE] +NSN+\n");
  expect_error("noisedict: [NOISE]");
}

TEST_F(SphinxModelTest, PartsThatDoNotFitAreNamed) {
  write_gaussians(2);
  expect_error("means: 2 codebooks for 3 phones and 9 states");
  write_gaussians(1);
  write("mixture_weights", test::s3_file({8, 1, kDensities}, std::vector<float>(16, 1.0F)));
  expect_error("mixture_weights: 8 states");
  std::filesystem::remove(folder_ / "mixture_weights");
  expect_error("sendump");
  write("transition_matrices", test::s3_file({3, 2, 3}, std::vector<float>(18, 1.0F)));
  write("mixture_weights", test::s3_file({9, 1, kDensities}, std::vector<float>(18, 1.0F)));
  expect_error("transition_matrices: matrix 0 goes from state 1 to 0");
  write("transition_matrices", test::s3_file({2, 2, 3}, std::vector<float>(12, 1.0F)));
  expect_error("transition_matrices: 2 matrices");
}

TEST_F(SphinxModelTest, FoldersWithoutAModelAreNamed) {
  folder_ /= "none";
  expect_error("not a folder");
}

TEST(SphinxStreams, RangesAndLists) {
  const auto streams = parse_sphinx_streams("24,0-2/3-4", "f");
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_THAT(streams[0], ElementsAre(24, 0, 1, 2));
  EXPECT_THAT(streams[1], ElementsAre(3, 4));
  for (const char* text : {"", "a", "1-", "3-1", "0/", "0-99999999", "-1", "0;1"}) {
    EXPECT_THROW(parse_sphinx_streams(text, "f"), Error) << text;
  }
}

constexpr const char* kModel = "/usr/share/pocketsphinx/model/en-us/en-us";

TEST(InstalledSphinxModel, ScoresEqualTheDefinition) {
  if (!std::filesystem::exists(kModel)) {
    GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  }
  const auto model = load_sphinx_model(kModel, {std::numeric_limits<float>::infinity()});
  EXPECT_EQ(model->hmms().num_hmms(), 29324);
  EXPECT_LT(model->gmms().memory_bytes(), 12'000'000U);
  ASSERT_EQ(model->fillers().size(), 3U);

  // Everything again from the raw files, in double precision.
  const std::filesystem::path folder = kModel;
  const SphinxGaussians means = read_sphinx_gaussians(folder / "means");
  const SphinxGaussians variances = read_sphinx_gaussians(folder / "variances");
  const SphinxSendump dump = read_sphinx_sendump(folder / "sendump", 5126, 3, 128);
  const SphinxModelDefinition mdef = read_sphinx_mdef(folder / "mdef");
  std::vector<size_t> codebook(5126, 0);
  for (const auto& record : mdef.records) {
    for (size_t s = 0; s < 3; ++s) {
      codebook[mdef.sequences[static_cast<size_t>(record.sequence) * 3 + s]] = record.centre;
    }
  }
  FeatureMatrix features(2, 39);
  for (int i = 0; i < features.size(); ++i) {
    features.data()[i] = 3.0F * std::sin(static_cast<float>(i));
  }
  const auto scores = model->make_scores();
  scores->accept(features);
  std::vector<float> out(5126);
  for (int t = 0; t < 2; ++t) {
    scores->score(t, {}, out);
    for (size_t s = 0; s < 5126; s += 61) {
      double expected = 0.0;
      for (size_t f = 0; f < 3; ++f) {
        double sum = 0.0;
        double best = -1e300;
        for (size_t k = 0; k < 128; ++k) {
          const size_t at = ((codebook[s] * 3 + f) * 128 + k) * 13;
          double term = -1024.0 * std::log(1.0001) * dump.bytes[(f * 128 + k) * 5126 + s];
          for (size_t d = 0; d < 13; ++d) {
            const double variance = std::max(variances.values[at + d], 1e-4F);
            const double x = features(t, static_cast<int>(f * 13 + d)) - means.values[at + d];
            term -= 0.5 * (std::log(2.0 * std::numbers::pi * variance) + x * x / variance);
          }
          if (term > best) {
            sum = sum * std::exp(best - term) + 1.0;
            best = term;
          } else {
            sum += std::exp(term - best);
          }
        }
        expected += best + std::log(sum);
      }
      ASSERT_NEAR(out[s], expected, 1e-3 * std::abs(expected)) << "state " << s;
    }
  }
}

}  // namespace
}  // namespace bivox
