#include "models/lm/grammar_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "dsp/core/error.h"
#include "models/lm/ngram_block.h"
#include "models/lm/ngram_builder.h"

namespace bivox {
namespace {

struct Arc {
  uint32_t word;
  uint32_t next;
  float log_prob;
};

/// States as the model will have them: 0 is the empty context, where nothing is possible.
class States {
 public:
  States(const Grammar& grammar, const GrammarModelOptions& options)
      : automaton_(grammar.automaton()),
        num_grammar_words_(static_cast<uint32_t>(grammar.words().size())),
        num_fillers_(static_cast<uint32_t>(options.filler_words.size())) {
    for (uint32_t s = 0; s < automaton_.num_states(); ++s) add_state(s);
    if (num_fillers_ != 0 || options.silence_log_prob) add_start(options.silence_log_prob);
    if (num_fillers_ != 0) add_rejection(options.filler_log_prob);
  }

  const std::vector<std::vector<Arc>>& arcs() const { return arcs_; }  // of state i + 1
  uint32_t begin() const { return begin_; }
  uint32_t num_words() const { return sentence_end() + 1; }

 private:
  uint32_t sentence_end() const { return num_grammar_words_ + num_fillers_; }

  void add_state(uint32_t s) {
    std::vector<Arc> arcs;
    for (const WordAutomaton::Arc& arc : automaton_.arcs_of(s)) {
      arcs.push_back({arc.word, arc.next + 1, static_cast<float>(arc.log_prob)});
    }
    const double final = automaton_.final_log_probs[s];
    if (final > -std::numeric_limits<double>::infinity()) {
      arcs.push_back({sentence_end(), 0, static_cast<float>(final)});
    }
    arcs_.push_back(std::move(arcs));
  }

  // A start to which the grammar comes back is no place to leave it: give it a twin.
  void add_start(std::optional<float> silence_log_prob) {
    arcs_.push_back(arcs_[0]);
    begin_ = static_cast<uint32_t>(arcs_.size());
    std::vector<Arc>& start = arcs_.back();
    if (silence_log_prob && !may_end(start))
      start.push_back({sentence_end(), 0, *silence_log_prob});
  }

  void add_rejection(float log_prob) {
    std::vector<Arc>& start = arcs_.back();
    const uint32_t loop = begin_ + 1;
    std::vector<Arc> fillers;
    for (uint32_t f = 0; f < num_fillers_; ++f) {
      fillers.push_back({num_grammar_words_ + f, loop, log_prob});
    }
    start.insert(start.end() - (may_end(start) ? 1 : 0), fillers.begin(), fillers.end());
    fillers.push_back({sentence_end(), 0, 0.0F});
    arcs_.push_back(std::move(fillers));
  }

  bool may_end(const std::vector<Arc>& arcs) const {
    return !arcs.empty() && arcs.back().word == sentence_end();
  }

  const WordAutomaton& automaton_;
  uint32_t num_grammar_words_;
  uint32_t num_fillers_;
  std::vector<std::vector<Arc>> arcs_;
  uint32_t begin_ = 1;
};

NgramHeader make_header(const States& states, const std::string& source) {
  NgramHeader header = {};
  header.magic = kNgramMagic;
  header.version = kNgramVersion;
  header.order = 2;
  header.num_words = states.num_words();
  header.num_states = static_cast<uint32_t>(states.arcs().size() + 1);
  header.level_begin[1] = 1;
  header.level_begin[2] = header.num_states;
  header.word_bits = std::max(1U, static_cast<uint32_t>(std::bit_width(header.num_words - 1)));
  for (const std::vector<Arc>& arcs : states.arcs()) {
    header.num_arcs += arcs.size();
    header.num_buckets += NgramModel::num_buckets(static_cast<uint32_t>(arcs.size()),
                                                  static_cast<int>(header.word_bits));
  }
  if (header.num_arcs > 0xffffffff ||
      (uint64_t{header.num_states} - 1) >> (48 - header.word_bits) != 0) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {} states and {} words are too many", source, header.num_states,
                            header.num_words),
                "make the grammar smaller");
  }
  header.num_ngrams = {header.num_words, header.num_arcs};
  header.word_table_size = ngram_word_table_size(header.num_words);
  header.begin_state = states.begin();
  header.sentence_begin = header.sentence_end = header.unknown = kNoNgramWord;
  return header;
}

}  // namespace

std::shared_ptr<const NgramModel> compile_grammar(const Grammar& grammar,
                                                  const GrammarModelOptions& options) {
  std::string word_bytes;
  std::vector<uint32_t> word_ends;
  const auto add_word = [&](const std::string& word) {
    word_bytes += word;
    word_ends.push_back(static_cast<uint32_t>(word_bytes.size()));
  };
  for (const std::string& word : grammar.words()) {
    if (word == "<s>" || word == "</s>") {
      throw Error(ErrorCode::kModel, fmt::format("{}: the word {}", grammar.source(), word),
                  "it stands for the edge of a sentence and cannot be spoken");
    }
    add_word(word);
  }
  for (const std::string& word : options.filler_words) add_word(word);
  add_word("</s>");

  const States states(grammar, options);
  NgramHeader header = make_header(states, grammar.source());
  header.word_bytes = static_cast<uint32_t>(word_bytes.size());
  std::vector<float> log_probs;
  for (const std::vector<Arc>& list : states.arcs()) {
    for (const Arc& arc : list) log_probs.push_back(arc.log_prob);
  }
  const std::vector<float> codebook = make_codebook(log_probs, kMaxCodebookSize);
  header.codebook_size = static_cast<uint32_t>(codebook.size());

  auto block = std::make_unique<NgramBlock>(header);
  fill_ngram_words(word_bytes, word_ends, grammar.source(), *block);
  std::ranges::fill(block->mutable_section<float>(NgramSection::kUnigramLogProbs),
                    kImpossibleLogProb);
  std::ranges::fill(block->mutable_section<LmState>(NgramSection::kUnigramNext),
                    NgramModel::kEmptyState);
  std::ranges::copy(codebook, block->mutable_section<float>(NgramSection::kCodebooks).begin());
  auto contexts = block->mutable_section<NgramModel::Context>(NgramSection::kContexts);
  auto arcs = block->mutable_section<uint64_t>(NgramSection::kArcs);
  const uint32_t word_shift = 64 - header.word_bits;
  uint32_t next_arc = 0;
  contexts[0] = {0, 0, 0.0F, 0};
  for (uint32_t s = 1; s < header.num_states; ++s) {
    contexts[s] = {next_arc, NgramModel::kEmptyState, kImpossibleLogProb, 0};
    for (const Arc& arc : states.arcs()[s - 1]) {
      arcs[next_arc++] = uint64_t{arc.word} << word_shift | uint64_t{arc.next} << 16 |
                         nearest_code(codebook, arc.log_prob);
    }
  }
  contexts[header.num_states] = {next_arc, 0, 0.0F, 0};
  fill_ngram_buckets(*block);
  return std::make_shared<const NgramModel>(std::move(block));
}

}  // namespace bivox
