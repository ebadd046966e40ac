#include "models/lm/word_numbers.h"

#include <cstring>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr size_t kFirstSlots = 1024;

/// Eight bytes a step: the finalizer of MurmurHash3 (Appleby) mixes each.
uint32_t hash_of(std::string_view word) {
  uint64_t hash = 0x9e3779b97f4a7c15ULL ^ word.size();
  const char* at = word.data();
  size_t left = word.size();
  while (left > 0) {
    uint64_t part = 0;
    const size_t step = left < sizeof(part) ? left : sizeof(part);
    std::memcpy(&part, at, step);
    hash = (hash ^ part) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32;
    at += step;
    left -= step;
  }
  return static_cast<uint32_t>(hash * 0xc4ceb9fe1a85ec53ULL >> 32);
}

}  // namespace

WordNumbers::WordNumbers() : slots_(kFirstSlots) {}

/// Where the word is, or the empty slot where it would go.
size_t WordNumbers::slot(std::string_view word, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].number_plus_one != 0) {
    if (slots_[at].hash == hash && this->word(slots_[at].number_plus_one - 1) == word) break;
    at = (at + 1) & mask;
  }
  return at;
}

std::optional<uint32_t> WordNumbers::find(std::string_view word) const {
  const Slot& found = slots_[slot(word, hash_of(word))];
  if (found.number_plus_one == 0) return std::nullopt;
  return found.number_plus_one - 1;
}

uint32_t WordNumbers::add(std::string_view word) {
  const uint32_t hash = hash_of(word);
  const size_t at = slot(word, hash);
  if (slots_[at].number_plus_one != 0) return slots_[at].number_plus_one - 1;
  if (bytes_.size() + word.size() > 0xffffffffU || ends_.size() >= 0x7fffffffU) {
    throw Error(ErrorCode::kModel, "the text has too many different words",
                "is it text, one sentence a line?");
  }
  bytes_ += word;
  ends_.push_back(static_cast<uint32_t>(bytes_.size()));
  slots_[at] = {hash, size()};
  if (ends_.size() * 2 > slots_.size()) grow();
  return size() - 1;
}

void WordNumbers::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.number_plus_one == 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].number_plus_one != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace bivox
