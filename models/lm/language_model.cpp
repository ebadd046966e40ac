#include "models/lm/language_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

std::string text_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

LanguageModel::LanguageModel(std::shared_ptr<const NgramModel> ngram)
    : ngram_(std::move(ngram)), num_words_(ngram_->num_words()) {}

LanguageModel::LanguageModel(std::shared_ptr<const NgramModel> ngram,
                             std::span<const AddedWord> words,
                             std::span<const BoostedPhrase> phrases)
    : LanguageModel(std::move(ngram)) {
  std::vector<AddedWord> added;
  std::unordered_map<std::string, LmWord> index;
  const auto lm_word = [&](const std::string& word) -> std::optional<LmWord> {
    if (const auto known = ngram_->find(word)) return known;
    const auto found = index.find(word);
    return found == index.end() ? std::nullopt : std::optional<LmWord>(found->second);
  };
  for (const AddedWord& word : words) {
    if (lm_word(word.text)) continue;
    index.emplace(word.text, num_words_++);
    added.push_back(word);
  }
  std::vector<PhraseBoost::Phrase> by_index;
  for (const BoostedPhrase& phrase : phrases) {
    PhraseBoost::Phrase& out = by_index.emplace_back();
    out.bonus = phrase.bonus;
    for (const std::string& word : phrase.words) {
      const auto found = lm_word(word);
      if (!found) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("cannot boost '{}': '{}' is not in the language model",
                                text_of(phrase.words), word),
                    "add the word to the vocabulary");
      }
      out.words.push_back(*found);
    }
  }
  if (added.empty() && by_index.empty()) return;
  auto overlay =
      std::make_shared<Overlay>(Overlay{std::move(added), {}, PhraseBoost(num_words_, by_index)});
  for (size_t i = 0; i < overlay->words.size(); ++i) {
    overlay->index.emplace(overlay->words[i].text, static_cast<LmWord>(ngram_->num_words() + i));
  }
  ngram_bits_ = std::bit_width(ngram_->num_states() - 1);
  const uint64_t most = uint64_t{1} << (32 - ngram_bits_);
  if (overlay->phrases.num_states() > most) {
    throw Error(ErrorCode::kUsage,
                fmt::format("boosted phrases have {} beginnings of more than one word, this "
                            "language model leaves room for {}",
                            overlay->phrases.num_states() - 1, most - 1),
                "boost fewer phrases of several words; single words cost nothing");
  }
  overlay_ = std::move(overlay);
}

std::optional<LmWord> LanguageModel::find(std::string_view word) const noexcept {
  if (const auto known = ngram_->find(word)) return known;
  if (overlay_ == nullptr) return std::nullopt;
  const auto found = overlay_->index.find(word);
  return found == overlay_->index.end() ? std::nullopt : std::optional<LmWord>(found->second);
}

LanguageModel::Step LanguageModel::bare_step(LmState context, LmWord word) const noexcept {
  if (word < ngram_->num_words()) return ngram_->step(context, word);
  float log_prob = bare_unigram(word);
  for (; context != kEmptyState; context = ngram_->backoff_state(context)) {
    log_prob += ngram_->backoff_log_weight(context);
  }
  return {log_prob, kEmptyState};
}

LanguageModel::Step LanguageModel::overlay_step(LmState state, LmWord word) const noexcept {
  const Step step = bare_step(ngram_state(state), word);
  const PhraseBoost::Step boost = overlay_->phrases.step(phrase_state(state), word);
  return {step.log_prob + boost.bonus, join(step.next, boost.next)};
}

float rare_word_log_prob(const NgramModel& ngram, double quantile) {
  std::vector<float> log_probs;
  log_probs.reserve(ngram.num_words());
  for (LmWord word = 0; word < ngram.num_words(); ++word) {
    // <s> is never predicted; its unigram stands for nothing.
    if (word != ngram.sentence_begin()) log_probs.push_back(ngram.unigram_log_prob(word));
  }
  if (log_probs.empty()) return -12.0F;
  const double place = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(log_probs.size() - 1);
  const auto at = log_probs.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(log_probs.begin(), at, log_probs.end());
  return *at;
}

}  // namespace bivox
