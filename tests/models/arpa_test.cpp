#include "models/lm/arpa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using test::as_bytes;
using test::make_random_model;
using test::RandomModel;

const std::string kSmall = R"(Anything may stand before.

\data\
ngram 1=5
ngram 2=4
ngram 3=1

\1-grams:
-1.0 <unk>
-99 <s> -0.30103
-0.5 </s>
-0.60206 a -0.2
-0.60206 b -0.1

\2-grams:
-0.3 <s> a -0.15
-0.4 a b -0.05
-0.7 b a
-0.2 b </s>

\3-grams:
-0.1 <s> a b

\end\
)";

double log10_of(float log_prob) { return static_cast<double>(log_prob) / std::log(10.0); }

void expect_small_model(const NgramModel& lm) {
  const LmWord a = lm.find("a").value();
  const LmWord b = lm.find("b").value();
  const LmWord end = lm.sentence_end().value();
  const auto first = lm.step(lm.begin_state(), a);
  EXPECT_NEAR(log10_of(first.log_prob), -0.3, 1e-6);
  const auto second = lm.step(first.next, b);
  EXPECT_NEAR(log10_of(second.log_prob), -0.1, 1e-6);
  // (a b) is a bigram: its weight -0.05, then P(a | b).
  EXPECT_NEAR(log10_of(lm.step(second.next, a).log_prob), -0.05 - 0.7, 1e-6);
  EXPECT_NEAR(log10_of(lm.step(second.next, end).log_prob), -0.05 - 0.2, 1e-6);
  // (<s> a) and (a) do not list </s>.
  EXPECT_NEAR(log10_of(lm.step(first.next, end).log_prob), -0.15 - 0.2 - 0.5, 1e-6);
  EXPECT_NEAR(log10_of(lm.step(lm.begin_state(), b).log_prob), -0.30103 - 0.60206, 1e-6);
  const LmState after_b = lm.step(NgramModel::kEmptyState, b).next;
  EXPECT_NEAR(log10_of(lm.step(after_b, lm.unknown().value()).log_prob), -0.1 - 1.0, 1e-6);
  EXPECT_NEAR(log10_of(lm.unigram_log_prob(a)), -0.60206, 1e-6);
}

TEST(Arpa, HandComputedProbabilities) {
  const auto lm = parse_arpa(as_bytes(kSmall), "small");
  EXPECT_EQ(lm->order(), 3);
  EXPECT_EQ(lm->num_words(), 5U);
  EXPECT_EQ(lm->num_ngrams(1), 5U);
  EXPECT_EQ(lm->num_ngrams(2), 4U);
  EXPECT_EQ(lm->num_ngrams(3), 1U);
  EXPECT_EQ(lm->num_ngrams(4), 0U);
  EXPECT_EQ(lm->word(lm->sentence_begin().value()), "<s>");
  EXPECT_EQ(lm->word(lm->unknown().value()), "<unk>");
  EXPECT_EQ(lm->word(4), "b");
  EXPECT_FALSE(lm->find("c"));
  EXPECT_FALSE(lm->find(""));
  expect_small_model(*lm);
}

TEST(Arpa, Gzip) {
  const std::string zipped = test::gzip(kSmall);
  expect_small_model(*NgramModel::parse(as_bytes(zipped), "small.gz"));
  // Two members are one text.
  const std::string members = test::gzip(kSmall.substr(0, 100)) + test::gzip(kSmall.substr(100));
  expect_small_model(*NgramModel::parse(as_bytes(members), "small.gz"));
}

TEST(Arpa, GzipLongerThanABlock) {
  const RandomModel model = make_random_model(2, 250, 4, 0.6);
  const std::string text = model.arpa();
  ASSERT_GT(text.size(), size_t{2} << 18);
  const auto lm = NgramModel::parse(as_bytes(test::gzip(text)), "large.gz");
  EXPECT_EQ(lm->num_ngrams(2), model.levels[1].size());
}

TEST(Arpa, CarriageReturnsTabsAndUpperCaseUnknown) {
  std::string text = kSmall;
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.insert(at, 1, '\r');
  }
  text.replace(text.find("-0.3 <s> a"), 10, "-0.3\t<s>  a");
  text.replace(text.find("<unk>"), 5, "<UNK>");
  const auto lm = parse_arpa(as_bytes(text), "small");
  expect_small_model(*lm);
  EXPECT_EQ(lm->word(lm->unknown().value()), "<UNK>");
}

TEST(Arpa, UnsortedInput) {
  const RandomModel model = make_random_model(3, 12, 7);
  std::string text = model.arpa();
  const auto sorted = parse_arpa(as_bytes(text), "sorted");
  // Reverse the lines of the 2-grams and of the 3-grams.
  for (const char* heading : {"\\2-grams:\n", "\\3-grams:\n"}) {
    const size_t begin = text.find(heading) + std::strlen(heading);
    const size_t end = text.find("\n\n", begin) + 1;
    std::vector<std::string> lines;
    for (size_t at = begin; at < end;) {
      const size_t next = text.find('\n', at) + 1;
      lines.push_back(text.substr(at, next - at));
      at = next;
    }
    std::string reversed;
    for (size_t i = lines.size(); i-- > 0;) reversed += lines[i];
    ASSERT_NE(reversed, text.substr(begin, end - begin));
    text.replace(begin, end - begin, reversed);
  }
  const auto unsorted = parse_arpa(as_bytes(text), "unsorted");
  ASSERT_EQ(unsorted->num_states(), sorted->num_states());
  for (LmState state = 0; state < sorted->num_states(); ++state) {
    for (LmWord word = 0; word < sorted->num_words(); ++word) {
      ASSERT_EQ(unsorted->step(state, word).log_prob, sorted->step(state, word).log_prob);
      ASSERT_EQ(unsorted->step(state, word).next, sorted->step(state, word).next);
    }
  }
}

// A pruned file may lack n-grams that are contexts or suffixes of those it has.
TEST(Arpa, MissingContextsAndSuffixes) {
  RandomModel model = make_random_model(4, 10, 21);
  std::mt19937 random(5);
  for (size_t k = 1; k < 3; ++k) {
    for (auto at = model.levels[k].begin(); at != model.levels[k].end();) {
      at = random() % 3 == 0 ? model.levels[k].erase(at) : std::next(at);
    }
  }
  const auto lm = parse_arpa(as_bytes(model.arpa()), "pruned");
  EXPECT_GT(lm->num_ngrams(2), model.levels[1].size());
  for (int text = 0; text < 200; ++text) {
    LmState state = lm->begin_state();
    test::Ngram history = {0};
    for (int i = 0; i < 10; ++i) {
      const uint32_t word = 2 + random() % 8;
      const auto step = lm->step(state, word);
      ASSERT_NEAR(log10_of(step.log_prob), model.log10_prob(history, word), 1e-5);
      state = step.next;
      history.push_back(word);
    }
  }
}

std::string error_of(const std::string& bytes) {
  try {
    NgramModel::parse(as_bytes(bytes), "lm");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  return "no error";
}

std::string with(const std::string& from, const std::string& to) {
  std::string text = kSmall;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Arpa, ErrorsNameTheLine) {
  using testing::HasSubstr;
  using testing::StartsWith;
  EXPECT_THAT(error_of(""), StartsWith("lm:0: the file ends, expected \\data\\"));
  EXPECT_THAT(error_of("hello\n"), StartsWith("lm:1: the file ends"));
  EXPECT_THAT(error_of(with("\\end\\\n", "")), StartsWith("lm:23: the file ends, expected \\end"));
  EXPECT_THAT(error_of(with("\\end\\", "\\fin\\")), StartsWith("lm:24: expected \\end\\, found"));
  EXPECT_THAT(error_of(with("ngram 2=4", "ngram 2=5")),
              StartsWith("lm:21: 4 2-grams, but the header says 5"));
  EXPECT_THAT(error_of(with("ngram 2=4", "ngram 2=3")),
              StartsWith("lm:19: more 2-grams than the 3 of the header"));
  EXPECT_THAT(error_of(with("ngram 2=4", "ngram 2=-4")), StartsWith("lm:5: expected `ngram N="));
  EXPECT_THAT(error_of(with("ngram 2=4", "ngram 3=4")), StartsWith("lm:5: ngram 3 where ngram 2"));
  EXPECT_THAT(error_of(with("ngram 3=1", "ngram 3=99999999999999999999")), StartsWith("lm:6: "));
  EXPECT_THAT(error_of(with("ngram 3=1", "ngram 3=9999999999999")),
              HasSubstr("the header says 9999999999999"));
  EXPECT_THAT(error_of(with("\\2-grams:", "\\3-grams:")),
              StartsWith("lm:15: expected \\2-grams:, found '\\3-grams:'"));
  EXPECT_THAT(error_of(with("-0.4 a b", "-0.4x a b")),
              StartsWith("lm:17: '-0.4x' is not a log10 probability"));
  EXPECT_THAT(error_of(with("-0.4 a b", "nan a b")), StartsWith("lm:17: 'nan'"));
  EXPECT_THAT(error_of(with("-0.4 a b", "-inf a b")), StartsWith("lm:17: '-inf'"));
  EXPECT_THAT(error_of(with("-0.4 a b", "0.4 a b")), StartsWith("lm:17: log10 probability 0.4 is"));
  EXPECT_THAT(error_of(with("a b -0.05", "a b much")),
              StartsWith("lm:17: 'much' is not a log10 back-off weight"));
  EXPECT_THAT(error_of(with("a b -0.05", "a b -0.05 c")), StartsWith("lm:17: 'c' after"));
  EXPECT_THAT(error_of(with("-0.4 a b -0.05", "-0.4 a")), StartsWith("lm:17: 1 words, expected 2"));
  EXPECT_THAT(error_of(with("-0.4 a b", "-0.4 a z")), StartsWith("lm:17: 'z' is no 1-gram"));
  EXPECT_THAT(error_of(with("-0.60206 b", "-0.60206 a")),
              StartsWith("lm:13: 1-gram 'a' is listed twice"));
  EXPECT_THAT(error_of(with("-0.7 b a", "-0.7 a b")), HasSubstr("2-gram 'a b' is listed twice"));
}

TEST(Arpa, DamagedGzip) {
  using testing::HasSubstr;
  const std::string zipped = test::gzip(kSmall);
  EXPECT_THAT(error_of(zipped.substr(0, zipped.size() / 2)), HasSubstr("gzip data ends too early"));
  EXPECT_THAT(error_of(zipped.substr(0, 2)), HasSubstr("gzip data ends too early"));
  std::string flipped = zipped;
  flipped[flipped.size() - 6] ^= 0x55;  // the checksum of the text
  EXPECT_THAT(error_of(flipped), HasSubstr("gzip data is damaged"));
  EXPECT_THAT(error_of(zipped + "rubbish"), HasSubstr("gzip data is damaged"));
}

TEST(Arpa, EndlessLine) {
  EXPECT_THAT(error_of(test::gzip(std::string(size_t{5} << 20, 'x'))),
              testing::HasSubstr("more than 1 MiB"));
}

}  // namespace
}  // namespace bivox
