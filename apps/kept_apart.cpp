#include "apps/kept_apart.h"

#include "dsp/core/random.h"

namespace bivox {
namespace {

constexpr uint64_t kShare = 50;  // one in so many

}  // namespace

uint64_t utterance_hash(std::string_view id) {
  uint64_t hash = 0x6964;
  for (const char c : id) hash = mix_seeds(hash, static_cast<unsigned char>(c));
  return hash;
}

bool is_kept_apart(std::string_view id) { return utterance_hash(id) % kShare == 0; }

}  // namespace bivox
