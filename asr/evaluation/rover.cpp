#include "asr/evaluation/rover.h"

#include <algorithm>

namespace bivox {
namespace {

using Hypotheses = std::span<const std::vector<HypothesisWord>>;

// Costs as in word_errors.h.
constexpr int kGap = 3;
constexpr int kMismatch = 4;

enum Move : uint8_t { kPair, kNewSlot, kNoWord };

bool slot_has(const RoverSlot& slot, Hypotheses hypotheses, const std::string& word) {
  for (size_t system = 0; system < slot.size(); ++system) {
    if (slot[system] < 0) continue;
    if (hypotheses[system][static_cast<size_t>(slot[system])].text == word) return true;
  }
  return false;
}

// Adds the words of one more system to slots that hold those of the systems before it.
std::vector<RoverSlot> add_system(std::vector<RoverSlot> slots, Hypotheses hypotheses,
                                  size_t system) {
  const std::vector<HypothesisWord>& words = hypotheses[system];
  const size_t rows = slots.size() + 1;
  const size_t columns = words.size() + 1;
  std::vector<int> cost(rows * columns);
  std::vector<Move> moves(rows * columns);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const size_t at = i * columns + j;
      if (i == 0 && j == 0) continue;
      int best = 1 << 30;
      if (i > 0 && j > 0) {
        const bool match = slot_has(slots[i - 1], hypotheses, words[j - 1].text);
        best = cost[at - columns - 1] + (match ? 0 : kMismatch);
        moves[at] = kPair;
      }
      if (j > 0 && cost[at - 1] + kGap < best) {
        best = cost[at - 1] + kGap;
        moves[at] = kNewSlot;
      }
      if (i > 0 && cost[at - columns] + kGap < best) {
        best = cost[at - columns] + kGap;
        moves[at] = kNoWord;
      }
      cost[at] = best;
    }
  }
  std::vector<RoverSlot> result;
  size_t i = rows - 1;
  size_t j = columns - 1;
  while (i > 0 || j > 0) {
    const Move move = moves[i * columns + j];
    RoverSlot slot = move == kNewSlot ? RoverSlot(system, -1) : std::move(slots[--i]);
    slot.push_back(move == kNoWord ? -1 : static_cast<int>(--j));
    result.push_back(std::move(slot));
  }
  std::reverse(result.begin(), result.end());
  return result;
}

}  // namespace

std::vector<RoverSlot> rover_slots(Hypotheses hypotheses) {
  std::vector<RoverSlot> slots;
  for (size_t system = 0; system < hypotheses.size(); ++system) {
    slots = add_system(std::move(slots), hypotheses, system);
  }
  return slots;
}

std::vector<HypothesisWord> rover(Hypotheses hypotheses, const RoverOptions& options) {
  std::vector<HypothesisWord> result;
  const auto systems = static_cast<double>(hypotheses.size());
  for (const RoverSlot& slot : rover_slots(hypotheses)) {
    double best_score = -1.0;
    const HypothesisWord* best = nullptr;
    for (size_t system = 0; system < slot.size(); ++system) {
      const auto word_of = [&](size_t which) {
        return slot[which] < 0 ? nullptr : &hypotheses[which][static_cast<size_t>(slot[which])];
      };
      const HypothesisWord* word = word_of(system);
      double votes = 0.0;
      double confidence = 0.0;
      for (size_t other = 0; other < slot.size(); ++other) {
        const HypothesisWord* said = word_of(other);
        const bool same = word == nullptr ? said == nullptr : said && said->text == word->text;
        if (!same) continue;
        votes += 1.0;
        confidence += said == nullptr ? options.null_confidence : said->confidence;
      }
      const double score =
          options.alpha * votes / systems + (1.0 - options.alpha) * confidence / votes;
      if (score > best_score + 1e-9) {
        best_score = score;
        best = word;
      }
    }
    if (best != nullptr) result.push_back(*best);
  }
  return result;
}

int64_t oracle_errors(std::span<const std::string_view> reference, Hypotheses hypotheses) {
  const std::vector<RoverSlot> slots = rover_slots(hypotheses);
  std::vector<int64_t> above(reference.size() + 1);
  for (size_t j = 0; j < above.size(); ++j) above[j] = static_cast<int64_t>(j);
  std::vector<int64_t> here(above.size());
  for (const RoverSlot& slot : slots) {
    const int64_t skip = std::find(slot.begin(), slot.end(), -1) == slot.end() ? 1 : 0;
    here[0] = above[0] + skip;
    for (size_t j = 1; j < here.size(); ++j) {
      const bool match = slot_has(slot, hypotheses, std::string(reference[j - 1]));
      here[j] = std::min({above[j - 1] + (match ? 0 : 1), above[j] + skip, here[j - 1] + 1});
    }
    std::swap(above, here);
  }
  return above.back();
}

}  // namespace bivox
