#include "models/lm/ngram.h"

#include <string>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/lm/arpa.h"
#include "models/lm/ngram_binary.h"
#include "models/lm/ngram_block.h"
#include "models/lm/ngram_builder.h"
#include "models/lm/sphinx_lm.h"

namespace bivox {
namespace {

std::optional<LmWord> optional_word(uint32_t word) {
  if (word == kNoNgramWord) return std::nullopt;
  return word;
}

NgramTables read_tables(std::span<const std::byte> bytes, std::string_view name) {
  return is_sphinx_lm(bytes) ? read_sphinx_lm(bytes, name) : read_arpa(bytes, name);
}

}  // namespace

NgramModel::NgramModel(std::unique_ptr<const NgramBlock> block) : block_(std::move(block)) {
  const NgramHeader& header = block_->header();
  contexts_ = block_->section<Context>(NgramSection::kContexts).data();
  arcs_ = block_->section<uint64_t>(NgramSection::kArcs).data();
  buckets_ = block_->section<uint32_t>(NgramSection::kBuckets).data();
  codebooks_ = block_->section<float>(NgramSection::kCodebooks).data();
  unigram_log_probs_ = block_->section<float>(NgramSection::kUnigramLogProbs).data();
  unigram_next_ = block_->section<LmState>(NgramSection::kUnigramNext).data();
  word_offsets_ = block_->section<uint32_t>(NgramSection::kWordOffsets).data();
  word_bytes_ = block_->section<char>(NgramSection::kWordBytes).data();
  word_table_ = block_->section<uint32_t>(NgramSection::kWordTable).data();
  word_table_mask_ = header.word_table_size - 1;
  order_ = static_cast<int>(header.order);
  word_shift_ = static_cast<int>(64 - header.word_bits);
  next_mask_ = (uint64_t{1} << (48 - header.word_bits)) - 1;
  codebook_size_ = header.codebook_size;
  num_words_ = header.num_words;
  num_states_ = header.num_states;
  for (size_t k = 0; k < header.level_begin.size(); ++k) level_begin_[k] = header.level_begin[k];
  begin_state_ = header.begin_state;
  sentence_begin_ = optional_word(header.sentence_begin);
  sentence_end_ = optional_word(header.sentence_end);
  unknown_ = optional_word(header.unknown);
}

NgramModel::~NgramModel() = default;

std::shared_ptr<const NgramModel> NgramModel::load(const std::filesystem::path& path) {
  const std::string name = path.string();
  NgramTables tables;
  {
    MappedFile file(path, ErrorCode::kModel);
    if (is_ngram_binary(file.bytes())) return map_ngram_binary(std::move(file), name);
    tables = read_tables(file.bytes(), name);
  }
  // The file is unmapped by now: its pages and those of the model are never there together.
  return build_ngram_model(tables, name);
}

std::shared_ptr<const NgramModel> NgramModel::parse(std::span<const std::byte> bytes,
                                                    std::string_view name) {
  if (is_ngram_binary(bytes)) return parse_ngram_binary(bytes, name);
  return build_ngram_model(read_tables(bytes, name), name);
}

std::optional<LmWord> NgramModel::find(std::string_view word) const noexcept {
  uint32_t at = ngram_word_hash(word) & word_table_mask_;
  while (word_table_[at] != 0) {
    const LmWord candidate = word_table_[at] - 1;
    if (this->word(candidate) == word) return candidate;
    at = (at + 1) & word_table_mask_;
  }
  return std::nullopt;
}

uint64_t NgramModel::num_ngrams(int order) const noexcept {
  if (order < 1 || order > order_) return 0;
  return block_->header().num_ngrams[static_cast<size_t>(order - 1)];
}

size_t NgramModel::num_bytes() const noexcept { return block_->bytes().size(); }

void NgramModel::save(const std::filesystem::path& path) const { save_ngram_binary(*block_, path); }

bool NgramModel::checksum_ok() const noexcept {
  const NgramHeader& header = block_->header();
  return header.has_data_checksum == 0 || block_->compute_data_checksum() == header.data_checksum;
}

}  // namespace bivox
