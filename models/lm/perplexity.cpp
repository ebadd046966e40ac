#include "models/lm/perplexity.h"

#include <cmath>
#include <string>

#include "dsp/core/error.h"
#include "models/lm/text_words.h"

namespace bivox {
namespace {

double perplexity_of(double log_prob, uint64_t tokens) {
  return tokens == 0 ? 1.0 : std::exp(-log_prob / static_cast<double>(tokens));
}

}  // namespace

double TextScore::perplexity() const {
  const uint64_t unknown = log_prob_unknown == 0.0 ? num_unknown : 0;  // those without probability
  return perplexity_of(log_prob_words + log_prob_ends + log_prob_unknown,
                       num_words - unknown + num_sentences);
}

double TextScore::perplexity_of_known() const {
  return perplexity_of(log_prob_words + log_prob_ends, num_words - num_unknown + num_sentences);
}

double TextScore::perplexity_of_known_words() const {
  return perplexity_of(log_prob_words, num_words - num_unknown);
}

TextScore score_text(const NgramModel& model, TextLines& lines, const PerplexityOptions& options) {
  if (!model.sentence_end()) {
    throw Error(ErrorCode::kModel, "the language model has no </s>",
                "it must predict the ends of sentences");
  }
  const LmWord end = *model.sentence_end();
  TextScore score;
  std::string folded;
  std::string_view line;
  while (lines.next(line)) {
    if (options.lower_case) {
      folded.assign(line);
      fold_to_lower_case(folded);
      line = folded;
    }
    LmState state = model.begin_state();
    const uint64_t before = score.num_words;
    for_each_text_word(line, [&](std::string_view text) {
      if (is_sentence_mark(text)) return;
      ++score.num_words;
      auto word = is_unknown_mark(text) ? std::nullopt : model.find(text);
      if (word) {
        const auto step = model.step(state, *word);
        score.log_prob_words += static_cast<double>(step.log_prob);
        state = step.next;
        return;
      }
      ++score.num_unknown;
      if (model.unknown()) {
        const auto step = model.step(state, *model.unknown());
        score.log_prob_unknown += static_cast<double>(step.log_prob);
        state = step.next;
      } else {
        state = NgramModel::kEmptyState;
      }
    });
    if (score.num_words == before) continue;
    ++score.num_sentences;
    score.log_prob_ends += static_cast<double>(model.step(state, end).log_prob);
  }
  return score;
}

}  // namespace bivox
