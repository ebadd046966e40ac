// Bivox's own file of an n-gram model: NgramBlock as it lies in memory (layout in ngram_block.h),
// so that loading is mapping plus one pass of checks, and processes share the pages.
//
// Size: 8 bytes an n-gram, 12 a context, 256 KiB of codebook an order. Probabilities are quantized
// when the model is built (ngram_builder.h), so saving changes nothing: the loaded model equals the
// saved one in every probability.
// Safety: every index in the file is checked when it is loaded; a damaged file is an Error(kModel)
// and never a crash. Whether the numbers are those written is NgramModel::checksum_ok().
// Thread rule: free functions without state. Test: tests/models/ngram_binary_test.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "dsp/core/file_io.h"
#include "models/lm/ngram.h"

namespace bivox {

bool is_ngram_binary(std::span<const std::byte> bytes);
/// Uses the mapped pages themselves.
std::shared_ptr<const NgramModel> map_ngram_binary(MappedFile file, std::string_view name);
/// Copies the bytes.
std::shared_ptr<const NgramModel> parse_ngram_binary(std::span<const std::byte> bytes,
                                                     std::string_view name);
void save_ngram_binary(const NgramBlock& block, const std::filesystem::path& path);

}  // namespace bivox
