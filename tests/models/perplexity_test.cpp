#include "models/lm/perplexity.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "models/lm/arpa.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

// All probabilities are powers of ten, so that the sums can be written down.
const std::string kModel = R"(\data\
ngram 1=5
ngram 2=2

\1-grams:
-3 <unk>
-99 <s> 0
-1 </s>
-2 a -0.5
-1 b 0

\2-grams:
-0.25 <s> a
-0.75 a b

\end\
)";

TextScore score(const std::string& model_text, const std::string& text, bool lower_case = false) {
  const auto model = parse_arpa(test::as_bytes(model_text), "model");
  TextLines lines(test::as_bytes(text), "text");
  return score_text(*model, lines, {.lower_case = lower_case});
}

double pow10(double exponent) { return std::pow(10.0, exponent); }

TEST(Perplexity, CountsAndSums) {
  // <s> a b z </s>: 0.25 + 0.75 + 3 + 1; <s> a z </s>: 0.25 + (0.5 + 3) + 1.
  const TextScore result = score(kModel, "a b z\n\n<s> a <unk> </s>\n");
  EXPECT_EQ(result.num_sentences, 2U);
  EXPECT_EQ(result.num_words, 5U);
  EXPECT_EQ(result.num_unknown, 2U);
  EXPECT_NEAR(result.perplexity(), pow10((0.25 + 0.75 + 3 + 1 + 0.25 + 3.5 + 1) / 7), 1e-3);
  EXPECT_NEAR(result.perplexity_of_known(), pow10((0.25 + 0.75 + 1 + 0.25 + 1) / 5), 1e-3);
  EXPECT_NEAR(result.perplexity_of_known_words(), pow10((0.25 + 0.75 + 0.25) / 3), 1e-3);
}

TEST(Perplexity, LowerCase) {
  EXPECT_EQ(score(kModel, "A B\n").num_unknown, 2U);
  EXPECT_EQ(score(kModel, "A B\n", true).num_unknown, 0U);
}

TEST(Perplexity, WithoutUnknownWordTheyAreLeftOut) {
  std::string closed = kModel;
  closed.erase(closed.find("-3 <unk>\n"), 9);
  closed.replace(closed.find("1=5"), 3, "1=4");
  const TextScore result = score(closed, "a z b\n");
  EXPECT_EQ(result.num_unknown, 1U);
  EXPECT_NEAR(result.perplexity(), pow10((0.25 + 1 + 1) / 3), 1e-3);
  EXPECT_EQ(result.perplexity(), result.perplexity_of_known());
}

TEST(Perplexity, NothingAndNoEnd) {
  EXPECT_EQ(score(kModel, "\n\n").perplexity(), 1.0);
  std::string endless = kModel;
  endless.replace(endless.find("</s>"), 4, "c");
  EXPECT_THROW(score(endless, "a\n"), Error);
}

}  // namespace
}  // namespace bivox
