#include "models/lm/ngram_block.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <zlib.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "dsp/core/error.h"

namespace bivox {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the file is the memory: a big-endian machine needs a converter");

constexpr uint64_t kAlignment = 64;
constexpr size_t kHugePage = size_t{1} << 21;

uint64_t align_up(uint64_t offset) { return (offset + kAlignment - 1) / kAlignment * kAlignment; }

[[noreturn]] void fail(std::string_view name, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name, what),
              "the file is damaged or was cut short: write it again from its ARPA source");
}

/// Reads and checks the header, so that the layout may be computed from it.
NgramHeader checked_header(std::span<const std::byte> bytes, std::string_view name) {
  NgramHeader header;
  if (bytes.size() < sizeof(header)) {
    fail(name, fmt::format("{} bytes, expected at least {}", bytes.size(), sizeof(header)));
  }
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kNgramMagic) fail(name, "not a Bivox n-gram binary");
  if (header.version != kNgramVersion) {
    fail(name, fmt::format("version {}, expected {}", header.version, kNgramVersion));
  }
  if (header.header_checksum != ngram_header_checksum(header)) {
    fail(name, "the header does not agree with its checksum");
  }
  if (header.order < 1 || header.order > kMaxNgramOrder) {
    fail(name, fmt::format("order {}, expected 1 to {}", header.order, kMaxNgramOrder));
  }
  // Each of these counts things of at least one byte, so none can exceed the file; with that the
  // sums below cannot overflow.
  for (const uint64_t count : {uint64_t{header.num_words}, uint64_t{header.num_states},
                               header.num_arcs, uint64_t{header.num_buckets},
                               uint64_t{header.word_table_size}, uint64_t{header.word_bytes}}) {
    if (count > bytes.size()) {
      fail(name, fmt::format("the header counts {} things in {} bytes", count, bytes.size()));
    }
  }
  if (header.codebook_size > 65536 || header.num_arcs > 0xffffffff) {
    fail(name, "the header states an impossible size");
  }
  return header;
}

}  // namespace

NgramLayout::NgramLayout(const NgramHeader& header) {
  const uint64_t words = header.num_words;
  size = {(header.num_states + uint64_t{1}) * sizeof(NgramModel::Context),
          header.num_arcs * sizeof(uint64_t),
          header.num_buckets * sizeof(uint32_t),
          (header.order - uint64_t{1}) * header.codebook_size * sizeof(float),
          words * sizeof(float),
          words * sizeof(LmState),
          (words + 1) * sizeof(uint32_t),
          header.word_table_size * sizeof(uint32_t),
          header.word_bytes};
  total = sizeof(NgramHeader);
  for (size_t i = 0; i < kNumNgramSections; ++i) {
    offset[i] = align_up(total);
    total = offset[i] + size[i];
  }
}

void NgramBlock::Free::operator()(std::byte* bytes) const { std::free(bytes); }

void NgramBlock::own(size_t size) {
  // Large models in huge pages: a step lands anywhere in the block, and its cost is half misses of
  // the address translation otherwise.
  const size_t alignment = size >= 4 * kHugePage ? kHugePage : kAlignment;
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  owned_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
  if (owned_ == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (alignment == kHugePage) ::madvise(owned_.get(), rounded, MADV_HUGEPAGE);  // only a wish
#endif
  bytes_ = {owned_.get(), size};
  header_ = reinterpret_cast<const NgramHeader*>(owned_.get());
}

NgramBlock::NgramBlock(const NgramHeader& header) : layout_(header) {
  own(static_cast<size_t>(layout_.total));
  // Only the gaps between sections need zeros; the sections are filled by the builder.
  std::memcpy(owned_.get(), &header, sizeof(header));
  uint64_t end = sizeof(header);
  for (size_t i = 0; i < kNumNgramSections; ++i) {
    std::memset(owned_.get() + end, 0, static_cast<size_t>(layout_.offset[i] - end));
    end = layout_.offset[i] + layout_.size[i];
  }
  mutable_header().total_bytes = layout_.total;
}

NgramBlock::NgramBlock(MappedFile file, std::string_view name)
    : file_(std::move(file)),
      bytes_(file_.bytes()),
      header_(reinterpret_cast<const NgramHeader*>(bytes_.data())),
      layout_(checked_header(bytes_, name)) {
  validate(name);
}

NgramBlock::NgramBlock(std::span<const std::byte> bytes, std::string_view name)
    : layout_(checked_header(bytes, name)) {
  own(bytes.size());
  std::memcpy(owned_.get(), bytes.data(), bytes.size());
  validate(name);
}

void NgramBlock::validate(std::string_view name) const {
  const NgramHeader& header = *header_;
  if (layout_.total != bytes_.size() || header.total_bytes != bytes_.size()) {
    fail(name, fmt::format("{} bytes, expected {}", bytes_.size(), layout_.total));
  }
  if (header.num_words == 0) fail(name, "no words");
  if (header.word_bits < 1 || header.word_bits > 32 ||
      (uint64_t{header.num_words} - 1) >> header.word_bits != 0 || header.num_states == 0 ||
      (uint64_t{header.num_states} - 1) >> (48 - header.word_bits) != 0) {
    fail(name, fmt::format("{} words and {} states do not fit {} bits a word", header.num_words,
                           header.num_states, header.word_bits));
  }
  if (header.begin_state >= header.num_states) fail(name, "the start state is out of range");
  for (const uint32_t word : {header.sentence_begin, header.sentence_end, header.unknown}) {
    if (word != kNoNgramWord && word >= header.num_words) {
      fail(name, "a special word is out of range");
    }
  }

  // States of context length k are [level_begin[k], level_begin[k + 1]), the empty context alone.
  const auto& level_begin = header.level_begin;
  bool levels_ok = level_begin[0] == 0 && level_begin[1] == 1;
  for (uint32_t k = 0; k < header.order; ++k) {
    levels_ok = levels_ok && level_begin[k] <= level_begin[k + 1];
  }
  if (!levels_ok || level_begin[header.order] != header.num_states) {
    fail(name, "the numbers of contexts do not add up");
  }
  const auto contexts = section<NgramModel::Context>(NgramSection::kContexts);
  bool contexts_ok = contexts[0].first_arc == 0 && contexts[1].first_arc == 0 &&
                     contexts[0].backoff_state == 0 &&
                     contexts[header.num_states].first_arc == header.num_arcs;
  for (uint32_t k = 1; k < header.order; ++k) {
    for (uint32_t s = level_begin[k]; s < level_begin[k + 1]; ++s) {
      contexts_ok = contexts_ok && contexts[s].first_arc <= contexts[s + 1].first_arc &&
                    contexts[s].backoff_state < level_begin[k];
    }
  }
  if (!contexts_ok) fail(name, "a context is out of range");

  const auto arcs = section<uint64_t>(NgramSection::kArcs);
  const auto buckets = section<uint32_t>(NgramSection::kBuckets);
  bool buckets_ok = true;
  for (uint32_t s = 1; s < header.num_states; ++s) {
    const uint32_t count = contexts[s + 1].first_arc - contexts[s].first_arc;
    if (count < NgramModel::kBucketedArcs) continue;
    const uint64_t last = uint64_t{1}
                          << NgramModel::bucket_bits(count, static_cast<int>(header.word_bits));
    if (contexts[s].first_bucket + last >= buckets.size()) {
      buckets_ok = false;
      break;
    }
    const auto own = buckets.subspan(contexts[s].first_bucket, last + 1);
    for (size_t i = 0; i < last; ++i) buckets_ok &= own[i] <= own[i + 1];
    buckets_ok &= own[last] <= count;
  }
  if (!buckets_ok) fail(name, "a bucket of n-grams is out of range");
  const uint32_t shift = 64 - header.word_bits;
  const uint64_t next_mask = (uint64_t{1} << (48 - header.word_bits)) - 1;
  bool arcs_ok = true;
  for (uint32_t s = 1; s < header.num_states; ++s) {
    uint64_t at_least = 0;
    for (uint32_t a = contexts[s].first_arc; a < contexts[s + 1].first_arc; ++a) {
      const uint64_t word = arcs[a] >> shift;
      arcs_ok &= word >= at_least && word < header.num_words;
      arcs_ok &= (arcs[a] >> 16 & next_mask) < header.num_states;
      arcs_ok &= (arcs[a] & 0xffff) < header.codebook_size;
      at_least = word + 1;
    }
  }
  if (!arcs_ok) fail(name, "an n-gram is out of range or out of order");

  bool words_ok = true;
  for (const LmState next : section<LmState>(NgramSection::kUnigramNext)) {
    words_ok &= next < header.num_states;
  }
  const auto offsets = section<uint32_t>(NgramSection::kWordOffsets);
  words_ok &= offsets[0] == 0 && offsets[header.num_words] == header.word_bytes;
  for (uint32_t w = 0; w < header.num_words; ++w) words_ok &= offsets[w] <= offsets[w + 1];
  // At least one slot must be empty, or a search for an absent word would never end.
  bool has_empty_slot = false;
  for (const uint32_t entry : section<uint32_t>(NgramSection::kWordTable)) {
    words_ok &= entry <= header.num_words;
    has_empty_slot |= entry == 0;
  }
  if (!words_ok || !has_empty_slot || !std::has_single_bit(header.word_table_size)) {
    fail(name, "the word list is damaged");
  }
}

uint32_t NgramBlock::compute_data_checksum() const {
  const auto data = bytes_.subspan(sizeof(NgramHeader));
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

uint32_t ngram_header_checksum(const NgramHeader& header) {
  NgramHeader copy = header;
  copy.header_checksum = 0;
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(&copy), sizeof(copy)));
}

uint32_t ngram_word_table_size(uint32_t num_words) {
  return std::bit_ceil(num_words + num_words / 3 + 1);
}

uint32_t ngram_word_hash(std::string_view word) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return static_cast<uint32_t>(hash ^ hash >> 32);
}

}  // namespace bivox
