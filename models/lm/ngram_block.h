// The bytes of an n-gram model: a header and its sections, the same in memory and in a file.
//
// Layout, little endian as on every machine Bivox builds for: NgramHeader, then the sections in the
// order of NgramSection, each starting at a multiple of 64 bytes. Sizes are stated in the header
// and must be exactly those which the counts imply, so a damaged header is found before it is used.
// Checksums: the header's (CRC-32 over its own bytes with the field zero) is always checked; the
// contents' (CRC-32 of everything after the header) only on demand, since it touches every page.
// Thread rule: immutable once built. Errors: Error(kModel) with the name given.
// Test: tests/models/ngram_binary_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dsp/core/file_io.h"
#include "models/lm/ngram.h"

namespace bivox {

enum class NgramSection {
  kContexts,         ///< NgramModel::Context[num_states + 1]
  kArcs,             ///< uint64[num_arcs]: word | next state | codebook index
  kBuckets,          ///< uint32[num_buckets], see NgramModel::Context
  kCodebooks,        ///< float[order - 1][codebook_size], natural log
  kUnigramLogProbs,  ///< float[num_words], natural log
  kUnigramNext,      ///< uint32[num_words]
  kWordOffsets,      ///< uint32[num_words + 1]
  kWordTable,        ///< uint32[word_table_size], word + 1 or 0
  kWordBytes,        ///< char[word_bytes]
  kCount,
};
inline constexpr size_t kNumNgramSections = static_cast<size_t>(NgramSection::kCount);
inline constexpr std::array<char, 8> kNgramMagic = {'B', 'I', 'V', 'O', 'X', 'N', 'G', '\n'};
inline constexpr uint32_t kNgramVersion = 1;
inline constexpr uint32_t kNoNgramWord = 0xffffffff;

struct NgramHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t header_checksum;
  uint32_t data_checksum;
  uint32_t order;
  uint32_t num_words;
  uint32_t num_states;
  uint64_t num_arcs;
  uint64_t total_bytes;
  uint32_t num_buckets;
  uint32_t word_bits;
  uint32_t codebook_size;
  uint32_t word_table_size;
  uint32_t word_bytes;
  uint32_t begin_state;
  uint32_t sentence_begin;  // kNoNgramWord if absent, as the two below
  uint32_t sentence_end;
  uint32_t unknown;
  std::array<uint32_t, kMaxNgramOrder + 1> level_begin;
  uint32_t has_data_checksum;  // 0 for a block built in memory: most are never saved
  uint32_t reserved;
  std::array<uint64_t, kMaxNgramOrder> num_ngrams;
};
static_assert(sizeof(NgramHeader) == 192 && alignof(NgramHeader) == 8);

/// Offset and size in bytes of every section, and the size of the whole, as the counts imply.
struct NgramLayout {
  explicit NgramLayout(const NgramHeader& header);
  std::array<uint64_t, kNumNgramSections> offset = {};
  std::array<uint64_t, kNumNgramSections> size = {};
  uint64_t total = 0;
};

class NgramBlock {
 public:
  /// Owns memory for the counts in `header`, to be filled through section().
  explicit NgramBlock(const NgramHeader& header);
  /// Takes over a mapped file; validates all that safe use rests on, in one pass.
  NgramBlock(MappedFile file, std::string_view name);
  /// Copies bytes; validates as above.
  NgramBlock(std::span<const std::byte> bytes, std::string_view name);

  const NgramHeader& header() const { return *header_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  template <class T>
  std::span<const T> section(NgramSection which) const {
    const auto i = static_cast<size_t>(which);
    return {reinterpret_cast<const T*>(bytes_.data() + layout_.offset[i]),
            static_cast<size_t>(layout_.size[i]) / sizeof(T)};
  }
  /// Only for a block that owns its memory.
  template <class T>
  std::span<T> mutable_section(NgramSection which) {
    const auto i = static_cast<size_t>(which);
    return {reinterpret_cast<T*>(owned_.get() + layout_.offset[i]),
            static_cast<size_t>(layout_.size[i]) / sizeof(T)};
  }
  NgramHeader& mutable_header() { return *reinterpret_cast<NgramHeader*>(owned_.get()); }

  uint32_t compute_data_checksum() const;

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  void own(size_t size);
  void validate(std::string_view name) const;

  std::unique_ptr<std::byte, Free> owned_;
  MappedFile file_;
  std::span<const std::byte> bytes_;
  const NgramHeader* header_ = nullptr;
  NgramLayout layout_;
};

/// CRC-32 of the header with its own field taken as zero.
uint32_t ngram_header_checksum(const NgramHeader& header);
/// Slots of kWordTable: at least a quarter stays empty.
uint32_t ngram_word_table_size(uint32_t num_words);
/// Hash of a word in kWordTable; part of the file format.
uint32_t ngram_word_hash(std::string_view word);

}  // namespace bivox
