#include "models/lm/lm_mixture.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "lm_test_texts.h"
#include "models/lm/kneser_ney.h"
#include "models/lm/perplexity.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

std::shared_ptr<const NgramModel> train(const std::vector<std::string>& sentences, int order) {
  TrainingText text;
  for (const std::string& sentence : sentences) text.add_sentence(sentence);
  const TrainingVocabulary vocabulary = frequent_words(text);
  return build_ngram_model(
      estimate_kneser_ney(count_ngrams(text, vocabulary, {.order = order}), vocabulary.words).trie,
      "part");
}

std::string joined(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + '\n';
  return text;
}

double perplexity(const NgramModel& model, const std::string& text) {
  TextLines lines(test::as_bytes(text), "text");
  return score_text(model, lines).perplexity_of_known();
}

TEST(LmMixture, ListedNgramsAreInterpolatedAndSumsAreOne) {
  const auto first = train(test::random_sentences(2000, 150, 1), 3);
  auto sentences = test::random_sentences(2000, 150, 2);
  for (std::string& sentence : sentences)
    sentence += " other w3 unique" + std::to_string(sentence.size());
  const auto second = train(sentences, 2);
  const std::vector<std::shared_ptr<const NgramModel>> models = {first, second};
  const std::vector<double> weights = {0.7, 0.3};
  const BackoffTrie trie = mix_models(models, weights);
  const auto mixed = build_ngram_model(trie, "mixed");
  EXPECT_EQ(mixed->order(), 3);
  EXPECT_LT(test::worst_sum(*mixed, 300, 5), 2e-5);
  EXPECT_GE(mixed->num_ngrams(2), std::max(first->num_ngrams(2), second->num_ngrams(2)));
  // Every bigram that is listed: the interpolation, words a model lacks at 0.
  size_t checked = 0;
  for (LmWord c = 0; c < mixed->num_words(); c += 7) {
    const LmState state = mixed->step(0, c).next;
    if (state == 0) continue;
    mixed->for_each_successor(state, [&](LmWord w, float log_prob) {
      double expected = 0.0;
      for (size_t m = 0; m < 2; ++m) {
        const auto word = models[m]->find(mixed->word(w));
        if (!word) continue;
        const auto context = models[m]->find(mixed->word(c));
        const LmState from = models[m]->step(0, context.value_or(*models[m]->unknown())).next;
        expected +=
            weights[m] * std::exp(static_cast<double>(models[m]->step(from, *word).log_prob));
      }
      EXPECT_NEAR(std::exp(static_cast<double>(log_prob)) / expected, 1.0, 1e-4);
      ++checked;
    });
  }
  EXPECT_GT(checked, 200U);
}

TEST(LmMixture, OneModelAloneStaysAsItIs) {
  const auto model = train(test::random_sentences(2000, 150, 1), 3);
  const std::vector<std::shared_ptr<const NgramModel>> models = {model};
  const auto same = build_ngram_model(mix_models(models, std::vector<double>{1.0}), "same");
  const std::string text = joined(test::random_sentences(300, 150, 8));
  EXPECT_NEAR(perplexity(*same, text), perplexity(*model, text), 1e-2);
}

TEST(LmMixture, TunedWeightsAreTheBest) {
  const auto first = train(test::random_sentences(2000, 60, 1), 2);
  auto sentences = test::random_sentences(2000, 60, 2);
  for (std::string& sentence : sentences) sentence = "w9 w9 " + sentence + " w9";
  const auto second = train(sentences, 2);
  const std::vector<std::shared_ptr<const NgramModel>> models = {first, second};
  auto held_out = test::random_sentences(400, 60, 3);
  for (size_t i = 0; i < 100; ++i) held_out[i] = "w9 w9 " + held_out[i] + " w9";
  const std::string text = joined(held_out);
  TextLines lines(test::as_bytes(text), "text");
  const MixtureWeights tuned = tune_mixture(models, lines);
  ASSERT_EQ(tuned.weights.size(), 2U);
  EXPECT_NEAR(tuned.weights[0] + tuned.weights[1], 1.0, 1e-9);
  EXPECT_GT(tuned.weights[0], 0.1);
  EXPECT_GT(tuned.weights[1], 0.1);
  EXPECT_LT(tuned.perplexity, std::min(tuned.of_model[0], tuned.of_model[1]));
  const auto at = [&](double weight) {
    const std::vector<double> weights = {weight, 1.0 - weight};
    return perplexity(*build_ngram_model(mix_models(models, weights), "mixed"), text);
  };
  const double best = at(tuned.weights[0]);
  EXPECT_NEAR(best, tuned.perplexity, 0.02 * best);  // backing off is not the interpolation
  EXPECT_LT(best, at(std::min(1.0, tuned.weights[0] + 0.2)));
  EXPECT_LT(best, at(std::max(0.0, tuned.weights[0] - 0.2)));
}

TEST(LmMixture, Errors) {
  const auto model = train(test::random_sentences(1000, 60, 1), 2);
  const std::vector<std::shared_ptr<const NgramModel>> models = {model, model};
  EXPECT_THROW(mix_models(models, std::vector<double>{0.5, 0.6}), Error);
  EXPECT_THROW(mix_models(models, std::vector<double>{1.5, -0.5}), Error);
  EXPECT_THROW(mix_models(models, std::vector<double>{1.0}), Error);
  const std::string text = "nothing known\n";
  TextLines lines(test::as_bytes(text), "text");
  // The sentence end is known.
  EXPECT_NO_THROW(tune_mixture(models, lines));
  const std::string empty;
  TextLines none(test::as_bytes(empty), "text");
  EXPECT_THROW(tune_mixture(models, none), Error);
}

TEST(LmMixture, ContextsThatLeaveNothingForBackingOff) {
  const std::string arpa =
      "\\data\\\nngram 1=4\nngram 2=1\n\n\\1-grams:\n-99 <s>\n-0.30103 </s>\n-0.60206 a -90\n"
      "-0.60206 b\n\n\\2-grams:\n0 a b\n\n\\end\\\n";
  const auto model = NgramModel::parse(test::as_bytes(arpa), "certain");
  const std::vector<std::shared_ptr<const NgramModel>> models = {model, model};
  const auto mixed =
      build_ngram_model(mix_models(models, std::vector<double>{0.25, 0.75}), "mixed");
  EXPECT_LT(test::worst_sum(*mixed, 50, 1), 2e-4);
}

}  // namespace
}  // namespace bivox
