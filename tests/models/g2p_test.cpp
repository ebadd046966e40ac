// The pronunciation model: its symbols, alignment, n-gram, search, file and training. The bundled
// model is tested on words that everyone can check.
#include "models/lexicon/g2p.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include <zlib.h>

#include "dsp/core/error.h"
#include "models/lexicon/g2p_alignment.h"
#include "models/lexicon/g2p_estimator.h"
#include "models/lexicon/g2p_parts.h"
#include "models/lexicon/g2p_ranker_training.h"
#include "models/lexicon/g2p_training.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Small, but with silent letters, x (two phones), doubled letters, digraphs and two readings.
constexpr std::string_view kTiny =
    "b B IY1\nc S IY1\nn EH1 N\n"
    "cat K AE1 T\ncats K AE1 T S\nbat B AE1 T\nbats B AE1 T S\ntab T AE1 B\n"
    "tax T AE1 K S\ntaxi T AE1 K S IY0\nbite B AY1 T\nbit B IH1 T\nsite S AY1 T\nsit S IH1 T\n"
    "phone F OW1 N\nphone(2) F AO1 N\nphonetic F AH0 N EH1 T IH0 K\nchat CH AE1 T\n"
    "chit CH IH1 T\nmatter M AE1 T ER0\nbatter B AE1 T ER0\nhat HH AE1 T\nmat M AE1 T\n"
    "mate M EY1 T\nhate HH EY1 T\nate EY1 T\n";

G2pDictionary tiny_dictionary(std::string_view text = kTiny) {
  PhoneSet phones;
  const Lexicon lexicon = Lexicon::parse_open(text, phones, "tiny.dict");
  return g2p_dictionary(lexicon, phones);
}

std::shared_ptr<const G2pModel> tiny_model() {
  static const auto kModel = train_g2p(tiny_dictionary(), {}, nullptr);
  return kModel;
}

std::string phones_of(const G2pModel& model, std::string_view word) {
  std::string joined;
  for (const G2pResult& result : model.pronounce(word)) {
    for (const std::string& phone : result.phones) joined += (joined.empty() ? "" : " ") + phone;
  }
  return joined;
}

std::string letters_of(std::string_view word) {
  std::string text;
  for (const uint8_t letter : g2p_letters(word)) text += static_cast<char>('a' + letter);
  return text;
}

TEST(G2pLetters, StripCaseDiacriticsAndSigns) {
  EXPECT_EQ(letters_of("O'Neil-Smith"), "oneilsmith");
  EXPECT_EQ(letters_of("Žižek"), "zizek");
  EXPECT_EQ(letters_of("Øresund"), "oresund");
  EXPECT_EQ(letters_of("Straße"), "strasse");
  EXPECT_EQ(letters_of("Æsop"), "aesop");
  EXPECT_EQ(letters_of("ŒUVRE"), "oeuvre");
  EXPECT_EQ(letters_of("Łódź"), "lodz");
  EXPECT_EQ(letters_of("42"), "");
  EXPECT_EQ(letters_of("日本"), "");
  EXPECT_EQ(letters_of("a\xC3"), "a") << "cut off within a character";
}

TEST(G2pUnits, RangesHoldExactlyTheUnitsOfTheLetters) {
  const G2pUnits units({"K", "AE1"}, {{{2, kG2pNone}, {0, kG2pNone}},
                                      {{0, kG2pNone}, {1, kG2pNone}},
                                      {{2, 10}, {0, kG2pNone}},
                                      {{2, kG2pNone}, {kG2pNone, kG2pNone}}});
  EXPECT_EQ(units.num_pairs(), 4);
  EXPECT_EQ(units.one(2).last - units.one(2).first, 2);
  EXPECT_EQ(units.two(2, 10).last - units.two(2, 10).first, 1);
  EXPECT_EQ(units.one(1).first, units.one(1).last);
  for (int i = 0; i < units.num_pairs(); ++i) {
    const auto unit = static_cast<G2pUnit>(i);
    EXPECT_EQ(units.find(units.pair(unit)), unit);
  }
}

TEST(G2pAlignment, CutsAWordWhereItsSoundsEnd) {
  const G2pDictionary dictionary = tiny_dictionary();
  std::vector<G2pEntry> entries;
  for (const G2pWord& word : dictionary.words) {
    for (const auto& phones : word.pronunciations) entries.push_back({word.letters, phones});
  }
  entries.push_back({{0}, {0, 1, 2}});  // a letter makes two phones at most
  const auto alignments = align_g2p(entries, dictionary.phones, {}, nullptr);
  ASSERT_EQ(alignments.size(), entries.size());
  EXPECT_TRUE(alignments.back().empty());
  for (size_t e = 0; e + 1 < entries.size(); ++e) {
    std::vector<uint8_t> letters;
    std::vector<uint8_t> phones;
    for (const G2pPair& pair : alignments[e]) {
      for (int i = 0; i < pair.num_letters(); ++i) letters.push_back(pair.letters[i]);
      for (int i = 0; i < pair.num_phones(); ++i) phones.push_back(pair.phones[i]);
    }
    EXPECT_EQ(letters, entries[e].letters);
    EXPECT_EQ(phones, entries[e].phones);
  }
  // tax: the x alone makes K S.
  const auto tax = std::find_if(entries.begin(), entries.end(), [](const G2pEntry& entry) {
    return entry.letters == g2p_letters("tax");
  });
  const G2pAlignment& cut = alignments[static_cast<size_t>(tax - entries.begin())];
  ASSERT_EQ(cut.size(), 3U);
  EXPECT_EQ(cut[2].num_phones(), 2);
}

// Probabilities of every context sum to one: pruned or not, whatever was seen.
TEST(G2pNgram, EveryHistorySumsToOne) {
  std::mt19937_64 random(7);
  constexpr int kUnits = 9;
  std::vector<std::vector<G2pUnit>> sequences(200);
  for (auto& sequence : sequences) {
    for (size_t length = 1 + random() % 7; length > 0; --length) {
      sequence.push_back(static_cast<G2pUnit>(std::min(random() % kUnits, random() % kUnits)));
    }
  }
  for (const double threshold : {0.0, 1e-4, 1e-2}) {
    G2pEstimatorOptions options;
    options.order = 4;
    options.threshold = threshold;
    const auto nodes = estimate_g2p(sequences, kUnits + 2, options);
    const G2pNgram ngram(nodes, kUnits + 2);
    for (int trial = 0; trial < 200; ++trial) {
      G2pNgram::State state = ngram.after(kUnits + 1);
      for (size_t steps = random() % 6; steps > 0; --steps) {
        ngram.step(state, static_cast<G2pUnit>(random() % kUnits), state);
      }
      double sum = 0.0;
      for (int u = 0; u <= kUnits; ++u) {
        G2pNgram::State next = 0;
        sum += std::exp(ngram.step(state, static_cast<G2pUnit>(u), next));
      }
      EXPECT_NEAR(sum, 1.0, 0.02) << "threshold " << threshold;  // 8-bit codes
    }
  }
}

TEST(G2pNgram, PruningDropsAndNeverAdds) {
  const auto model = tiny_model();
  G2pTrainingOptions options;
  options.ngram.threshold = 1e-3;
  const auto pruned = train_g2p(tiny_dictionary(), options, nullptr);
  EXPECT_LT(pruned->parts().forward.num_ngrams(), model->parts().forward.num_ngrams());
}

TEST(G2pNgram, ExpandAgreesWithStep) {
  const G2pModel::Parts& parts = tiny_model()->parts();
  std::vector<uint8_t> seen(static_cast<size_t>(parts.forward.num_symbols()), 0);
  G2pNgram::State state = parts.forward.after(parts.units.word_begin());
  for (const uint8_t letter : g2p_letters("cat")) {
    const G2pUnits::Range range = parts.units.one(letter);
    int expanded = 0;
    G2pNgram::State last = state;
    parts.forward.expand(
        state, range, seen, [] { return -100.0F; },
        [&](G2pUnit unit, float log_prob, G2pNgram::State next) {
          G2pNgram::State stepped = 0;
          EXPECT_FLOAT_EQ(parts.forward.step(state, unit, stepped), log_prob);
          EXPECT_EQ(stepped, next);
          last = next;
          ++expanded;
        });
    EXPECT_EQ(expanded, range.last - range.first);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 0);
    state = last;
  }
}

TEST(G2pModel, RecoversWhatItLearnt) {
  const auto model = tiny_model();
  EXPECT_EQ(phones_of(*model, "cat"), "K AE1 T");
  EXPECT_EQ(phones_of(*model, "TAXI"), "T AE1 K S IY0");
  EXPECT_EQ(phones_of(*model, "bite"), "B AY1 T");
  EXPECT_EQ(phones_of(*model, "phonetic"), "F AH0 N EH1 T IH0 K");
  EXPECT_EQ(phones_of(*model, "cha't"), "CH AE1 T");
  const G2pErrors errors = evaluate_g2p(*model, tiny_dictionary(), nullptr);
  EXPECT_EQ(errors.words, tiny_dictionary().words.size());
  EXPECT_EQ(errors.wrong_words, 0U);
  EXPECT_EQ(errors.wrong_phones_stress, 0U);
}

TEST(G2pModel, GeneralizesToNewWords) {
  EXPECT_EQ(phones_of(*tiny_model(), "chats"), "CH AE1 T S");
  EXPECT_EQ(phones_of(*tiny_model(), "hatter"), "HH AE1 T ER0");
}

TEST(G2pModel, SpellsInitialisms) {
  EXPECT_EQ(phones_of(*tiny_model(), "BNC"), "B IY2 EH2 N S IY1");
  EXPECT_EQ(phones_of(*tiny_model(), "b"), "B IY1");
}

TEST(G2pModel, WordsWithoutLettersHaveNoPronunciation) {
  EXPECT_TRUE(tiny_model()->pronounce("").empty());
  EXPECT_TRUE(tiny_model()->pronounce("1984").empty());
  // z was never seen: no way to read it, and no reason to fail.
  EXPECT_TRUE(tiny_model()->pronounce("zoo").empty());
}

TEST(G2pModel, NbestIsSortedDifferentAndAProbability) {
  for (const char* word : {"phone", "mate", "chatbit", "site", "matterbat"}) {
    const auto results = tiny_model()->pronounce(word, 8);
    ASSERT_FALSE(results.empty()) << word;
    EXPECT_LE(results.size(), 8U);
    float sum = 0.0F;
    std::vector<std::vector<std::string>> bare;
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_LE(results[i].confidence, i > 0 ? results[i - 1].confidence : 1.0F);
      EXPECT_GE(results[i].confidence, 0.0F);
      EXPECT_LT(results[i].log_prob, 0.0F);
      sum += results[i].confidence;
      auto phones = results[i].phones;
      for (auto& phone : phones) phone = std::string(without_stress(phone));
      EXPECT_EQ(std::count(bare.begin(), bare.end(), phones), 0);
      bare.push_back(phones);
    }
    EXPECT_LE(sum, 1.0F + 1e-5F);
  }
  const auto phone = tiny_model()->pronounce("phone", 2);
  ASSERT_EQ(phone.size(), 2U);
  EXPECT_THAT((std::vector{phone[0].phones[1], phone[1].phones[1]}),
              testing::UnorderedElementsAre("OW1", "AO1"));
}

// The search adds up the cuts of the letters: with a beam that drops nothing, the probabilities of
// all pronunciations of a word are those of all paths, found here one by one.
TEST(G2pDecoder, SumsOverAlignments) {
  const G2pModel::Parts& parts = tiny_model()->parts();
  const std::vector<uint8_t> letters = g2p_letters("tax");
  double all_paths = 0.0;
  const std::function<void(size_t, G2pNgram::State, double)> walk = [&](size_t at, auto state,
                                                                        double log_prob) {
    G2pNgram::State next = 0;
    if (at == letters.size()) {
      all_paths += std::exp(log_prob + parts.forward.step(state, parts.units.word_end(), next));
      return;
    }
    for (const size_t take : {1, 2}) {
      if (at + take > letters.size()) continue;
      const G2pUnits::Range range =
          take == 1 ? parts.units.one(letters[at]) : parts.units.two(letters[at], letters[at + 1]);
      for (G2pUnit unit = range.first; unit < range.last; ++unit) {
        const float step = parts.forward.step(state, unit, next);
        walk(at + take, next, log_prob + step);
      }
    }
  };
  walk(0, parts.forward.after(parts.units.word_begin()), 0.0);
  G2pDecoder decoder(parts.units, parts.forward);
  double found = 0.0;
  for (const G2pCandidate& candidate : decoder.decode(letters, {1000.0F, 1'000'000})) {
    found += std::exp(candidate.log_prob);
  }
  EXPECT_GT(all_paths, 0.0);
  EXPECT_NEAR(found / all_paths, 1.0, 1e-4);
}

// Two candidates for each word, one always the more likely to the n-grams and always wrong: the
// ranker learns to prefer the other, for words that it has not seen too.
TEST(G2pRanker, LearnsWhatTheNgramsGetWrong) {
  const G2pUnits units({"K", "S"},
                       {{{2, kG2pNone}, {0, kG2pNone}}, {{2, kG2pNone}, {1, kG2pNone}}});
  const auto word = [](std::vector<uint8_t> letters) {
    const size_t length = letters.size();
    G2pRankedWord made{std::move(letters), {}};
    made.candidates.push_back({std::vector<G2pUnit>(length, 0), -1.0F, -1.0F, false});
    made.candidates.push_back({std::vector<G2pUnit>(length, 1), -3.0F, -3.0F, true});
    return made;
  };
  const auto prefers_right = [&](const G2pRanker& ranker, const G2pRankedWord& ranked) {
    const auto score = [&](const G2pRankedCandidate& candidate) {
      return ranker.score(units, ranked.letters, candidate.path, candidate.forward_log_prob,
                          candidate.backward_log_prob);
    };
    return score(ranked.candidates[1]) > score(ranked.candidates[0]);
  };
  const G2pRankedWord unseen = word({2, 2, 2, 2});
  EXPECT_FALSE(prefers_right(G2pRanker(), unseen));
  std::vector<G2pRankedWord> words;
  for (int i = 0; i < 50; ++i) words.push_back(word(std::vector<uint8_t>(1 + i % 3, 2)));
  const G2pRanker ranker = train_g2p_ranker(units, words, {}, nullptr);
  EXPECT_TRUE(prefers_right(ranker, unseen));

  std::string bytes;
  ranker.write(bytes);
  std::string_view rest = bytes;
  const G2pRanker copy = G2pRanker::read(rest, "copy");
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(prefers_right(copy, unseen));
}

TEST(G2pModel, AbsurdlyLongWordsEnd) {
  const std::string word(1'000'000, 'a');
  EXPECT_LE(tiny_model()->pronounce(word).front().phones.size(), 200U);
}

TEST(G2pModel, FileRoundTrip) {
  const auto model = tiny_model();
  const std::string bytes = model->serialize();
  const auto read = G2pModel::parse(bytes, "copy");
  EXPECT_EQ(read->serialize(), bytes);
  for (const G2pWord& word : tiny_dictionary().words) {
    const auto before = model->pronounce(word.word, 5);
    const auto after = read->pronounce(word.word, 5);
    ASSERT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].phones, after[i].phones);
      EXPECT_EQ(before[i].confidence, after[i].confidence);
    }
  }
}

std::string message_of(std::string_view bytes) {
  try {
    G2pModel::parse(bytes, "bad.bin");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "no error";
}

TEST(G2pModel, MalformedFilesAreErrors) {
  const std::string bytes = tiny_model()->serialize();
  EXPECT_THAT(message_of(""), HasSubstr("bad.bin: not a pronunciation model"));
  EXPECT_THAT(message_of("BIVOXG2P"), HasSubstr("ends too early"));
  EXPECT_THAT(message_of(bytes.substr(0, bytes.size() / 2)), HasSubstr("checksum"));
  EXPECT_THAT(message_of(bytes + "x"), HasSubstr("checksum"));
  std::string flipped = bytes;
  flipped[bytes.size() / 2] ^= 0x10;
  EXPECT_THAT(message_of(flipped), HasSubstr("checksum"));
  std::string version = bytes;
  version[8] = 99;
  EXPECT_THAT(message_of(version), HasSubstr("version 99"));
  EXPECT_THROW(G2pModel::load("no/such/model"), Error);
  // Damage that the checksum does not show.
  const auto resealed = [](std::string model) {
    const auto crc = static_cast<uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(model.data()) + 16, model.size() - 16));
    for (size_t i = 0; i < 4; ++i) model[12 + i] = static_cast<char>(crc >> (8 * i));
    return model;
  };
  EXPECT_EQ(resealed(bytes), bytes);
  EXPECT_THAT(message_of(resealed(bytes + "x")), HasSubstr("bad.bin"));
  EXPECT_THAT(message_of(resealed(bytes.substr(0, bytes.size() - 1))), HasSubstr("bad.bin"));
  int refused = 0;
  for (size_t at = 16; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] ^= 0x41;
    damaged = resealed(damaged);
    try {
      G2pModel::parse(damaged, "damaged")->pronounce("cats", 3);  // what is accepted can be used
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(G2pTraining, DictionariesNobodyCanLearnFrom) {
  PhoneSet phones;
  try {
    Lexicon::parse_open("cat K AE1 T\ndog\n", phones, "my.dict");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("my.dict:2:"));
  }
  EXPECT_THROW(tiny_dictionary("42 F AO1 R\n"), Error);
  EXPECT_THROW(train_g2p(tiny_dictionary("a B C D E F\n"), {}, nullptr), Error);
}

TEST(G2pTraining, HeldOutSplitIsSeededAndComplete) {
  const G2pDictionary dictionary = tiny_dictionary();
  const auto [known, held] = hold_out(dictionary, 0.25, 3);
  EXPECT_EQ(known.words.size() + held.words.size(), dictionary.words.size());
  EXPECT_EQ(held.words.size(), dictionary.words.size() / 4);
  const auto again = hold_out(dictionary, 0.25, 3).second;
  const auto other = hold_out(dictionary, 0.25, 4).second;
  const auto names = [](const G2pDictionary& words) {
    std::vector<std::string> list;
    for (const G2pWord& word : words.words) list.push_back(word.word);
    return list;
  };
  EXPECT_EQ(names(held), names(again));
  EXPECT_NE(names(held), names(other));
}

TEST(G2pTraining, ErrorsCountStressApart) {
  G2pDictionary dictionary = tiny_dictionary("cat K AE2 T\nbite B AY1 D\nhat HH AE1 T\n");
  const G2pErrors errors = evaluate_g2p(*tiny_model(), dictionary, nullptr);
  EXPECT_EQ(errors.words, 3U);
  EXPECT_EQ(errors.wrong_words, 1U);         // bite
  EXPECT_EQ(errors.wrong_words_stress, 2U);  // cat too
  EXPECT_EQ(errors.wrong_phones, 1U);
  EXPECT_EQ(errors.wrong_phones_stress, 2U);
  EXPECT_EQ(errors.phones, 9U);
}

TEST(G2pEnglish, WellKnownWords) {
  const auto model = G2pModel::load(BIVOX_TEST_DATA "/../../models/pretrained/g2p-en");
  EXPECT_EQ(phones_of(*model, "speech"), "S P IY1 CH");
  EXPECT_EQ(phones_of(*model, "station"), "S T EY1 SH AH0 N");
  EXPECT_EQ(phones_of(*model, "BBC"), "B IY2 B IY2 S IY1");
  EXPECT_EQ(phones_of(*model, "W"), "D AH1 B AH0 L Y UW0");
  // In no edition of the dictionary.
  EXPECT_EQ(phones_of(*model, "blorping"), "B L AO1 R P IH0 NG");
  EXPECT_EQ(phones_of(*model, "unclickable"), "AH0 N K L IH1 K AH0 B AH0 L");
  EXPECT_FALSE(model->pronounce("Kowalczyk", 3).empty());
  EXPECT_LE(model->serialize().size(), 3'000'000U);
}

}  // namespace
}  // namespace bivox
