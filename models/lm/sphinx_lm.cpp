#include "models/lm/sphinx_lm.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "dsp/core/error.h"
#include "dsp/core/log.h"

namespace bivox {
namespace {

constexpr std::string_view kMagic = "Trie Language Model";
constexpr uint32_t kMaxSphinxOrder = 5;
constexpr uint32_t kBins = 65536;
constexpr uint32_t kPadding = 8;
constexpr float kLogBase = 9.9995000333e-5F;  // ln 1.0001

[[noreturn]] void fail(std::string_view name, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name, what),
              "the Sphinx language model is damaged or was cut short: make it again with "
              "sphinx_lm_convert, or give the ARPA file");
}

/// Takes typed pieces off the front of the file.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  std::span<const std::byte> take(uint64_t size, const char* what) {
    if (size > bytes_.size()) {
      fail(name_,
           fmt::format("ends within {}: {} bytes left, expected {}", what, bytes_.size(), size));
    }
    const auto taken = bytes_.first(static_cast<size_t>(size));
    bytes_ = bytes_.subspan(static_cast<size_t>(size));
    return taken;
  }
  uint32_t take_u32(const char* what) {
    uint32_t value = 0;
    std::memcpy(&value, take(sizeof(value), what).data(), sizeof(value));
    return value;
  }
  std::vector<float> take_log_probs(uint32_t count, const char* what) {
    const auto bytes = take(uint64_t{count} * sizeof(float), what);
    std::vector<float> values(count);
    std::memcpy(values.data(), bytes.data(), bytes.size());
    for (float& value : values) {
      // The file's own makers fill unused bins with minus infinity.
      value = std::isnan(value) ? -kUnusable : std::clamp(value * kLogBase, -kUnusable, kUnusable);
    }
    return values;
  }

 private:
  static constexpr float kUnusable = 1e4F;
  std::span<const std::byte> bytes_;
  std::string_view name_;
};

/// A column of a bit-packed table. `base` must have 8 readable bytes after the last entry.
class BitField {
 public:
  BitField() = default;
  BitField(const std::byte* base, uint32_t row_bits, uint32_t offset, uint32_t width)
      : base_(base), row_bits_(row_bits), offset_(offset), mask_((1U << width) - 1) {}

  uint32_t operator[](uint64_t row) const {
    const uint64_t bit = row * row_bits_ + offset_;
    uint64_t window = 0;
    std::memcpy(&window, base_ + (bit >> 3), sizeof(window));
    return static_cast<uint32_t>(window >> (bit & 7)) & mask_;
  }

 private:
  const std::byte* base_ = nullptr;
  uint32_t row_bits_ = 0;
  uint32_t offset_ = 0;
  uint32_t mask_ = 0;
};

/// One level of the reversed trie. Level 1 is the unigrams; an entry's word is then its index.
struct ReversedLevel {
  uint32_t count = 0;  // as the header states, then as the level above shows
  BitField word;
  BitField prob;
  BitField backoff;
  std::vector<uint32_t> next;  // first child of each entry, and one more; empty for the highest
  std::vector<float> prob_bins;
  std::vector<float> backoff_bins;
};

/// Checks where the children of `parents` lie, and takes their number from there: sphinx_lm_convert
/// may state a few n-grams more than it writes, with zeros in the place of the missing ones.
void settle_children(const ReversedLevel& parents, ReversedLevel& children, int order,
                     std::string_view name) {
  const std::vector<uint32_t>& next = parents.next;
  bool ascending = next.front() == 0 && next.back() <= children.count;
  for (size_t i = 1; i < next.size(); ++i) ascending &= next[i - 1] <= next[i];
  if (!ascending) fail(name, fmt::format("the {}-grams point out of range", order));
  children.count = next.back();
  if (!children.next.empty()) children.next.resize(size_t{children.count} + 1);
}

void check_words(const ReversedLevel& level, uint32_t num_words, int order, std::string_view name) {
  bool ok = true;
  for (uint32_t r = 0; r < level.count; ++r) ok &= level.word[r] < num_words;
  if (!ok) fail(name, fmt::format("a word of the {}-grams is out of range", order));
}

uint32_t bits_for(uint32_t max) { return static_cast<uint32_t>(std::bit_width(max)); }

/// Levels 2 and up of the file; `levels` holds level 1 at index 0.
void read_levels(Reader& reader, std::vector<ReversedLevel>& levels, std::string_view name) {
  const uint32_t num_words = levels[0].count;
  const uint32_t word_bits = bits_for(num_words);
  if (word_bits > 25) fail(name, fmt::format("{} words, expected at most 2^25", num_words));
  for (size_t k = 1; k < levels.size(); ++k) {
    ReversedLevel& level = levels[k];
    const bool is_highest = k + 1 == levels.size();
    const uint32_t next_bits = is_highest ? 0 : bits_for(levels[k + 1].count);
    if (next_bits > 25) fail(name, "more than 2^25 n-grams of one order");
    const uint32_t row_bits = word_bits + (is_highest ? 16 : 32) + next_bits;
    const uint64_t size = ((uint64_t{level.count} + 1) * row_bits + 7) / 8 + kPadding;
    const auto bytes = reader.take(size, "its n-grams");
    level.word = BitField(bytes.data(), row_bits, 0, word_bits);
    level.prob = BitField(bytes.data(), row_bits, word_bits + (is_highest ? 0 : 16), 16);
    if (!is_highest) {
      level.backoff = BitField(bytes.data(), row_bits, word_bits, 16);
      const BitField next(bytes.data(), row_bits, word_bits + 32, next_bits);
      level.next.resize(size_t{level.count} + 1);
      for (size_t i = 0; i < level.next.size(); ++i) level.next[i] = next[i];
    }
  }
  for (size_t k = 0; k + 1 < levels.size(); ++k) {
    settle_children(levels[k], levels[k + 1], static_cast<int>(k) + 1, name);
  }
  for (size_t k = 1; k < levels.size(); ++k) {
    check_words(levels[k], num_words, static_cast<int>(k) + 1, name);
  }
}

/// A forward level and, for each of its entries, the entry of the file it was.
struct Turned {
  NgramLevel level;
  std::vector<uint32_t> reversed;

  void resize(size_t count) {
    level.words.resize(count);
    level.probs.resize(count);
    if (!level.suffixes.empty()) level.suffixes.resize(count);
    if (reversed.empty()) return;
    level.backoffs.resize(count);
    reversed.resize(count);
  }
};

void allocate(Turned& turned, ReversedLevel& from, bool is_bigrams, bool is_highest) {
  turned.level.words.resize(from.count);
  turned.level.probs.resize(from.count);
  if (!is_bigrams) turned.level.suffixes.resize(from.count);
  turned.level.codebook = std::move(from.prob_bins);
  if (!is_highest) {
    turned.level.backoffs.resize(from.count);
    turned.reversed.resize(from.count);
  }
}

void place(Turned& turned, const ReversedLevel& from, uint32_t slot, uint32_t r, uint32_t word,
           uint32_t suffix) {
  turned.level.words[slot] = word;
  turned.level.probs[slot] = static_cast<uint16_t>(from.prob[r]);
  if (!turned.level.suffixes.empty()) turned.level.suffixes[slot] = suffix;
  if (turned.reversed.empty()) return;
  turned.level.backoffs[slot] = from.backoff_bins[from.backoff[r]];
  turned.reversed[slot] = r;
}

/// Bigrams: (w -> h1) becomes (h1 -> w), a plain counting sort by h1.
Turned turn_bigrams(const ReversedLevel& unigrams, ReversedLevel& bigrams, bool is_highest,
                    std::string_view name) {
  Turned turned;
  allocate(turned, bigrams, true, is_highest);
  std::vector<uint32_t>& begins = turned.level.begins;
  begins.assign(size_t{unigrams.count} + 1, 0);
  for (uint32_t r = 0; r < bigrams.count; ++r) ++begins[bigrams.word[r] + 1];
  for (size_t c = 1; c < begins.size(); ++c) begins[c] += begins[c - 1];
  std::vector<uint32_t> cursor(begins.begin(), begins.end() - 1);
  for (uint32_t w = 0; w < unigrams.count; ++w) {
    for (uint32_t r = unigrams.next[w]; r < unigrams.next[w + 1]; ++r) {
      const uint32_t slot = cursor[bigrams.word[r]]++;
      if (slot > begins[bigrams.word[r]] && turned.level.words[slot - 1] == w) {
        fail(name, "a 2-gram is listed twice");
      }
      place(turned, bigrams, slot, r, w, w);
    }
  }
  return turned;
}

/// Levels of three words and more. With q = (w, h1 .. h_{k-2}) an entry of the level before and
/// r = (w, h1 .. h_{k-1}) its child, the context of r is the child h_{k-1} of (h1 .. h_{k-2}),
/// which in turn is the context of q. Forward entries `f` of the level before are already grouped
/// by it.
///
/// Entries out of order in their list, or with a context that is not in the file, are dropped:
/// sphinx_lm_convert leaves a few such (en-us.lm.bin of pocketsphinx-en-us has two lists) where a
/// shorter n-gram was missing, and its own search does not find them either.
Turned turn_level(const std::vector<ReversedLevel>& reversed, size_t k, const Turned* before_last,
                  const Turned& last, ReversedLevel& from, bool is_highest, std::string_view name) {
  constexpr uint32_t kDropped = 0xffffffff;
  const ReversedLevel& parents = reversed[k - 1];
  const ReversedLevel& grandparents = reversed[k - 2];
  Turned turned;
  allocate(turned, from, false, is_highest);

  // Pass 1: the context of each child, in the order of the walk, and how many children it has.
  std::vector<uint32_t> context_of;
  context_of.reserve(from.count);
  std::vector<uint32_t> cursor(parents.count, kDropped);
  for (const uint32_t q : last.reversed) cursor[q] = 0;
  std::vector<uint32_t> entry_ending_in(reversed[0].count, kDropped);
  const size_t num_contexts = last.level.begins.size() - 1;
  uint32_t dropped = 0;
  for (size_t c = 0; c < num_contexts; ++c) {
    const size_t rc = before_last == nullptr ? c : before_last->reversed[c];
    const uint32_t begin = grandparents.next[rc];
    const uint32_t end = grandparents.next[rc + 1];
    for (uint32_t p = begin; p < end; ++p) entry_ending_in[parents.word[p]] = p;
    for (uint32_t f = last.level.begins[c]; f < last.level.begins[c + 1]; ++f) {
      const uint32_t q = last.reversed[f];
      uint32_t at_least = 0;
      for (uint32_t r = parents.next[q]; r < parents.next[q + 1]; ++r) {
        const uint32_t word = from.word[r];
        uint32_t p = entry_ending_in[word];
        if (word < at_least || p < begin || p >= end || cursor[p] == kDropped) {
          p = kDropped;
          ++dropped;
        } else {
          at_least = word + 1;
          ++cursor[p];
        }
        context_of.push_back(p);
      }
    }
  }
  if (dropped > from.count / 100) {
    fail(name, fmt::format("{} of {} {}-grams are out of order or without context", dropped,
                           from.count, k + 1));
  }
  std::vector<uint32_t>& begins = turned.level.begins;
  const size_t num_parents = last.level.words.size();
  begins.resize(num_parents + 1);
  begins[0] = 0;
  for (size_t f = 0; f < num_parents; ++f) {
    const uint32_t q = last.reversed[f];
    begins[f + 1] = begins[f] + cursor[q];
    cursor[q] = begins[f];
  }

  // Pass 2: the same walk. Within a context it meets the predicted words in ascending order.
  size_t walked = 0;
  for (uint32_t f = 0; f < num_parents; ++f) {
    const uint32_t q = last.reversed[f];
    for (uint32_t r = parents.next[q]; r < parents.next[q + 1]; ++r) {
      const uint32_t p = context_of[walked++];
      if (p != kDropped) place(turned, from, cursor[p]++, r, last.level.words[f], f);
    }
  }
  turned.resize(begins.back());
  if (dropped > 0) {
    log_message(LogLevel::kDebug, fmt::format("{}: {} of {} {}-grams cannot be reached, dropped",
                                              name, dropped, from.count, k + 1));
  }
  return turned;
}

void read_words(Reader& reader, uint32_t count, NgramTables& tables, std::string_view name) {
  const uint32_t size = reader.take_u32("the size of its word list");
  const auto bytes = reader.take(size, "its word list");
  const std::string_view list(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  tables.word_bytes.reserve(list.size());
  tables.word_ends.reserve(count);
  size_t at = 0;
  for (uint32_t w = 0; w < count; ++w) {
    const size_t end = list.find('\0', at);
    if (end == std::string_view::npos) {
      fail(name, fmt::format("{} words in its list, expected {}", w, count));
    }
    tables.word_bytes.append(list.substr(at, end - at));
    tables.word_ends.push_back(static_cast<uint32_t>(tables.word_bytes.size()));
    at = end + 1;
  }
}

}  // namespace

bool is_sphinx_lm(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

NgramTables read_sphinx_lm(std::span<const std::byte> bytes, std::string_view name) {
  Reader reader(bytes, name);
  reader.take(kMagic.size(), "its magic");
  const auto order = static_cast<uint32_t>(reader.take(1, "its header").front());
  if (order < 1 || order > kMaxSphinxOrder) {
    fail(name, fmt::format("order {}, expected 1 to {}", order, kMaxSphinxOrder));
  }
  std::vector<ReversedLevel> reversed(order);
  for (ReversedLevel& level : reversed) {
    level.count = reader.take_u32("its counts");
    // Every n-gram takes at least two bytes of the file; this bounds all that is allocated below.
    if (level.count > bytes.size() / 2) {
      fail(name, fmt::format("states {} n-grams in {} bytes", level.count, bytes.size()));
    }
  }
  if (order > 1) {
    reader.take_u32("its quantization type");
    for (size_t k = 1; k < order; ++k) {
      reversed[k].prob_bins = reader.take_log_probs(kBins, "its codebooks");
      if (k + 1 < order) reversed[k].backoff_bins = reader.take_log_probs(kBins, "its codebooks");
    }
  }

  NgramTables tables;
  const uint32_t num_words = reversed[0].count;
  const auto unigrams = reader.take((uint64_t{num_words} + 1) * 12, "its 1-grams");
  tables.unigram_log_probs.resize(num_words);
  tables.unigram_backoffs.resize(num_words);
  reversed[0].next.resize(size_t{num_words} + 1);
  for (size_t w = 0; w <= num_words; ++w) {
    const std::byte* entry = unigrams.data() + w * 12;
    std::memcpy(&reversed[0].next[w], entry + 8, sizeof(uint32_t));
    if (w == num_words) break;
    float prob = 0.0F;
    float backoff = 0.0F;
    std::memcpy(&prob, entry, sizeof(prob));
    std::memcpy(&backoff, entry + 4, sizeof(backoff));
    if (!std::isfinite(prob) || !std::isfinite(backoff)) {
      fail(name, fmt::format("the 1-gram of word {} is not a number", w));
    }
    tables.unigram_log_probs[w] = prob * kLogBase;
    tables.unigram_backoffs[w] = backoff * kLogBase;
  }

  if (order > 1) read_levels(reader, reversed, name);
  read_words(reader, num_words, tables, name);

  std::vector<Turned> turned;
  turned.reserve(order);
  for (size_t k = 1; k < order; ++k) {
    const bool is_highest = k + 1 == order;
    if (k == 1) {
      turned.push_back(turn_bigrams(reversed[0], reversed[1], is_highest, name));
    } else {
      turned.push_back(turn_level(reversed, k, k == 2 ? nullptr : &turned[k - 3], turned[k - 2],
                                  reversed[k], is_highest, name));
    }
  }
  for (Turned& level : turned) tables.levels.push_back(std::move(level.level));
  return tables;
}

}  // namespace bivox
