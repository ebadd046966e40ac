// Back-off n-gram language models, as a finite-state automaton over contexts.
//
//   P(w | h) = p(w | h)            if the n-gram (h, w) is in the model
//            = bo(h) P(w | h')     otherwise, h' = h without its oldest word
//
// A LmState stands for a context: the longest suffix of the history that the model can still tell
// apart. State 0 is the empty context. All log probabilities are natural logs.
// Representation: forward trie (context -> sorted successors), quantized, one contiguous block that is
// either built in memory (from ARPA or the Sphinx trie) or memory-mapped (Bivox's own binary).
//
// Thread rule: immutable after loading; share freely. Errors: Error(kModel) with the path, and for
// ARPA the line number. Source: Katz 1987; automaton form: Mohri, Pereira, Riley 2002, section 3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

namespace bivox {

/// Index of a word in the language model's vocabulary, 0-based and dense.
using LmWord = uint32_t;
/// Index of a context; 0 is the empty one.
using LmState = uint32_t;

class NgramModel {
 public:
  /// Reads ARPA (plain or gzip), the Sphinx trie binary, or Bivox's binary; told apart by content.
  static std::shared_ptr<const NgramModel> load(const std::filesystem::path& path);

  struct Step {
    float log_prob;  ///< log P(word | state), natural log.
    LmState next;    ///< The context after `word`.
  };
  /// The probability of `word` in `state` and where it leads. Hot: no allocation.
  Step step(LmState state, LmWord word) const;

  /// Context after the sentence start, and the empty context.
  LmState begin_state() const;
  static constexpr LmState kEmptyState = 0;
  /// The next shorter context of a state and the log weight of going there; state 0 has none.
  LmState backoff_state(LmState state) const;
  float backoff_log_weight(LmState state) const;
  /// log P(word) of the unigram.
  float unigram_log_prob(LmWord word) const;
  /// Calls f(LmWord word, float log_prob) for every successor that `state` lists explicitly.
  template <class F>
  void for_each_successor(LmState state, F&& f) const;
  uint32_t num_successors(LmState state) const;

  std::optional<LmWord> find(std::string_view word) const;
  std::string_view word(LmWord word) const;
  std::optional<LmWord> sentence_begin() const;  ///< <s>
  std::optional<LmWord> sentence_end() const;    ///< </s>
  std::optional<LmWord> unknown() const;         ///< <UNK> or <unk>
  int order() const;
  uint32_t num_words() const;
  uint32_t num_states() const;
  uint64_t num_ngrams(int order) const;

  /// Writes Bivox's own binary, which load() memory-maps.
  void save(const std::filesystem::path& path) const;
};

}  // namespace bivox
