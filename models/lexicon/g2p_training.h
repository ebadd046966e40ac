// Learning pronunciations from a dictionary, and measuring on words that were held out.
//
// Training: align letters with phones (g2p_alignment.h), count n-grams over the units forwards and
// backwards (g2p_estimator.h), and learn on words left out which candidates of the search are right
// (g2p_ranker_training.h). Initialisms (no vowel letter) are not learnt from, they are spelled;
// how a letter is called is what the dictionary says of the one-letter word.
// Measuring: a word is right when the first result is one of its pronunciations; the phone error is
// the edit distance to the nearest of them over its length.
//
// Errors: Error(kModel) for a dictionary that nothing can be learnt from. Thread rule: functions of
// their arguments. Test: tests/models/g2p_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/lexicon/g2p.h"
#include "models/lexicon/g2p_alignment.h"
#include "models/lexicon/g2p_estimator.h"
#include "models/lexicon/g2p_ranker_training.h"
#include "models/lexicon/lexicon.h"
#include "models/lexicon/phone_set.h"

namespace bivox {

struct G2pWord {
  std::string word;
  std::vector<uint8_t> letters;                      ///< 0..25, at least one.
  std::vector<std::vector<uint8_t>> pronunciations;  ///< Each indexes G2pDictionary::phones.
};

struct G2pDictionary {
  std::vector<std::string> phones;
  std::vector<G2pWord> words;  ///< In the order of the lexicon, without words of no letter.
};

/// Error(kModel) when there is no word with a letter, or more than kG2pMaxPhones phones.
G2pDictionary g2p_dictionary(const Lexicon& lexicon, const PhoneSet& phones);

/// Splits the words at random: those to learn from, and the share (0..1) that is held out. The
/// same seed gives the same split.
std::pair<G2pDictionary, G2pDictionary> hold_out(const G2pDictionary& dictionary, double share,
                                                 uint64_t seed);

struct G2pTrainingOptions {
  G2pAlignmentOptions alignment;
  G2pEstimatorOptions ngram;
  G2pRankerOptions ranker;
  /// Parts of the dictionary that are left out in turn, so that the ranker learns from candidates
  /// of words that the n-grams have not seen. 0: no ranker but the mean of the two n-grams.
  int folds = 5;
};

/// `progress(done, total, what)` may be null.
using G2pProgress = std::function<void(size_t, size_t, std::string_view)>;

std::shared_ptr<const G2pModel> train_g2p(const G2pDictionary& dictionary,
                                          const G2pTrainingOptions& options,
                                          const G2pProgress& progress);

/// Errors on words, and on the phones of their nearest references; divide by words and phones.
struct G2pErrors {
  size_t words = 0;
  size_t wrong_words = 0;  ///< Stress ignored.
  size_t wrong_words_stress = 0;
  size_t phones = 0;
  size_t wrong_phones = 0;  ///< Stress ignored.
  size_t phones_stress = 0;
  size_t wrong_phones_stress = 0;
};

G2pErrors evaluate_g2p(const G2pModel& model, const G2pDictionary& dictionary,
                       const G2pProgress& progress);

}  // namespace bivox
