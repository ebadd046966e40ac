#include "models/hmm_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

// 4 x 255^3 entries are 265 MB; the Sphinx formats hold phones in one byte, so no file asks for
// more.
constexpr int kMaxPhones = 255;
constexpr int kMaxStatesPerHmm = 32;
constexpr size_t kFirstTableSize = 1024;

}  // namespace

HmmSet::HmmSet(PhoneSet phones, int num_states, int states_per_hmm)
    : phones_(std::move(phones)),
      num_states_(num_states),
      states_per_hmm_(states_per_hmm),
      known_(kFirstTableSize, -1) {
  if (phones_.size() < 1 || phones_.size() > kMaxPhones) {
    throw Error(ErrorCode::kModel,
                fmt::format("{} phones; an HMM set has 1 to {}", phones_.size(), kMaxPhones));
  }
  if (states_per_hmm < 1 || states_per_hmm > kMaxStatesPerHmm) {
    throw Error(ErrorCode::kModel, fmt::format("{} states per HMM; expected 1 to {}",
                                               states_per_hmm, kMaxStatesPerHmm));
  }
  if (num_states < 1) {
    throw Error(ErrorCode::kModel, fmt::format("{} tied states; expected at least 1", num_states));
  }
  const auto n = static_cast<size_t>(phones_.size());
  table_.assign(4 * n * n * n, -1);
}

int HmmSet::add_transitions(std::span<const float> log_probs) {
  const size_t size =
      static_cast<size_t>(states_per_hmm_) * static_cast<size_t>(states_per_hmm_ + 1);
  BIVOX_CHECK(log_probs.size() == size);
  transition_log_probs_.insert(transition_log_probs_.end(), log_probs.begin(), log_probs.end());
  return num_transitions() - 1;
}

int HmmSet::num_transitions() const {
  return static_cast<int>(
      transition_log_probs_.size() /
      (static_cast<size_t>(states_per_hmm_) * static_cast<size_t>(states_per_hmm_ + 1)));
}

std::span<const float> HmmSet::transition_log_probs(int transitions) const {
  const size_t size =
      static_cast<size_t>(states_per_hmm_) * static_cast<size_t>(states_per_hmm_ + 1);
  return {transition_log_probs_.data() + static_cast<size_t>(transitions) * size, size};
}

size_t HmmSet::slot(std::span<const StateId> wanted, int transitions) const {
  uint64_t hash = static_cast<uint64_t>(static_cast<uint32_t>(transitions)) + 0x9E3779B97F4A7C15ULL;
  for (const StateId state : wanted) {
    hash = (hash ^ static_cast<uint32_t>(state)) * 0xD6E8FEB86659FD93ULL;
    hash ^= hash >> 32;
  }
  const size_t mask = known_.size() - 1;
  size_t at = static_cast<size_t>(hash) & mask;
  while (known_[at] >= 0) {
    const HmmId id = known_[at];
    if (hmm_transitions_[static_cast<size_t>(id)] == transitions &&
        std::ranges::equal(states(id), wanted)) {
      break;
    }
    at = (at + 1) & mask;
  }
  return at;
}

void HmmSet::grow_known() {
  known_.assign(known_.size() * 2, -1);
  for (HmmId id = 0; id < num_hmms(); ++id) {
    known_[slot(states(id), transitions(id))] = id;
  }
}

HmmId HmmSet::add_hmm(std::span<const StateId> states, int transitions) {
  BIVOX_CHECK(states.size() == static_cast<size_t>(states_per_hmm_));
  BIVOX_CHECK(transitions >= 0 && transitions < num_transitions());
  for (const StateId state : states) {
    BIVOX_CHECK(state >= 0 && state < num_states_);
  }
  size_t at = slot(states, transitions);
  if (known_[at] >= 0) {
    return known_[at];
  }
  if ((hmm_transitions_.size() + 1) * 2 > known_.size()) {
    grow_known();
    at = slot(states, transitions);
  }
  const auto id = static_cast<HmmId>(hmm_transitions_.size());
  states_.insert(states_.end(), states.begin(), states.end());
  hmm_transitions_.push_back(transitions);
  known_[at] = id;
  return id;
}

void HmmSet::set(WordPosition position, PhoneId centre, PhoneId left, PhoneId right, HmmId hmm) {
  const auto valid = [this](PhoneId phone) { return phone >= 0 && phone < phones_.size(); };
  BIVOX_CHECK(valid(centre) && valid(left) && valid(right));
  BIVOX_CHECK(hmm >= 0 && hmm < num_hmms());
  table_[index(position, centre, left, right)] = hmm;
}

void HmmSet::set_context_independent(PhoneId centre, HmmId hmm) {
  BIVOX_CHECK(centre >= 0 && centre < phones_.size());
  BIVOX_CHECK(hmm >= 0 && hmm < num_hmms());
  const size_t contexts = static_cast<size_t>(phones_.size()) * static_cast<size_t>(phones_.size());
  for (int position = 0; position < 4; ++position) {
    const auto first = table_.begin() + static_cast<std::ptrdiff_t>(index(
                                            static_cast<WordPosition>(position), centre, 0, 0));
    std::replace(first, first + static_cast<std::ptrdiff_t>(contexts), HmmId{-1}, hmm);
  }
}

bool HmmSet::complete() const {
  return std::ranges::none_of(table_, [](HmmId hmm) { return hmm < 0; });
}

}  // namespace bivox
