#include "models/lm/ngram_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/lm/ngram_block.h"

namespace bivox {
namespace {

// A weight below this is what rounding leaves of 1: e^1e-6 is one part in a million.
constexpr float kNoBackoff = 1e-6F;

bool has_backoff(float log_weight) { return log_weight > kNoBackoff || log_weight < -kNoBackoff; }

/// For every entry of a level, the state that stands for it as a context: its own if it is one,
/// else that of its longest suffix that is.
class StateNumbers {
 public:
  explicit StateNumbers(const NgramTables& tables) : targets_(tables.levels.size()) {
    level_begin_.fill(0);
    level_begin_[1] = 1;
    uint32_t next_state = 1;
    for (size_t k = 0; k < tables.levels.size(); ++k) {
      const NgramLevel& successors = tables.levels[k];
      const std::vector<float>& backoffs =
          k == 0 ? tables.unigram_backoffs : tables.levels[k - 1].backoffs;
      std::vector<uint32_t>& targets = targets_[k];
      targets.resize(backoffs.size());
      for (size_t e = 0; e < backoffs.size(); ++e) {
        if (successors.begins[e] != successors.begins[e + 1] || has_backoff(backoffs[e])) {
          targets[e] = next_state++;
        } else if (k == 0) {
          targets[e] = 0;
        } else {
          targets[e] = targets_[k - 1][tables.levels[k - 1].suffix(e)];
        }
      }
      level_begin_[k + 2] = next_state;
    }
  }
  /// States of entries with `length` words, length >= 1.
  const std::vector<uint32_t>& targets(size_t length) const { return targets_[length - 1]; }
  const std::array<uint32_t, kMaxNgramOrder + 1>& level_begin() const { return level_begin_; }
  bool is_own(size_t length, uint32_t state) const { return state >= level_begin_[length]; }

 private:
  std::vector<std::vector<uint32_t>> targets_;
  std::array<uint32_t, kMaxNgramOrder + 1> level_begin_ = {};
};

/// Arcs of the contexts of `length` words, which are entries of level length + 1.
void fill_level(const NgramTables& tables, const StateNumbers& states, size_t length,
                uint64_t first_arc, NgramBlock& block) {
  auto contexts = block.mutable_section<NgramModel::Context>(NgramSection::kContexts);
  auto arcs = block.mutable_section<uint64_t>(NgramSection::kArcs);
  const uint32_t word_shift = 64 - block.header().word_bits;
  const NgramLevel& level = tables.levels[length - 1];
  const std::vector<float>& backoffs =
      length == 1 ? tables.unigram_backoffs : tables.levels[length - 2].backoffs;
  const std::vector<uint32_t>& own = states.targets(length);
  for (size_t e = 0; e < own.size(); ++e) {
    if (!states.is_own(length, own[e])) continue;
    const uint32_t backoff_state =
        length == 1 ? 0 : states.targets(length - 1)[tables.levels[length - 2].suffix(e)];
    contexts[own[e]] = {static_cast<uint32_t>(first_arc + level.begins[e]), backoff_state,
                        backoffs[e], 0};
  }
  const bool is_highest = length == tables.levels.size();
  const std::vector<uint32_t>& targets = states.targets(is_highest ? length : length + 1);
  for (size_t i = 0; i < level.words.size(); ++i) {
    const uint64_t next = targets[is_highest ? level.suffix(i) : i];
    arcs[first_arc + i] = uint64_t{level.words[i]} << word_shift | next << 16 | level.probs[i];
  }
}

int bucket_bits(const NgramHeader& header, uint32_t num_arcs) {
  return NgramModel::bucket_bits(num_arcs, static_cast<int>(header.word_bits));
}

/// How many buckets all lists have together. An entry of level k + 1 with context c is an arc of c.
uint64_t count_buckets(const NgramTables& tables, const NgramHeader& header) {
  uint64_t total = 0;
  for (const NgramLevel& level : tables.levels) {
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      total += NgramModel::num_buckets(level.begins[c + 1] - level.begins[c],
                                       static_cast<int>(header.word_bits));
    }
  }
  return total;
}

}  // namespace

std::vector<float> make_codebook(std::span<const float> values, uint32_t size) {
  BIVOX_CHECK(size >= 1 && size <= kMaxCodebookSize);
  std::vector<float> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> codebook;
  for (size_t i = 0; i < sorted.size() && codebook.size() <= size; ++i) {
    if (i == 0 || sorted[i] != sorted[i - 1]) codebook.push_back(sorted[i]);
  }
  if (codebook.size() <= size) return codebook;
  codebook.clear();
  size_t begin = 0;
  for (uint32_t part = 0; part < size; ++part) {
    const size_t end = sorted.size() * (part + uint64_t{1}) / size;
    if (end <= begin) continue;
    double sum = 0.0;
    for (size_t i = begin; i < end; ++i) sum += static_cast<double>(sorted[i]);
    codebook.push_back(static_cast<float>(sum / static_cast<double>(end - begin)));
    begin = end;
  }
  return codebook;
}

uint16_t nearest_code(std::span<const float> codebook, float value) {
  const auto above = std::lower_bound(codebook.begin(), codebook.end(), value);
  if (above == codebook.begin()) return 0;
  const auto below = above - 1;
  const bool take_above = above != codebook.end() && *above - value < value - *below;
  return static_cast<uint16_t>((take_above ? above : below) - codebook.begin());
}

void fill_ngram_words(std::string_view word_bytes, std::span<const uint32_t> word_ends,
                      std::string_view name, NgramBlock& block) {
  const auto word_of = [&](uint32_t word) {
    const uint32_t begin = word == 0 ? 0 : word_ends[word - 1];
    return word_bytes.substr(begin, word_ends[word] - begin);
  };
  NgramHeader& header = block.mutable_header();
  auto offsets = block.mutable_section<uint32_t>(NgramSection::kWordOffsets);
  offsets[0] = 0;
  std::copy(word_ends.begin(), word_ends.end(), offsets.begin() + 1);
  auto bytes = block.mutable_section<char>(NgramSection::kWordBytes);
  std::copy(word_bytes.begin(), word_bytes.end(), bytes.begin());
  auto table = block.mutable_section<uint32_t>(NgramSection::kWordTable);
  std::fill(table.begin(), table.end(), 0);
  const uint32_t mask = header.word_table_size - 1;
  for (uint32_t word = 0; word < header.num_words; ++word) {
    const std::string_view text = word_of(word);
    uint32_t at = ngram_word_hash(text) & mask;
    while (table[at] != 0) {
      if (word_of(table[at] - 1) == text) {
        throw Error(ErrorCode::kModel,
                    fmt::format("{}: word '{}' is listed twice", name, text.substr(0, 80)),
                    "every 1-gram must be there once: merge the two");
      }
      at = (at + 1) & mask;
    }
    table[at] = word + 1;
    if (text == "<s>") header.sentence_begin = word;
    if (text == "</s>") header.sentence_end = word;
    if (text == "<unk>" || text == "<UNK>") header.unknown = word;
  }
}

void fill_ngram_buckets(NgramBlock& block) {
  const NgramHeader& header = block.header();
  auto contexts = block.mutable_section<NgramModel::Context>(NgramSection::kContexts);
  const auto arcs = block.section<uint64_t>(NgramSection::kArcs);
  auto buckets = block.mutable_section<uint32_t>(NgramSection::kBuckets);
  uint32_t next_bucket = 0;
  for (uint32_t s = 1; s < header.num_states; ++s) {
    const uint32_t count = contexts[s + 1].first_arc - contexts[s].first_arc;
    if (count < NgramModel::kBucketedArcs) continue;
    const int bits = bucket_bits(header, count);
    const uint64_t* list = arcs.data() + contexts[s].first_arc;
    contexts[s].first_bucket = next_bucket;
    uint32_t arc = 0;
    for (uint64_t b = 0; b < uint64_t{1} << bits; ++b) {
      while (arc < count && list[arc] >> (64 - bits) < b) ++arc;
      buckets[next_bucket++] = arc;
    }
    buckets[next_bucket++] = count;
  }
}

std::shared_ptr<const NgramModel> build_ngram_model(const NgramTables& tables,
                                                    std::string_view name) {
  const size_t num_words = tables.unigram_log_probs.size();
  BIVOX_CHECK(tables.levels.size() < static_cast<size_t>(kMaxNgramOrder));
  BIVOX_CHECK(tables.word_ends.size() == num_words);
  if (num_words == 0) {
    throw Error(ErrorCode::kModel, fmt::format("{}: a language model without words", name));
  }
  const StateNumbers states(tables);

  NgramHeader header = {};
  header.magic = kNgramMagic;
  header.version = kNgramVersion;
  header.order = static_cast<uint32_t>(tables.levels.size() + 1);
  header.num_words = static_cast<uint32_t>(num_words);
  header.level_begin = states.level_begin();
  header.num_states = states.level_begin()[header.order];
  header.num_ngrams[0] = num_words;
  for (size_t k = 0; k < tables.levels.size(); ++k) {
    header.num_ngrams[k + 1] = tables.levels[k].words.size();
    header.num_arcs += tables.levels[k].words.size();
    header.codebook_size =
        std::max(header.codebook_size, static_cast<uint32_t>(tables.levels[k].codebook.size()));
  }
  header.word_bits =
      std::max(1U, static_cast<uint32_t>(std::bit_width(static_cast<uint32_t>(num_words - 1))));
  if (header.num_arcs > 0xffffffff ||
      (uint64_t{header.num_states} - 1) >> (48 - header.word_bits) != 0) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {} n-grams, {} contexts and {} words are too many", name,
                            header.num_arcs, header.num_states, num_words),
                "prune the language model");
  }
  const uint64_t num_buckets = count_buckets(tables, header);
  BIVOX_CHECK(num_buckets <= header.num_arcs);
  header.num_buckets = static_cast<uint32_t>(num_buckets);
  header.word_table_size = ngram_word_table_size(static_cast<uint32_t>(num_words));
  header.word_bytes = static_cast<uint32_t>(tables.word_bytes.size());
  header.sentence_begin = header.sentence_end = header.unknown = kNoNgramWord;

  auto block = std::make_unique<NgramBlock>(header);
  fill_ngram_words(tables.word_bytes, tables.word_ends, name, *block);

  auto log_probs = block->mutable_section<float>(NgramSection::kUnigramLogProbs);
  std::copy(tables.unigram_log_probs.begin(), tables.unigram_log_probs.end(), log_probs.begin());
  auto unigram_next = block->mutable_section<LmState>(NgramSection::kUnigramNext);
  if (tables.levels.empty()) {
    std::fill(unigram_next.begin(), unigram_next.end(), 0);
  } else {
    std::copy(states.targets(1).begin(), states.targets(1).end(), unigram_next.begin());
  }

  auto contexts = block->mutable_section<NgramModel::Context>(NgramSection::kContexts);
  contexts[0] = {0, 0, 0.0F, 0};
  uint64_t first_arc = 0;
  for (size_t length = 1; length <= tables.levels.size(); ++length) {
    fill_level(tables, states, length, first_arc, *block);
    first_arc += tables.levels[length - 1].words.size();
  }
  contexts[header.num_states] = {static_cast<uint32_t>(first_arc), 0, 0.0F, 0};
  fill_ngram_buckets(*block);

  auto codebooks = block->mutable_section<float>(NgramSection::kCodebooks);
  for (size_t k = 0; k < tables.levels.size(); ++k) {
    const std::vector<float>& codebook = tables.levels[k].codebook;
    const auto part = codebooks.subspan(k * header.codebook_size, header.codebook_size);
    std::fill(std::copy(codebook.begin(), codebook.end(), part.begin()), part.end(), 0.0F);
  }
  NgramHeader& made = block->mutable_header();
  if (made.sentence_begin != kNoNgramWord) made.begin_state = unigram_next[made.sentence_begin];
  return std::make_shared<const NgramModel>(std::move(block));
}

}  // namespace bivox
