#include "models/lm/kneser_ney.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "dsp/core/error.h"
#include "lm_test_texts.h"

namespace bivox {
namespace {

using Words = std::vector<std::string>;

TrainingText text_of(const std::vector<std::string>& sentences) {
  TrainingText text;
  for (const std::string& sentence : sentences) text.add_sentence(sentence);
  return text;
}

KneserNeyModel train(const std::vector<std::string>& sentences, int order,
                     const KneserNeyOptions& options = {}, size_t max_words = 0) {
  const TrainingText text = text_of(sentences);
  const TrainingVocabulary vocabulary = frequent_words(text, max_words);
  return estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = order}), vocabulary.words,
                             options);
}

std::shared_ptr<const NgramModel> model_of(KneserNeyModel trained) {
  return build_ngram_model(std::move(trained.trie), "test");
}

/// Chen & Goodman's equations over maps, with the conventions in the header.
class Reference {
 public:
  Reference(const std::vector<std::string>& sentences, size_t order)
      : order_(order), counts_(order + 1) {
    vocabulary_ = {"<unk>", "</s>"};
    std::vector<std::map<Words, std::set<std::string>>> before(order + 1);
    for (const std::string& sentence : sentences) {
      Words words = {"<s>"};
      std::istringstream in(sentence);
      for (std::string word; in >> word;) words.push_back(word);
      words.push_back("</s>");
      vocabulary_.insert(words.begin() + 1, words.end());
      for (size_t k = 1; k <= order; ++k) {
        for (size_t i = 0; i + k <= words.size(); ++i) {
          const Words ngram(words.begin() + static_cast<long>(i),
                            words.begin() + static_cast<long>(i + k));
          if (k == order || words[i] == "<s>") {
            ++counts_[k][ngram];
          } else {
            before[k][ngram].insert(words[i - 1]);
          }
        }
      }
    }
    for (size_t k = 1; k < order; ++k) {
      for (const auto& [ngram, words] : before[k])
        counts_[k][ngram] = static_cast<int>(words.size());
    }
    counts_[1].erase(Words{"<s>"});
    for (size_t k = 1; k <= order; ++k) {
      double t[5] = {};
      for (const auto& [ngram, count] : counts_[k]) {
        if (count < 5) t[count] += 1.0;
      }
      const double y = t[1] / (t[1] + 2.0 * t[2]);
      discounts_.push_back({0.0, 1.0 - 2.0 * y * t[2] / t[1], 2.0 - 3.0 * y * t[3] / t[2],
                            3.0 - 4.0 * y * t[4] / t[3]});
    }
  }

  double prob(Words history, const std::string& word) const {
    if (history.size() > order_ - 1) {
      history.erase(history.begin(), history.end() - static_cast<long>(order_ - 1));
    }
    const size_t k = history.size() + 1;
    double total = 0.0;
    double taken = 0.0;
    double kept = 0.0;
    for (const auto& [ngram, count] : counts_[k]) {
      if (!std::equal(history.begin(), history.end(), ngram.begin())) continue;
      const double discount = discounts_[k - 1][static_cast<size_t>(std::min(count, 3))];
      total += count;
      taken += discount;
      if (ngram.back() == word) kept = count - discount;
    }
    const double lower = history.empty() ? 1.0 / static_cast<double>(vocabulary_.size())
                                         : prob(Words(history.begin() + 1, history.end()), word);
    return total == 0.0 ? lower : kept / total + taken / total * lower;
  }

  const std::set<std::string>& vocabulary() const { return vocabulary_; }
  const std::vector<Discounts>& discounts() const { return discounts_; }

 private:
  size_t order_;
  std::vector<std::map<Words, int>> counts_;
  std::set<std::string> vocabulary_;
  std::vector<Discounts> discounts_;
};

TEST(KneserNey, AgreesWithTheEquations) {
  const auto sentences = test::random_sentences(700, 60, 5);
  for (int order = 1; order <= 4; ++order) {
    const Reference reference(sentences, static_cast<size_t>(order));
    KneserNeyModel trained = train(sentences, order);
    for (size_t k = 0; k < trained.discounts.size(); ++k) {
      for (size_t j = 1; j <= 3; ++j) {
        EXPECT_NEAR(trained.discounts[k][j], reference.discounts()[k][j], 1e-12);
      }
    }
    const auto model = model_of(std::move(trained));
    ASSERT_EQ(model->order(), order);
    EXPECT_EQ(model->num_words(), reference.vocabulary().size() + 1);
    std::mt19937 random(1);
    for (int i = 0; i < 60; ++i) {
      std::istringstream in(sentences[random() % sentences.size()]);
      Words history = {"<s>"};
      LmState state = model->begin_state();
      for (std::string word; in >> word;) {
        for (const std::string& next :
             {word, std::string("</s>"), std::string("<unk>"), std::string("w13")}) {
          const double expected = reference.prob(history, next);
          const auto step = model->step(state, model->find(next).value());
          EXPECT_NEAR(std::exp(static_cast<double>(step.log_prob)) / expected, 1.0, 2e-5)
              << order << "-gram " << next;
        }
        history.push_back(word);
        state = model->step(state, model->find(word).value()).next;
        if (random() % 3 == 0) break;
      }
    }
  }
}

TEST(KneserNey, ProbabilitiesOfEveryHistorySumToOne) {
  const auto sentences = test::random_sentences(3000, 300, 7);
  for (int order = 1; order <= 5; ++order) {
    EXPECT_LT(test::worst_sum(*model_of(train(sentences, order)), 300, 11), 2e-5) << order;
  }
  // With a vocabulary that leaves words out, and with coarse quantization.
  KneserNeyModel trained = train(sentences, 3, {.allow_fallback = true}, 100);
  EXPECT_LT(test::worst_sum(*build_ngram_model(trained.trie, "coarse", 1024), 300, 11), 1e-3);
  const auto model = model_of(std::move(trained));
  EXPECT_EQ(model->num_words(), 103U);
  EXPECT_LT(test::worst_sum(*model, 300, 11), 2e-5);
}

TEST(KneserNey, UnknownWordGetsTheUniformShare) {
  const auto model = model_of(train(test::random_sentences(700, 60, 5), 2));
  // <unk> never occurs, so no word is less likely.
  const float unknown = model->unigram_log_prob(model->unknown().value());
  for (LmWord w = 0; w < model->num_words(); ++w) {
    if (w == model->sentence_begin()) continue;
    EXPECT_GE(model->unigram_log_prob(w), unknown);
  }
  EXPECT_LT(model->unigram_log_prob(model->sentence_begin().value()), -200.0F);
}

TEST(KneserNey, TooLittleTextIsAnErrorUnlessAFallbackIsAllowed) {
  const std::vector<std::string> sentences = {"a b c", "a b d"};
  try {
    train(sentences, 3);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), testing::HasSubstr("1-grams cannot be estimated"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("--discount-fallback"));
  }
  KneserNeyModel trained = train(sentences, 3, {.allow_fallback = true});
  EXPECT_THAT(trained.fallback_orders, testing::ElementsAre(1, 2, 3));
  const auto model = model_of(std::move(trained));
  EXPECT_LT(test::worst_sum(*model, 50, 3), 1e-5);
  // a(b) = 1 (only after a), of 1 + 1 + 1 + 1 + 2 (</s> after c and d): D1 = 0.5, D2 = 1.
  const double weight = (4 * 0.5 + 1.0) / 6.0;
  EXPECT_NEAR(std::exp(static_cast<double>(model->unigram_log_prob(model->find("b").value()))),
              0.5 / 6.0 + weight / 6.0, 1e-6);
}

TEST(KneserNey, NoWordsIsAnError) {
  EXPECT_THROW(train({}, 3), Error);
  EXPECT_THROW(train({"  ", "<s> </s>"}, 3), Error);
}

}  // namespace
}  // namespace bivox
