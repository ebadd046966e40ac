// The language model as the search sees it: an n-gram model, and what a user laid over it at run
// time: words that it lacks, and phrases to boost.
//
//   log P'(w | h, q) = log P(w | h) + B(q, w)          h: n-gram context, q: state of the phrases
//
// An added word has a unigram probability of its own and is reached from every context through
// back-off; after it comes the empty context. Added words take LmWords from the n-gram model's
// num_words() on. Probabilities do not sum to one any more, which a search for the best path does
// not need; the mass of a few rare words is small.
//
// It is a back-off automaton with the interface of NgramModel. Without additions it is the n-gram
// model at the price of one predictable branch. With phrases a state is a pair, the phrase's part
// in the upper bits: (h, q) lists the words that continue q and backs off to (h, suffix of q);
// (h, 0) lists the n-gram model's successors of h. Look-ahead needs to know no more.
//
// Thread rule: a value that shares immutable parts; share freely. Errors: Error(kUsage) for phrases
// with unknown words or too many phrases. Source: Mohri, Pereira, Riley 2002 (back-off automata);
// phrase_boost.h. Test: tests/models/language_model_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/lm/ngram.h"
#include "models/lm/phrase_boost.h"

namespace bivox {

/// A word that the n-gram model lacks.
struct AddedWord {
  std::string text;
  float log_prob = 0.0F;  ///< Of the unigram, natural log.
};

/// Words of the language model or added ones, and the bonus for each of them, natural log.
struct BoostedPhrase {
  std::vector<std::string> words;
  float bonus = 0.0F;
};

class LanguageModel {
 public:
  using Step = NgramModel::Step;

  /// The n-gram model alone. Implicit: where nothing is added, one stands for the other.
  LanguageModel(std::shared_ptr<const NgramModel> ngram);  // NOLINT(google-explicit-constructor)
  /// With additions. A word that the n-gram model has, or that was added, is not added again.
  LanguageModel(std::shared_ptr<const NgramModel> ngram, std::span<const AddedWord> words,
                std::span<const BoostedPhrase> phrases);

  const NgramModel& ngram() const noexcept { return *ngram_; }

  // As in NgramModel; see there.
  Step step(LmState state, LmWord word) const noexcept {
    if (overlay_ == nullptr) return ngram_->step(state, word);
    return overlay_step(state, word);
  }
  static constexpr LmState kEmptyState = NgramModel::kEmptyState;
  LmState begin_state() const noexcept { return ngram_->begin_state(); }
  LmState backoff_state(LmState state) const noexcept {
    if (phrase_state(state) == 0) return ngram_->backoff_state(state);
    return join(ngram_state(state), overlay_->phrases.shorter(phrase_state(state)));
  }
  float backoff_log_weight(LmState state) const noexcept {
    if (phrase_state(state) == 0) return ngram_->backoff_log_weight(state);
    return overlay_->phrases.shorter_bonus(phrase_state(state));
  }
  float unigram_log_prob(LmWord word) const noexcept {
    if (overlay_ == nullptr) return ngram_->unigram_log_prob(word);
    return bare_unigram(word) + overlay_->phrases.start_bonus(word);
  }
  template <class F>
  void for_each_successor(LmState state, F&& f) const {
    if (overlay_ == nullptr) {
      ngram_->for_each_successor(state, f);
    } else if (state == kEmptyState) {
      for (LmWord word = 0; word < num_words_; ++word) f(word, unigram_log_prob(word));
    } else if (phrase_state(state) != 0) {
      const LmState context = ngram_state(state);
      overlay_->phrases.for_each_successor(
          phrase_state(state), [&](LmWord word, const PhraseBoost::Step& step) {
            f(word, bare_step(context, word).log_prob + step.bonus);
          });
    } else {
      ngram_->for_each_successor(state, [&](LmWord word, float log_prob) {
        f(word, log_prob + overlay_->phrases.start_bonus(word));
      });
    }
  }
  std::optional<LmWord> find(std::string_view word) const noexcept;
  std::string_view word(LmWord word) const noexcept {
    const uint32_t known = ngram_->num_words();
    return word < known ? ngram_->word(word) : std::string_view(overlay_->words[word - known].text);
  }
  std::optional<LmWord> sentence_begin() const noexcept { return ngram_->sentence_begin(); }
  std::optional<LmWord> sentence_end() const noexcept { return ngram_->sentence_end(); }
  uint32_t num_words() const noexcept { return num_words_; }

 private:
  struct Overlay {
    std::vector<AddedWord> words;
    std::unordered_map<std::string_view, LmWord> index;  // into words
    PhraseBoost phrases;
  };

  PhraseState phrase_state(LmState state) const noexcept {
    return static_cast<PhraseState>(uint64_t{state} >> ngram_bits_);
  }
  LmState ngram_state(LmState state) const noexcept {
    return static_cast<LmState>(state & ((uint64_t{1} << ngram_bits_) - 1));
  }
  LmState join(LmState context, PhraseState phrase) const noexcept {
    return static_cast<LmState>(uint64_t{phrase} << ngram_bits_ | context);
  }
  float bare_unigram(LmWord word) const noexcept {
    const uint32_t known = ngram_->num_words();
    return word < known ? ngram_->unigram_log_prob(word) : overlay_->words[word - known].log_prob;
  }
  Step bare_step(LmState context, LmWord word) const noexcept;
  Step overlay_step(LmState state, LmWord word) const noexcept;

  std::shared_ptr<const NgramModel> ngram_;
  std::shared_ptr<const Overlay> overlay_;  // null without additions
  uint32_t num_words_ = 0;
  int ngram_bits_ = 32;  // of a state that are the n-gram model's
};

/// The unigram probability, natural log, that a fraction `quantile` of the model's words stay
/// below: what an added word may claim.
float rare_word_log_prob(const NgramModel& ngram, double quantile = 0.25);

}  // namespace bivox
