#include "models/lm/ngram_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/lm/packed_ngrams.h"

namespace bivox {
namespace {

constexpr size_t kMinKeysOfRun = 64;

int highest_bit(PackedShort key) { return std::bit_width(key) - 1; }
int highest_bit(PackedLong key) {
  const auto high = static_cast<uint64_t>(key >> 64);
  if (high != 0) return 64 + highest_bit(high);
  return highest_bit(static_cast<uint64_t>(key));
}

/// Takes sorted n-grams of the highest order and grows the trie at its right edge.
template <class Key>
class TrieBuilder {
 public:
  TrieBuilder(NgramCounts& counts, int order, int word_bits)
      : counts_(counts), order_(order), word_bits_(word_bits) {
    counts_.levels.resize(static_cast<size_t>(order) - 1);
  }

  void add(Key key, uint32_t count) {
    int first_new = 0;  // the oldest word in which the n-gram differs from the one before
    if (previous_ != 0) {
      const Key difference = key ^ previous_;
      first_new = difference == 0 ? order_ : order_ - 1 - highest_bit(difference) / word_bits_;
    }
    if (first_new == 0) {
      const uint32_t word = word_at(key, 0);
      std::vector<uint32_t>& begins = counts_.levels[0].begins;
      begins.resize(size_t{word} + 1, static_cast<uint32_t>(counts_.levels[0].words.size()));
      first_new = 1;
    }
    for (int k = 1; k < first_new; ++k) {
      if (!counts_.levels[at(k)].counts.empty() && word_at_plus_one(key, k) != 0) {
        counts_.levels[at(k)].counts.back() += count;
      }
    }
    for (int k = first_new; k < order_; ++k) {
      const uint32_t word_plus_one = word_at_plus_one(key, k);
      if (word_plus_one == 0) break;
      NgramCountLevel& level = counts_.levels[at(k)];
      if (k + 1 < order_) {
        NgramCountLevel& longer = counts_.levels[at(k + 1)];
        longer.begins.push_back(static_cast<uint32_t>(longer.words.size()));
      }
      level.words.push_back(word_plus_one - 1);
      level.counts.push_back(count);
    }
    previous_ = key;
  }

  void finish() {
    for (size_t k = 0; k < counts_.levels.size(); ++k) {
      NgramCountLevel& level = counts_.levels[k];
      const size_t contexts = k == 0 ? counts_.unigrams.size() : counts_.levels[k - 1].words.size();
      level.begins.resize(contexts + 1, static_cast<uint32_t>(level.words.size()));
    }
  }

 private:
  static size_t at(int k) { return static_cast<size_t>(k) - 1; }
  uint32_t word_at_plus_one(Key key, int k) const {
    const Key mask = (Key{1} << word_bits_) - 1;
    return static_cast<uint32_t>(key >> ((order_ - 1 - k) * word_bits_) & mask);
  }
  uint32_t word_at(Key key, int k) const { return word_at_plus_one(key, k) - 1; }

  NgramCounts& counts_;
  int order_;
  int word_bits_;
  Key previous_ = 0;
};

/// The suffix of (c, w) is the entry of w below the suffix of c: both lists ascend.
void find_suffixes(NgramCounts& counts) {
  for (size_t k = 1; k < counts.levels.size(); ++k) {
    NgramCountLevel& level = counts.levels[k];
    const NgramCountLevel& shorter = counts.levels[k - 1];
    level.suffixes.assign(level.words.size(), 0);
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      if (level.begins[c] == level.begins[c + 1]) continue;
      const uint32_t suffix = shorter.suffix(c);
      const uint32_t* first = shorter.words.data() + shorter.begins[suffix];
      const uint32_t* last = shorter.words.data() + shorter.begins[suffix + 1];
      for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) {
        const uint32_t word = level.words[e];
        // Doubling steps, then halving: the next one is mostly near.
        size_t step = 1;
        while (static_cast<size_t>(last - first) > step && first[step] < word) {
          first += step;
          step *= 2;
        }
        first = std::lower_bound(first, std::min(first + step + 1, last), word);
        level.suffixes[e] = static_cast<uint32_t>(first - shorter.words.data());
      }
    }
  }
}

template <class Key>
class Counter {
 public:
  Counter(const TrainingText& text, const TrainingVocabulary& vocabulary,
          const NgramCountOptions& options, int word_bits)
      : text_(text), vocabulary_(vocabulary), options_(options), word_bits_(word_bits) {}

  void count(NgramCounts& counts) {
    const uint64_t total = text_.num_words() + text_.num_sentences();
    capacity_ = std::max(options_.memory_bytes / sizeof(Key) / 2, kMinKeysOfRun);
    capacity_ = static_cast<size_t>(std::min<uint64_t>(capacity_, total));
    keys_ = std::make_unique_for_overwrite<Key[]>(capacity_);
    scratch_ = std::make_unique_for_overwrite<Key[]>(capacity_);
    text_.for_each_piece([this](std::span<const uint32_t> piece) { add_piece(piece); });

    TrieBuilder<Key> builder(counts, options_.order, word_bits_);
    if (!runs_) {
      const std::span<const Key> sorted = sort_keys();
      for (size_t i = 0; i < sorted.size();) {
        size_t end = i + 1;
        while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
        builder.add(sorted[i], static_cast<uint32_t>(end - i));
        i = end;
      }
    } else {
      flush();
      keys_.reset();
      scratch_.reset();
      // Equal n-grams of several runs are one.
      Key key = 0;
      uint32_t count = 0;
      runs_->merge(options_.memory_bytes, [&](Key next, uint32_t times) {
        if (next != key && count > 0) {
          builder.add(key, count);
          count = 0;
        }
        key = next;
        count += times;
      });
      if (count > 0) builder.add(key, count);
    }
    keys_.reset();
    scratch_.reset();
    builder.finish();
  }

 private:
  void add_piece(std::span<const uint32_t> piece) {
    while (!piece.empty()) {
      const auto end = std::find(piece.begin(), piece.end(), kTextEnd);
      const auto length = static_cast<size_t>(end - piece.begin());
      for (const uint32_t word : piece.first(length)) {
        sentence_.push_back(vocabulary_.numbers[word]);
      }
      if (end == piece.end()) return;
      add_sentence();
      sentence_.clear();
      piece = piece.subspan(length + 1);
    }
  }

  /// One key for <s> and one for each word; </s> alone is counted with the unigrams.
  void add_sentence() {
    const int oldest = (options_.order - 1) * word_bits_;
    Key key = Key{kTextEnd + 1} << oldest;
    const auto push = [&](uint32_t word) {
      key = key >> word_bits_ | Key{word + 1} << oldest;
      if (size_ == capacity_) flush();
      keys_[size_++] = key;
    };
    for (size_t i = sentence_.size(); i-- > 0;) push(sentence_[i]);
    push(kTextBegin);
  }

  std::span<const Key> sort_keys() {
    return radix_sort<Key>({keys_.get(), size_}, {scratch_.get(), size_},
                           options_.order * word_bits_);
  }

  void flush() {
    if (!runs_) runs_.emplace(options_.temp_folder);
    runs_->add(sort_keys());
    size_ = 0;
  }

  const TrainingText& text_;
  const TrainingVocabulary& vocabulary_;
  NgramCountOptions options_;
  int word_bits_;
  std::vector<uint32_t> sentence_;
  std::unique_ptr<Key[]> keys_;
  std::unique_ptr<Key[]> scratch_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::optional<PackedRuns<Key>> runs_;
};

}  // namespace

NgramCounts count_ngrams(const TrainingText& text, const TrainingVocabulary& vocabulary,
                         const NgramCountOptions& options) {
  BIVOX_CHECK(options.order >= 1 && options.order <= kMaxCountedOrder);
  BIVOX_CHECK(vocabulary.numbers.size() == text.words().size());
  if (text.num_words() + 2 * text.num_sentences() > 0xffffffffU) {
    throw Error(ErrorCode::kInput, "the text has more than 2^32 words",
                "train on parts of it and mix the models: bivox lm mix");
  }
  NgramCounts counts;
  counts.unigrams.assign(vocabulary.words.size(), 0);
  for (uint32_t w = 0; w < text.words().size(); ++w) {
    counts.unigrams[vocabulary.numbers[w]] += static_cast<uint32_t>(text.counts()[w]);
  }
  counts.unigrams[kTextBegin] = counts.unigrams[kTextEnd];
  if (options.order == 1 || text.num_sentences() == 0) {
    counts.levels.resize(static_cast<size_t>(options.order) - 1);
    for (size_t k = 0; k < counts.levels.size(); ++k) {
      counts.levels[k].begins.assign((k == 0 ? vocabulary.words.size() : 0) + 1, 0);
    }
    return counts;
  }
  const auto word_bits = static_cast<int>(std::bit_width(vocabulary.words.size()));
  const int bits = word_bits * options.order;
  if (bits <= 64) {
    Counter<PackedShort>(text, vocabulary, options, word_bits).count(counts);
  } else if (bits <= 128) {
    Counter<PackedLong>(text, vocabulary, options, word_bits).count(counts);
  } else {
    throw Error(
        ErrorCode::kInput,
        fmt::format("{} words are too many for order {}", vocabulary.words.size(), options.order),
        "limit the vocabulary: --vocab-size");
  }
  find_suffixes(counts);
  return counts;
}

}  // namespace bivox
