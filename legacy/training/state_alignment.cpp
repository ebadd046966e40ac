#include "legacy/training/state_alignment.h"

#include "dsp/core/check.h"

namespace bivox {
namespace {

struct PhoneInWord {
  PhoneId phone;
  WordPosition position;
};

WordPosition position_of(size_t i, size_t count) {
  if (count == 1) return WordPosition::kSingle;
  if (i == 0) return WordPosition::kBegin;
  return i + 1 == count ? WordPosition::kEnd : WordPosition::kInternal;
}

PhoneContext context_of(const std::vector<PhoneInWord>& phones, size_t i, PhoneId silence) {
  return {phones[i].position, i == 0 ? silence : phones[i - 1].phone,
          i + 1 == phones.size() ? silence : phones[i + 1].phone};
}

}  // namespace

StateAlignment to_state_alignment(const ViterbiAligner::Path& path, const AlignmentGraph& graph,
                                  const HmmSet& hmms, int frames) {
  // First the phones in order, then their runs: a context needs the next phone.
  std::vector<PhoneInWord> phones;
  std::vector<size_t> phone_of_entry;
  int32_t last_slot = -1;
  for (const ViterbiAligner::Entry& entry : path.entries) {
    const AlignmentGraph::Node& node = graph.nodes()[static_cast<size_t>(entry.node)];
    if (entry.state == 0) {
      const int32_t slot = node.filler >= 0 ? -1 : node.slot;
      // Whether a phone ends its word shows only when the next one is known.
      if (slot < 0) {
        phones.push_back({node.phone, WordPosition::kSingle});
      } else if (slot == last_slot) {
        WordPosition& before = phones.back().position;
        before = before == WordPosition::kSingle ? WordPosition::kBegin : WordPosition::kInternal;
        phones.push_back({node.phone, WordPosition::kEnd});
      } else {
        phones.push_back({node.phone, WordPosition::kSingle});
      }
      last_slot = slot;
    }
    BIVOX_CHECK(!phones.empty());
    phone_of_entry.push_back(phones.size() - 1);
  }
  StateAlignment runs;
  for (size_t i = 0; i < path.entries.size(); ++i) {
    const ViterbiAligner::Entry& entry = path.entries[i];
    const int32_t end = i + 1 < path.entries.size() ? path.entries[i + 1].frame : frames;
    const size_t p = phone_of_entry[i];
    runs.push_back({phones[p].phone, entry.state, context_of(phones, p, hmms.phones().silence()),
                    end - entry.frame});
  }
  return runs;
}

StateAlignment equal_alignment(std::span<const std::string> words, const Lexicon& lexicon,
                               const PhoneSet& phones, int states_per_hmm, int frames) {
  const PhoneId silence = phones.silence();
  std::vector<PhoneInWord> sequence = {{silence, WordPosition::kSingle}};
  for (const std::string& word : words) {
    const std::optional<WordIndex> index = lexicon.find(word);
    BIVOX_CHECK(index.has_value());
    const std::span<const PhoneId> pronunciation = lexicon.pronunciation(*index, 0);
    for (size_t i = 0; i < pronunciation.size(); ++i) {
      sequence.push_back({pronunciation[i], position_of(i, pronunciation.size())});
    }
  }
  sequence.push_back({silence, WordPosition::kSingle});
  const int64_t states = static_cast<int64_t>(sequence.size()) * states_per_hmm;
  if (frames < states) return {};
  StateAlignment runs;
  int64_t index = 0;
  for (size_t i = 0; i < sequence.size(); ++i) {
    for (int state = 0; state < states_per_hmm; ++state, ++index) {
      const int64_t begin = index * frames / states;
      const int64_t end = (index + 1) * frames / states;
      runs.push_back({sequence[i].phone, static_cast<int16_t>(state),
                      context_of(sequence, i, silence), static_cast<int32_t>(end - begin)});
    }
  }
  return runs;
}

}  // namespace bivox
