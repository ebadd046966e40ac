#include "models/lm/ngram_binary.h"

#include <cstring>

#include "models/lm/ngram_block.h"

namespace bivox {

bool is_ngram_binary(std::span<const std::byte> bytes) {
  return bytes.size() >= kNgramMagic.size() &&
         std::memcmp(bytes.data(), kNgramMagic.data(), kNgramMagic.size()) == 0;
}

std::shared_ptr<const NgramModel> map_ngram_binary(MappedFile file, std::string_view name) {
  return std::make_shared<const NgramModel>(
      std::make_unique<const NgramBlock>(std::move(file), name));
}

std::shared_ptr<const NgramModel> parse_ngram_binary(std::span<const std::byte> bytes,
                                                     std::string_view name) {
  return std::make_shared<const NgramModel>(std::make_unique<const NgramBlock>(bytes, name));
}

void save_ngram_binary(const NgramBlock& block, const std::filesystem::path& path) {
  // A block built in memory has no checksums yet: most are never saved.
  NgramHeader header = block.header();
  header.has_data_checksum = 1;
  header.data_checksum = block.compute_data_checksum();
  header.header_checksum = ngram_header_checksum(header);
  AtomicFile file(path);
  file.stream().write(reinterpret_cast<const char*>(&header), sizeof(header));
  const auto data = block.bytes().subspan(sizeof(header));
  file.stream().write(reinterpret_cast<const char*>(data.data()),
                      static_cast<std::streamsize>(data.size()));
  file.commit();
}

}  // namespace bivox
