#include "models/lexicon/g2p_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/lexicon/g2p_parts.h"

namespace bivox {
namespace {

using Phones = std::vector<uint8_t>;

constexpr size_t kMinRankedWords = 1000;

size_t edit_distance(const Phones& a, const Phones& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1] ? 1 : 0)});
      diagonal = above;
    }
  }
  return row.back();
}

struct Nearest {
  size_t distance = SIZE_MAX;
  size_t length = 0;
};

/// The nearest reference; `map` may merge phones before they are compared.
Nearest nearest(const Phones& found, const std::vector<Phones>& references, const Phones& map) {
  const auto mapped = [&map](Phones phones) {
    for (uint8_t& phone : phones) phone = map[phone];
    return phones;
  };
  const Phones mapped_found = mapped(found);
  Nearest best;
  for (const Phones& reference : references) {
    const size_t distance = edit_distance(mapped(reference), mapped_found);
    if (distance < best.distance) best = {distance, reference.size()};
  }
  return best;
}

/// The first pronunciation with main stress, else the first.
const Phones& stressed(const G2pWord& word, const std::vector<std::string>& phones) {
  for (const Phones& pronunciation : word.pronunciations) {
    for (const uint8_t phone : pronunciation) {
      if (phones[phone].ends_with('1')) return pronunciation;
    }
  }
  return word.pronunciations.front();
}

/// What training works on: dictionary words and the units of each of their pronunciations.
struct Aligned {
  const G2pDictionary* dictionary;
  std::vector<size_t> word_of;                  // by sequence: index into the dictionary's words
  std::vector<std::vector<G2pUnit>> sequences;  // empty where letters and phones do not fit
};

/// The two n-grams of the sequences whose word `is_used` accepts.
template <class Used>
void count(const Aligned& aligned, const G2pEstimatorOptions& options, Used&& is_used,
           G2pModel::Parts& parts) {
  std::vector<std::vector<G2pUnit>> used;
  for (size_t s = 0; s < aligned.sequences.size(); ++s) {
    if (!aligned.sequences[s].empty() && is_used(aligned.word_of[s])) {
      used.push_back(aligned.sequences[s]);
    }
  }
  const int num_symbols = parts.units.num_symbols();
  parts.forward = G2pNgram(estimate_g2p(used, num_symbols, options), num_symbols);
  for (auto& sequence : used) std::reverse(sequence.begin(), sequence.end());
  parts.backward = G2pNgram(estimate_g2p(used, num_symbols, options), num_symbols);
}

/// The candidates of a word; right are those that are a pronunciation of it, or, if none is, those
/// that differ from one in stress alone.
G2pRankedWord candidates_of(const G2pWord& word, const G2pModel::Parts& parts,
                            G2pDecoder& decoder) {
  const auto bare = [&](Phones phones) {
    for (uint8_t& phone : phones) phone = parts.units.bare(phone);
    return phones;
  };
  G2pRankedWord ranked{word.letters, {}};
  std::vector<char> right_but_stress;
  bool any_right = false;
  for (G2pListed& listed :
       shortlist(parts, decoder.decode(word.letters, parts.beam), parts.beam.shortlist)) {
    G2pCandidate& candidate = listed.candidate;
    G2pRankedCandidate& made = ranked.candidates.emplace_back();
    made.forward_log_prob = candidate.log_prob;
    made.backward_log_prob = listed.backward_log_prob;
    made.path = std::move(candidate.path);
    right_but_stress.push_back(0);
    for (const Phones& pronunciation : word.pronunciations) {
      if (pronunciation == candidate.phones) made.is_right = true;
      if (bare(pronunciation) == bare(candidate.phones)) right_but_stress.back() = 1;
    }
    any_right = any_right || made.is_right;
  }
  for (size_t c = 0; c < ranked.candidates.size() && !any_right; ++c) {
    ranked.candidates[c].is_right = right_but_stress[c] != 0;
  }
  return ranked;
}

/// The ranker, from words that were left out of the n-grams in turn.
G2pRanker learn_ranker(const Aligned& aligned, const G2pTrainingOptions& options,
                       const G2pUnits& units, const G2pProgress& progress) {
  const std::vector<G2pWord>& words = aligned.dictionary->words;
  const auto folds = static_cast<size_t>(options.folds);
  // Words that are close in the dictionary are related: folds are drawn, not cut.
  std::mt19937_64 random(options.ranker.seed);
  std::vector<size_t> fold_of(words.size());
  for (size_t& fold : fold_of) fold = random() % folds;
  std::vector<G2pRankedWord> ranked;
  for (size_t fold = 0; fold < folds; ++fold) {
    if (progress) progress(fold, folds, "leaving out words");
    G2pModel::Parts parts;
    parts.units = units;
    count(
        aligned, options.ngram, [&](size_t word) { return fold_of[word] != fold; }, parts);
    G2pDecoder decoder(parts.units, parts.forward);
    for (size_t w = 0; w < words.size(); ++w) {
      if (fold_of[w] != fold || is_initialism(words[w].letters)) continue;
      ranked.push_back(candidates_of(words[w], parts, decoder));
    }
  }
  return train_g2p_ranker(units, ranked, options.ranker, [&](int done, int total) {
    if (progress) progress(static_cast<size_t>(done), static_cast<size_t>(total), "ranking");
  });
}

}  // namespace

G2pDictionary g2p_dictionary(const Lexicon& lexicon, const PhoneSet& phones) {
  if (phones.size() > kG2pMaxPhones) {
    throw Error(ErrorCode::kModel,
                fmt::format("the dictionary has {} different phones; at most {} can be learnt",
                            phones.size(), kG2pMaxPhones),
                "check that the lines are `word phone phone ...`");
  }
  G2pDictionary dictionary;
  for (PhoneId p = 0; p < phones.size(); ++p) dictionary.phones.push_back(phones.name(p));
  for (WordIndex w = 0; w < lexicon.num_words(); ++w) {
    G2pWord word{lexicon.word(w), g2p_letters(lexicon.word(w)), {}};
    if (word.letters.empty()) continue;
    for (int i = 0; i < lexicon.num_pronunciations(w); ++i) {
      const auto pronunciation = lexicon.pronunciation(w, i);
      word.pronunciations.emplace_back(pronunciation.begin(), pronunciation.end());
    }
    dictionary.words.push_back(std::move(word));
  }
  if (dictionary.words.empty()) {
    throw Error(ErrorCode::kModel, "the dictionary has no word with a letter of a to z",
                "pronunciations are learnt for words in Latin letters");
  }
  return dictionary;
}

std::pair<G2pDictionary, G2pDictionary> hold_out(const G2pDictionary& dictionary, double share,
                                                 uint64_t seed) {
  BIVOX_CHECK(share >= 0.0 && share < 1.0);
  std::vector<size_t> order(dictionary.words.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::mt19937_64 random(seed);
  // Written out, because std::shuffle may differ from one standard library to the next.
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  const auto num_held = static_cast<size_t>(share * static_cast<double>(order.size()));
  std::vector<char> held(order.size(), 0);
  for (size_t i = 0; i < num_held; ++i) held[order[i]] = 1;
  std::pair<G2pDictionary, G2pDictionary> split;
  split.first.phones = split.second.phones = dictionary.phones;
  for (size_t i = 0; i < held.size(); ++i) {
    (held[i] != 0 ? split.second : split.first).words.push_back(dictionary.words[i]);
  }
  return split;
}

std::shared_ptr<const G2pModel> train_g2p(const G2pDictionary& dictionary,
                                          const G2pTrainingOptions& options,
                                          const G2pProgress& progress) {
  auto parts = std::make_unique<G2pModel::Parts>();
  Aligned aligned{&dictionary, {}, {}};
  std::vector<G2pEntry> entries;
  for (size_t w = 0; w < dictionary.words.size(); ++w) {
    const G2pWord& word = dictionary.words[w];
    if (word.letters.size() == 1) {
      Phones& name = parts->letter_names[word.letters[0]];
      // Not "a." or "b's"; and of "A AH0" and "A EY1" the name is what can stand alone.
      if (name.empty() && word.word.size() == 1) name = stressed(word, dictionary.phones);
    }
    if (is_initialism(word.letters)) continue;
    for (const Phones& phones : word.pronunciations) {
      entries.push_back({word.letters, phones});
      aligned.word_of.push_back(w);
    }
  }
  const auto alignments =
      align_g2p(entries, dictionary.phones, options.alignment, [&](int done, int total) {
        if (progress) progress(static_cast<size_t>(done), static_cast<size_t>(total), "aligning");
      });
  std::vector<G2pPair> pairs;
  for (const G2pAlignment& alignment : alignments) {
    pairs.insert(pairs.end(), alignment.begin(), alignment.end());
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  if (pairs.empty() || pairs.size() > static_cast<size_t>(kG2pMaxUnits)) {
    throw Error(ErrorCode::kModel,
                fmt::format("the dictionary's letters and phones make {} different pairs; expected "
                            "1 to {}",
                            pairs.size(), kG2pMaxUnits),
                "check that the lines are `word phone phone ...`");
  }
  parts->units = G2pUnits(dictionary.phones, std::move(pairs));
  for (const G2pAlignment& alignment : alignments) {
    std::vector<G2pUnit>& sequence = aligned.sequences.emplace_back();
    for (const G2pPair& pair : alignment) sequence.push_back(parts->units.find(pair));
  }
  count(
      aligned, options.ngram, [](size_t) { return true; }, *parts);
  // Too few words teach the ranker nothing but themselves.
  if (options.folds > 1 && dictionary.words.size() >= kMinRankedWords) {
    parts->ranker = learn_ranker(aligned, options, parts->units, progress);
  }
  return std::make_shared<const G2pModel>(std::move(parts));
}

G2pErrors evaluate_g2p(const G2pModel& model, const G2pDictionary& dictionary,
                       const G2pProgress& progress) {
  std::map<std::string_view, uint8_t> ids;
  Phones same;
  for (size_t p = 0; p < dictionary.phones.size(); ++p) {
    ids[dictionary.phones[p]] = static_cast<uint8_t>(p);
    same.push_back(static_cast<uint8_t>(p));
  }
  const Phones bare = bare_phones(dictionary.phones);
  G2pErrors errors;
  for (const G2pWord& word : dictionary.words) {
    if (progress && errors.words % 1000 == 0) {
      progress(errors.words, dictionary.words.size(), "measuring");
    }
    Phones found;
    for (const G2pResult& result : model.pronounce(word.word)) {
      for (const std::string& phone : result.phones) {
        const auto id = ids.find(phone);
        found.push_back(id == ids.end() ? uint8_t{0} : id->second);
      }
    }
    const Nearest bare_error = nearest(found, word.pronunciations, bare);
    const Nearest error = nearest(found, word.pronunciations, same);
    ++errors.words;
    errors.wrong_words += bare_error.distance > 0 ? 1 : 0;
    errors.wrong_words_stress += error.distance > 0 ? 1 : 0;
    errors.wrong_phones += bare_error.distance;
    errors.phones += bare_error.length;
    errors.wrong_phones_stress += error.distance;
    errors.phones_stress += error.length;
  }
  return errors;
}

}  // namespace bivox
