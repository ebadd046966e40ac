#include "models/lexicon/pronunciation_probabilities.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "dsp/core/error.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

class PronunciationProbabilitiesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    phones_.add("A");
    phones_.add("B");
    lexicon_ =
        Lexicon::parse("the A\nthe(2) B\nthe(3) A B\none B\nrare A\nrare(2) B\n", phones_, "test");
    file_ = fs::temp_directory_path() /
            ("bivox_pronunciations_" +
             std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  }
  void TearDown() override { fs::remove(file_); }
  void write(const std::string& text) const { std::ofstream(file_) << text; }

  PhoneSet phones_;
  Lexicon lexicon_;
  fs::path file_;
};

TEST_F(PronunciationProbabilitiesTest, TheLikeliestHasZeroAndUnheardWordsAreLeftOut) {
  const auto found = pronunciation_probabilities(lexicon_, {{2, 9, 0}, {5}, {0, 0}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_FLOAT_EQ(found[0].log_prob, std::log(0.3F));
  EXPECT_FLOAT_EQ(found[1].log_prob, 0.0F);
  EXPECT_FLOAT_EQ(found[2].log_prob, std::log(0.1F));
  EXPECT_EQ(set_pronunciation_probabilities(found, lexicon_), 3);
  EXPECT_FLOAT_EQ(lexicon_.log_prob(0, 2), std::log(0.1F));
  EXPECT_EQ(lexicon_.log_prob(2, 1), 0.0F);
  Lexicon other = Lexicon::parse("the B\n", phones_, "test");
  EXPECT_EQ(set_pronunciation_probabilities(found, other), 1);
}

TEST_F(PronunciationProbabilitiesTest, ComesBackFromAFile) {
  const auto written = pronunciation_probabilities(lexicon_, {{2, 9, 0}, {5}, {0, 0}});
  save_pronunciation_probabilities(file_, phones_, written);
  const auto read = load_pronunciation_probabilities(file_, phones_);
  ASSERT_EQ(read.size(), written.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].word, written[i].word);
    EXPECT_EQ(read[i].phones, written[i].phones);
    EXPECT_NEAR(read[i].log_prob, written[i].log_prob, 1e-4);
  }
}

TEST_F(PronunciationProbabilitiesTest, DamagedLinesAreErrors) {
  for (const char* line : {"the", "the\t-1", "the\tx\tA", "the\t1\tA", "the\tnan\tA", "the\t-1\tC",
                           "the\t-1\t", "\t-1\tA", "the\t-inf\tA"}) {
    write(std::string("the\t0\tA\n") + line + "\n");
    try {
      load_pronunciation_probabilities(file_, phones_);
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      EXPECT_NE(error.message().find(":2:"), std::string::npos) << error.message();
    }
  }
}

}  // namespace
}  // namespace bivox
