#include "models/lm/sphinx_lm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "dsp/core/error.h"
#include "models/lm/arpa.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using test::as_bytes;
using test::make_random_model;
using test::RandomModel;

class SphinxOrders : public testing::TestWithParam<size_t> {};

// The same model as ARPA and as a trie file written bit by bit: the automata must be the same.
TEST_P(SphinxOrders, TurnedTrieEqualsArpa) {
  const RandomModel model = make_random_model(GetParam(), 12, 7);
  const auto arpa = parse_arpa(as_bytes(model.arpa()), "random");
  const auto trie = NgramModel::parse(as_bytes(model.sphinx_trie()), "random.lm.bin");
  ASSERT_EQ(trie->order(), arpa->order());
  ASSERT_EQ(trie->num_states(), arpa->num_states());
  for (int k = 1; k <= arpa->order(); ++k) EXPECT_EQ(trie->num_ngrams(k), arpa->num_ngrams(k));
  for (LmWord word = 0; word < arpa->num_words(); ++word) {
    EXPECT_EQ(trie->word(word), arpa->word(word));
  }
  EXPECT_EQ(trie->begin_state(), arpa->begin_state());
  for (LmState state = 0; state < arpa->num_states(); ++state) {
    for (LmWord word = 0; word < arpa->num_words(); ++word) {
      const auto expected = arpa->step(state, word);
      const auto found = trie->step(state, word);
      ASSERT_NEAR(found.log_prob, expected.log_prob, 2e-5);
      ASSERT_EQ(found.next, expected.next);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, SphinxOrders, testing::Values(1, 2, 3, 4, 5));

// sphinx_lm_convert may state more 2-grams in the header than it writes; the rest is zeros.
TEST(SphinxLm, HeaderMayStateMoreThanIsThere) {
  RandomModel model = make_random_model(2, 12, 7);
  std::string trie = model.sphinx_trie();
  const auto exact = NgramModel::parse(as_bytes(trie), "exact");
  const auto count = static_cast<uint32_t>(model.levels[1].size() + 3);
  trie.replace(24, 4, test::raw(count));
  const size_t row_bits = std::bit_width(model.words.size()) + 16;
  const size_t added = ((count + 1) * row_bits + 7) / 8 - ((count - 2) * row_bits + 7) / 8;
  std::string list;
  for (const std::string& word : model.words) list += word + '\0';
  trie.insert(trie.size() - list.size() - 4, std::string(added, '\0'));
  const auto more = NgramModel::parse(as_bytes(trie), "more");
  EXPECT_EQ(more->num_ngrams(2), exact->num_ngrams(2));
  EXPECT_EQ(more->step(more->begin_state(), 5).log_prob,
            exact->step(exact->begin_state(), 5).log_prob);
}

std::string error_of(const std::string& bytes) {
  try {
    NgramModel::parse(as_bytes(bytes), "lm.bin");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  return "no error";
}

TEST(SphinxLm, DamagedFiles) {
  using testing::HasSubstr;
  using testing::StartsWith;
  const std::string trie = make_random_model(3, 12, 7).sphinx_trie();
  for (size_t size = 19; size < trie.size(); size += size < 100 ? 1 : 997) {
    ASSERT_THAT(error_of(trie.substr(0, size)), StartsWith("lm.bin: ")) << size;
  }
  const auto changed = [&](size_t at, const std::string& bytes) {
    return std::string(trie).replace(at, bytes.size(), bytes);
  };
  EXPECT_THAT(error_of(changed(19, std::string(1, '\x09'))), HasSubstr("order 9, expected 1 to 5"));
  EXPECT_THAT(error_of(changed(20, test::raw(0xffffffffU))),
              HasSubstr("states 4294967295 n-grams"));
  EXPECT_THAT(error_of(changed(20, test::raw(13U))), StartsWith("lm.bin: "));
  const size_t unigrams = 36 + 3 * 65536 * 4;
  EXPECT_THAT(error_of(changed(unigrams, test::raw(NAN))), HasSubstr("not a number"));
  EXPECT_THAT(error_of(changed(unigrams + 12 + 8, test::raw(0x7fffffffU))),
              HasSubstr("point out of range"));
  EXPECT_THAT(error_of(changed(unigrams + 13 * 12, std::string(2, '\xff'))),
              HasSubstr("out of range"));
}

// The model that Debian ships, where it is installed.
TEST(SphinxLm, DebianEnglish) {
  const std::filesystem::path path = "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  const auto lm = NgramModel::load(path);
  EXPECT_EQ(lm->num_words(), 72547U);
  EXPECT_EQ(lm->num_ngrams(2), 2051541U);
  const LmState of = lm->step(NgramModel::kEmptyState, lm->find("of").value()).next;
  EXPECT_NEAR(std::exp(lm->step(of, lm->find("the").value()).log_prob), 0.200, 0.0005);
  // Integers in base 1.0001, from: sphinx_lm_eval -lm en-us.lm.bin -verbose yes
  //   -text "<s> they stood by the gate awhile listening to the rain </s>"
  LmState sentence = lm->begin_state();
  const std::pair<const char*, int> expected[] = {
      {"they", -42721}, {"stood", -89156},   {"by", -30523},         {"the", -19257},
      {"gate", -83935}, {"awhile", -123250}, {"listening", -115020}, {"to", -3839},
      {"the", -16210},  {"rain", -95871},    {"</s>", -14033},
  };
  for (const auto& [word, log_prob] : expected) {
    const auto step = lm->step(sentence, lm->find(word).value());
    EXPECT_NEAR(static_cast<double>(step.log_prob) / std::log(1.0001), log_prob, 1.5) << word;
    sentence = step.next;
  }
  EXPECT_LT(lm->num_bytes(), size_t{48} << 20);
  // A sentence's worth of contexts, each a distribution.
  LmState state = lm->begin_state();
  for (const char* word : {"the", "end", "of", "the", "day"}) {
    state = lm->step(state, lm->find(word).value()).next;
    double sum = 0.0;
    for (LmWord w = 0; w < lm->num_words(); ++w) {
      sum += std::exp(static_cast<double>(lm->step(state, w).log_prob));
    }
    EXPECT_NEAR(sum, 1.0, 0.02) << word;
  }
}

}  // namespace
}  // namespace bivox
