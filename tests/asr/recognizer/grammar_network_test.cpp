// Command mode on the small task of the search tests: what is of the grammar is found as exhaustive
// search finds it, what is not is rejected.
#include "asr/recognizer/grammar_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../search/search_fixture.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

using test::exhaustive_options;
using test::SmallTask;
using test::TableScores;

const std::string kCommands = "ab ba\nba ab ba\nc\ncad\n";

std::vector<FillerWord> silence() { return {{"<sil>", 0}}; }

std::vector<std::string> words_of(const SearchNetwork& network, const DecoderResult& result) {
  std::vector<std::string> words;
  for (const DecodedWord& word : result.words) words.push_back(network.text(word.word));
  return words;
}

DecoderOptions options() { return grammar_decoder_options(exhaustive_options()); }

std::shared_ptr<const SearchNetwork> network_of(const SmallTask& task, const Grammar& grammar,
                                                std::optional<float> odds) {
  return make_grammar_network(task.hmms, silence(), task.network->lexicon(), grammar, odds,
                              options());
}

/// Scores of one way through the states of these phones, so that nothing else comes near.
TableScores spoken(const SmallTask& task, const std::vector<const char*>& phones) {
  std::vector<PhoneId> ids = {0};
  for (const char* phone : phones) ids.push_back(*task.hmms->phones().find(phone));
  ids.push_back(0);
  std::vector<StateId> states;
  for (size_t i = 0; i < ids.size(); ++i) {
    // As the words of the grammar are spoken alone, the edges have silence on one side.
    const PhoneId left = i > 0 ? ids[i - 1] : PhoneId{0};
    const PhoneId right = i + 1 < ids.size() ? ids[i + 1] : PhoneId{0};
    WordPosition position = WordPosition::kInternal;
    if (ids.size() == 3 || ids[i] == 0) {
      position = WordPosition::kSingle;
    } else if (i == 1) {
      position = WordPosition::kBegin;
    } else if (i + 2 == ids.size()) {
      position = WordPosition::kEnd;
    }
    const HmmId hmm = ids[i] == 0 ? task.hmms->hmm(WordPosition::kSingle, 0, 0, 0)
                                  : task.hmms->hmm(position, ids[i], left, right);
    for (const StateId state : task.hmms->states(hmm)) states.insert(states.end(), 2, state);
  }
  FeatureMatrix table(static_cast<int>(states.size()), task.hmms->num_states());
  table.setConstant(-30.0F);
  for (size_t t = 0; t < states.size(); ++t) {
    table(static_cast<Eigen::Index>(t), states[t]) = -1.0F;
  }
  return TableScores(table);
}

TEST(GrammarNetwork, RandomScoresGiveTheBestSentenceOfTheGrammar) {
  const SmallTask task;
  const auto all = Grammar::parse(kCommands, "commands");
  const auto network = network_of(task, *all, std::nullopt);
  for (uint32_t seed = 0; seed < 20; ++seed) {
    TableScores scores = task.random_scores(40, seed);
    // Each sentence as a grammar of its own; the best of them is what the whole must find.
    double best = -std::numeric_limits<double>::infinity();
    std::string best_text;
    for (const char* sentence : {"ab ba", "ba ab ba", "c", "cad"}) {
      const auto one = Grammar::parse(sentence, "one");
      Decoder decoder(network_of(task, *one, std::nullopt), options());
      const DecoderResult result = decoder.decode(scores);
      // Alone it is certain; among four it has a quarter of the probability.
      const double score = result.log_score + 3.0 * std::log(0.25);
      if (result.complete && score > best) {
        best = score;
        best_text = sentence;
      }
    }
    Decoder decoder(network, options());
    const DecoderResult result = decoder.decode(scores);
    ASSERT_TRUE(result.complete);
    std::string text;
    for (const std::string& word : words_of(*network, result)) {
      text += (text.empty() ? "" : " ") + word;
    }
    EXPECT_EQ(text, best_text) << seed;
    EXPECT_NEAR(result.log_score, best, 1e-2) << seed;
  }
}

TEST(GrammarNetwork, OrdinaryBeamsKeepSilenceAfterTheLastWord) {
  const SmallTask task;
  const auto grammar = Grammar::parse(kCommands, "commands");
  const auto network = network_of(task, *grammar, std::nullopt);
  DecoderOptions narrow = options();
  narrow.beam = narrow.word_beam = narrow.leaf_beam = 100.0F;
  Decoder decoder(network, narrow);
  TableScores scores = spoken(task, {"C", "A", "D"});
  const DecoderResult result = decoder.decode(scores);
  EXPECT_TRUE(result.complete);
  EXPECT_THAT(words_of(*network, result), testing::ElementsAre("cad"));
}

TEST(GrammarNetwork, WhatIsNotOfTheGrammarIsRejected) {
  const SmallTask task;
  const auto grammar = Grammar::parse("ab\ncad\n", "commands");
  const auto closed = network_of(task, *grammar, std::nullopt);
  const auto open = network_of(task, *grammar, 0.3F);
  const auto heard = [&](const SearchNetwork& network, TableScores scores) {
    Decoder decoder(std::shared_ptr<const SearchNetwork>(&network, [](const auto*) {}), options());
    const DecoderResult result = decoder.decode(scores);
    EXPECT_TRUE(result.complete);
    return words_of(network, result);
  };
  EXPECT_THAT(heard(*open, spoken(task, {"C", "A", "D"})), testing::ElementsAre("cad"));
  EXPECT_FALSE(heard(*closed, spoken(task, {"B"})).empty());
  const std::vector<std::string> phones = heard(*open, spoken(task, {"B"}));
  ASSERT_FALSE(phones.empty());
  for (const std::string& phone : phones) EXPECT_TRUE(phone.starts_with("<phone ")) << phone;
  EXPECT_FALSE(grammar->accept(phones));
}

TEST(GrammarNetwork, HigherOddsRejectLess) {
  const SmallTask task;
  const auto grammar = Grammar::parse("ab\ncad\n", "commands");
  int before = -1;
  for (const float odds : {0.0F, 0.5F, 2.5F, 50.0F}) {
    const auto network = network_of(task, *grammar, odds);
    Decoder decoder(network, options());
    int accepted = 0;
    for (uint32_t seed = 0; seed < 30; ++seed) {
      TableScores scores = task.random_scores(30, seed);
      const std::vector<std::string> words = words_of(*network, decoder.decode(scores));
      accepted += static_cast<int>(!words.empty() && grammar->accept(words).has_value());
    }
    EXPECT_GE(accepted, before);
    before = accepted;
  }
  EXPECT_EQ(before, 30);
}

// A model whose scores are four times as large, of posteriors at a quarter of the scale, is the
// same model: it must take and reject the same. Transitions are no part of what is scaled, so they
// are small beside the scores here.
TEST(GrammarNetwork, OddsMeanTheSameAtAnyScaleOfScores) {
  const SmallTask task;
  const auto grammar = Grammar::parse("ab\ncad\n", "commands");
  int rejected = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    std::vector<std::vector<std::string>> heard;
    for (const float factor : {1.0F, 4.0F}) {
      DecoderOptions scaled = exhaustive_options();
      scaled.posterior_scale /= factor;
      scaled.language_weight *= factor;
      scaled.pronunciation_weight *= factor;
      scaled.silence_penalty *= factor;
      scaled = grammar_decoder_options(scaled);
      const auto network = make_grammar_network(task.hmms, silence(), task.network->lexicon(),
                                                *grammar, 4.0F, scaled);
      TableScores scores(task.random_scores(30, seed).table() * (10.0F * factor));
      Decoder decoder(network, scaled);
      heard.push_back(words_of(*network, decoder.decode(scores)));
    }
    EXPECT_EQ(heard[0], heard[1]) << seed;
    rejected += static_cast<int>(!grammar->accept(heard[0]).has_value());
  }
  EXPECT_GT(rejected, 5);
  EXPECT_LT(rejected, 35);
}

TEST(GrammarNetwork, WordsAreFoundInAnyCaseAndMissingOnesNamed) {
  const SmallTask task;
  const auto grammar = Grammar::parse("AB Ba\nnowhere\nab nothing\n", "list.txt");
  EXPECT_THAT(words_without_pronunciation(*grammar, task.network->lexicon()),
              testing::ElementsAre("nowhere", "nothing"));
  try {
    network_of(task, *grammar, std::nullopt);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(),
                testing::HasSubstr("list.txt: no pronunciation for: nowhere, nothing"));
  }
  const auto known = Grammar::parse("AB Ba\n", "list.txt");
  const auto network = network_of(task, *known, std::nullopt);
  EXPECT_EQ(network->lexicon().num_words(), 2);
  EXPECT_TRUE(network->lexicon().find("AB"));
}

}  // namespace
}  // namespace bivox
