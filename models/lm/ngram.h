// Back-off n-gram language models, as a finite-state automaton over contexts.
//
//   P(w | h) = p(w | h)            if the n-gram (h, w) is in the model
//            = bo(h) P(w | h')     otherwise, h' = h without its oldest word
//
// A LmState stands for a context: the longest suffix of the history that the model can still tell
// apart. State 0 is the empty context; states are dense, in order of the length of the context. A
// context that has no successors and the back-off weight 1 is no state of its own: it says nothing
// that its shorter form does not say, and the search recombines more tokens without it. All log
// probabilities are natural logs.
//
// Representation: forward trie (context -> successors sorted by word), in one contiguous block that
// is either built in memory (from ARPA or the Sphinx trie) or memory-mapped (Bivox's own binary,
// ngram_binary.h). An arc is one 64-bit number, from the top: word | next state | codebook index of
// the log probability (16 bits). Searching compares whole numbers, and where it ends everything
// about the arc is in the cache line at hand: one miss a step where three arrays would have three.
// A long list of successors has a table of buckets over the leading bits of the word, so that the
// search of a list of 50,000 touches two cache lines too.
// Probabilities of bigrams and up come from a codebook per order (at most 65536 values, exact when
// there are no more distinct ones); unigrams and back-off weights are floats.
//
// Thread rule: immutable after loading; share freely. Errors: Error(kModel) with the path, and for
// ARPA the line number. Source: Katz 1987; automaton form: Mohri, Pereira, Riley 2002, section 3.
// Tests: tests/models/ngram_test.cpp, arpa_test.cpp, sphinx_lm_test.cpp, ngram_binary_test.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace bivox {

/// Index of a word in the language model's vocabulary, 0-based and dense.
using LmWord = uint32_t;
/// Index of a context; 0 is the empty one.
using LmState = uint32_t;

/// The longest n-grams that are read.
inline constexpr int kMaxNgramOrder = 8;

/// The log probability of what a model forbids, as grammars do (grammar_compiler.h). Finite, so
/// that arithmetic with it stays ordinary; far below what any beam reaches or any n-gram has.
inline constexpr float kImpossibleLogProb = -1e5F;

class NgramBlock;

class NgramModel {
 public:
  /// Reads ARPA (plain or gzip), the Sphinx trie binary, or Bivox's binary; told apart by content.
  static std::shared_ptr<const NgramModel> load(const std::filesystem::path& path);
  /// The same from bytes in memory, which are copied as needed; `name` stands for the path.
  static std::shared_ptr<const NgramModel> parse(std::span<const std::byte> bytes,
                                                 std::string_view name);

  struct Step {
    float log_prob;  ///< log P(word | state), natural log.
    LmState next;    ///< The context after `word`.
  };
  /// The probability of `word` in `state` and where it leads. Hot: no allocation.
  /// Preconditions (not checked): state < num_states(), word < num_words().
  Step step(LmState state, LmWord word) const noexcept {
    float log_weight = 0.0F;
    int level = order_ - 1;
    while (state != kEmptyState) {
      const Context& context = contexts_[state];
      const uint64_t* arc = find_arc(context, contexts_[state + 1].first_arc, word);
      if (arc != nullptr) {
        while (state < level_begin_[level]) --level;
        return {log_weight + arc_log_prob(*arc, level), arc_next(*arc)};
      }
      log_weight += context.backoff_log_weight;
      state = context.backoff_state;
    }
    return {log_weight + unigram_log_probs_[word], unigram_next_[word]};
  }

  /// Context after the sentence start (the empty one if the model has no <s>).
  LmState begin_state() const noexcept { return begin_state_; }
  static constexpr LmState kEmptyState = 0;
  /// The next shorter context of a state and the log weight of going there; for state 0: 0 and 0.
  LmState backoff_state(LmState state) const noexcept { return contexts_[state].backoff_state; }
  float backoff_log_weight(LmState state) const noexcept {
    return contexts_[state].backoff_log_weight;
  }
  /// log P(word) of the unigram.
  float unigram_log_prob(LmWord word) const noexcept { return unigram_log_probs_[word]; }
  /// Number of words in the context of `state`, 0 .. order() - 1.
  int context_length(LmState state) const noexcept {
    int level = order_ - 1;
    while (state < level_begin_[level]) --level;
    return level;
  }
  /// Calls f(LmWord word, float log_prob) for every successor that `state` lists explicitly, in
  /// ascending order of words. State 0 lists the whole vocabulary.
  template <class F>
  void for_each_successor(LmState state, F&& f) const {
    if (state == kEmptyState) {
      for (LmWord word = 0; word < num_words_; ++word) f(word, unigram_log_probs_[word]);
      return;
    }
    const int level = context_length(state);
    const uint64_t* end = arcs_ + contexts_[state + 1].first_arc;
    for (const uint64_t* arc = arcs_ + contexts_[state].first_arc; arc != end; ++arc) {
      f(static_cast<LmWord>(*arc >> word_shift_), arc_log_prob(*arc, level));
    }
  }
  uint32_t num_successors(LmState state) const noexcept {
    if (state == kEmptyState) return num_words_;
    return contexts_[state + 1].first_arc - contexts_[state].first_arc;
  }

  std::optional<LmWord> find(std::string_view word) const noexcept;
  std::string_view word(LmWord word) const noexcept {
    return {word_bytes_ + word_offsets_[word], word_offsets_[word + 1] - word_offsets_[word]};
  }
  std::optional<LmWord> sentence_begin() const noexcept { return sentence_begin_; }  ///< <s>
  std::optional<LmWord> sentence_end() const noexcept { return sentence_end_; }      ///< </s>
  std::optional<LmWord> unknown() const noexcept { return unknown_; }  ///< <UNK> or <unk>
  int order() const noexcept { return order_; }
  uint32_t num_words() const noexcept { return num_words_; }
  uint32_t num_states() const noexcept { return num_states_; }
  /// How many n-grams of this order, 1 .. order(), the model holds; 0 for any other order.
  uint64_t num_ngrams(int order) const noexcept;
  /// Size of the representation.
  size_t num_bytes() const noexcept;

  /// Writes Bivox's own binary, which load() memory-maps. An interrupted write leaves no file.
  void save(const std::filesystem::path& path) const;
  /// Whether the block's contents agree with the checksum in its header. Reads all of it, so load()
  /// does not: it checks only what would make the model unsafe to use.
  bool checksum_ok() const noexcept;

  /// Takes over a block (built by ngram_builder.h or mapped by ngram_binary.h).
  explicit NgramModel(std::unique_ptr<const NgramBlock> block);
  ~NgramModel();
  NgramModel(const NgramModel&) = delete;
  NgramModel& operator=(const NgramModel&) = delete;

  /// A context in the block. Its arcs end where those of the next state begin.
  struct Context {
    uint32_t first_arc;
    LmState backoff_state;
    float backoff_log_weight;
    uint32_t first_bucket;  ///< Of lists of at least kBucketedArcs.
  };
  /// Lists of at least so many successors have buckets.
  static constexpr uint32_t kBucketedArcs = 32;
  /// Buckets of a list: 2^bits, about eight successors in each. They are followed by one more, the
  /// end; each holds the place, within the list, of the first word with these leading bits.
  static int bucket_bits(uint32_t num_arcs, int word_bits) noexcept {
    return std::min(static_cast<int>(std::bit_width(num_arcs)) - 3, word_bits);
  }
  /// Entries of a list's table of buckets.
  static uint64_t num_buckets(uint32_t num_arcs, int word_bits) noexcept {
    return num_arcs < kBucketedArcs ? 0 : (uint64_t{1} << bucket_bits(num_arcs, word_bits)) + 1;
  }

 private:
  static constexpr int kLogProbBits = 16;

  const uint64_t* find_arc(const Context& context, uint32_t end, LmWord word) const noexcept {
    const uint64_t* first = arcs_ + context.first_arc;
    uint32_t count = end - context.first_arc;
    if (count >= kBucketedArcs) {
      const int word_bits = 64 - word_shift_;
      const uint32_t* bucket =
          buckets_ + context.first_bucket + (word >> (word_bits - bucket_bits(count, word_bits)));
      first += bucket[0];
      count = bucket[1] - bucket[0];
    }
    if (count == 0) return nullptr;
    // Branch-free: which half is taken is a coin toss that no predictor learns.
    const uint64_t key = static_cast<uint64_t>(word) << word_shift_;
    while (count > 1) {
      const uint32_t half = count / 2;
      first += first[half - 1] < key ? half : 0;
      count -= half;
    }
    return *first >> word_shift_ == word ? first : nullptr;
  }
  LmState arc_next(uint64_t arc) const noexcept {
    return static_cast<LmState>(arc >> kLogProbBits & next_mask_);
  }
  float arc_log_prob(uint64_t arc, int level) const noexcept {
    return codebooks_[static_cast<size_t>(level - 1) * codebook_size_ + (arc & 0xffff)];
  }

  std::unique_ptr<const NgramBlock> block_;
  // Views into the block.
  const Context* contexts_ = nullptr;  // [num_states + 1]
  const uint64_t* arcs_ = nullptr;
  const uint32_t* buckets_ = nullptr;
  const float* codebooks_ = nullptr;  // [order - 1 x codebook_size]
  const float* unigram_log_probs_ = nullptr;
  const LmState* unigram_next_ = nullptr;
  const uint32_t* word_offsets_ = nullptr;  // [num_words + 1]
  const char* word_bytes_ = nullptr;
  const uint32_t* word_table_ = nullptr;  // open addressing, power of two, word + 1 or 0
  uint32_t word_table_mask_ = 0;
  int order_ = 1;
  int word_shift_ = 63;
  uint64_t next_mask_ = 0;
  uint32_t codebook_size_ = 0;
  uint32_t num_words_ = 0;
  uint32_t num_states_ = 0;
  LmState level_begin_[kMaxNgramOrder + 1] = {};  // first state with so many words of context
  LmState begin_state_ = 0;
  std::optional<LmWord> sentence_begin_;
  std::optional<LmWord> sentence_end_;
  std::optional<LmWord> unknown_;
};

}  // namespace bivox
