// Language models of all three formats, told apart as NgramModel::load() does, from any bytes.
//
// Two of them get help, so that mutations reach the interesting parts: the header checksum of
// Bivox's binary is made right, and the codebooks of a Sphinx trie (256 KiB each) are left out of
// the input and put in here. A model that loads must be safe to use. Seeds: tests/fuzz/corpus/lm,
// small random models as tests/models/ngram_test_models.h writes them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "dsp/core/error.h"
#include "models/lm/ngram.h"
#include "models/lm/ngram_block.h"
#include "models/lm/sphinx_lm.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::string with_header_checksum(std::string input) {
  bivox::NgramHeader header;
  if (input.size() < sizeof(header)) return input;
  std::memcpy(&header, input.data(), sizeof(header));
  header.header_checksum = bivox::ngram_header_checksum(header);
  std::memcpy(input.data(), &header, sizeof(header));
  return input;
}

std::string with_codebooks(std::string input) {
  constexpr size_t kOrderAt = 19;
  if (input.size() <= kOrderAt) return input;
  const auto order = static_cast<unsigned char>(input[kOrderAt]);
  if (order < 2 || order > 5) return input;
  const size_t at = kOrderAt + 1 + size_t{4} * order + 4;
  if (input.size() < at) return input;
  return input.insert(at, (size_t{2} * order - 3) << 18, '\0');
}

void use(const bivox::NgramModel& lm) {
  bivox::LmState state = lm.begin_state();
  for (uint32_t i = 0; i < 64; ++i) {
    const bivox::LmWord word = i * 2654435761U % lm.num_words();
    const auto step = lm.step(state, word);
    require(step.next < lm.num_states());
    require(lm.context_length(step.next) < lm.order());
    lm.for_each_successor(step.next, [&](bivox::LmWord w, float) { require(w < lm.num_words()); });
    require(lm.backoff_state(step.next) <= step.next);
    lm.find(lm.word(word));
    state = step.next;
  }
  require(!lm.find("no such word at all"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  const auto bytes = std::as_bytes(std::span<const char>(input.data(), input.size()));
  if (bivox::is_sphinx_lm(bytes)) {
    input = with_codebooks(std::move(input));
  } else if (std::memcmp(input.data(), bivox::kNgramMagic.data(),
                         std::min(size, bivox::kNgramMagic.size())) == 0) {
    input = with_header_checksum(std::move(input));
  }
  try {
    const auto lm = bivox::NgramModel::parse(
        std::as_bytes(std::span<const char>(input.data(), input.size())), "input");
    use(*lm);
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
