#include "legacy/hmm/alignment_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

void add_once(std::vector<PhoneId>& phones, PhoneId phone) {
  if (std::ranges::find(phones, phone) == phones.end()) {
    phones.push_back(phone);
  }
}

}  // namespace

AlignmentGraph::AlignmentGraph(const HmmSet& hmms, const Lexicon& lexicon,
                               std::span<const FillerWord> fillers,
                               std::span<const std::string> words) {
  const PhoneId silence = hmms.phones().silence();
  std::vector<WordIndex> slots;
  for (const std::string& word : words) {
    const std::optional<WordIndex> index = lexicon.find(word);
    if (!index) {
      throw Error(ErrorCode::kInput,
                  fmt::format("word {} of the text, \"{}\", is not in the dictionary",
                              slots.size() + 1, word),
                  "add its pronunciation to the dictionary, or correct the text");
    }
    slots.push_back(*index);
  }
  // Phones that the word before a slot may end with, and that the word after may begin with.
  const auto contexts = [&](size_t slot, bool before) {
    std::vector<PhoneId> phones = {silence};
    if (before ? slot == 0 : slot + 1 == slots.size()) {
      return phones;
    }
    const WordIndex neighbour = slots[before ? slot - 1 : slot + 1];
    for (int i = 0; i < lexicon.num_pronunciations(neighbour); ++i) {
      const std::span<const PhoneId> pronunciation = lexicon.pronunciation(neighbour, i);
      add_once(phones, before ? pronunciation.back() : pronunciation.front());
    }
    return phones;
  };

  std::vector<int32_t> gap_nodes;
  add_gap(hmms, fillers, 0, gap_nodes);
  start_nodes_ = gap_nodes;
  std::vector<Border> exits;  // of the word before
  for (size_t slot = 0; slot < slots.size(); ++slot) {
    const std::vector<PhoneId> left = contexts(slot, true);
    const std::vector<PhoneId> right = contexts(slot, false);
    std::vector<Border> entries;
    std::vector<Border> next_exits;
    size_t shortest = SIZE_MAX;
    for (int i = 0; i < lexicon.num_pronunciations(slots[slot]); ++i) {
      const std::span<const PhoneId> phones = lexicon.pronunciation(slots[slot], i);
      shortest = std::min(shortest, phones.size());
      const size_t first_entry = entries.size();
      add_pronunciation(hmms, phones, static_cast<int>(slot), left, right, entries, next_exits);
      for (size_t e = first_entry; e < entries.size(); ++e) {
        nodes_[static_cast<size_t>(entries[e].node)].log_prob = lexicon.log_prob(slots[slot], i);
      }
    }
    min_phones_ += static_cast<int>(shortest);
    for (const Border& entry : entries) {
      for (const Border& exit : exits) {
        if (exit.context == entry.phone && entry.context == exit.phone) {
          add_arc(exit.node, entry.node);
        }
      }
      if (entry.context == silence) {
        for (const int32_t filler : gap_nodes) {
          add_arc(filler, entry.node);
        }
        if (slot == 0) {
          start_nodes_.push_back(entry.node);
        }
      }
    }
    exits = std::move(next_exits);
    add_gap(hmms, fillers, static_cast<int>(slot) + 1, gap_nodes);
    for (const Border& exit : exits) {
      if (exit.context == silence) {
        for (const int32_t filler : gap_nodes) {
          add_arc(exit.node, filler);
        }
      }
    }
  }
  final_.assign(nodes_.size(), false);
  for (const int32_t filler : gap_nodes) {
    final_[static_cast<size_t>(filler)] = true;
  }
  for (const Border& exit : exits) {
    if (exit.context == silence) {
      final_[static_cast<size_t>(exit.node)] = true;
    }
  }
  pack_arcs();
}

int32_t AlignmentGraph::add_node(HmmId hmm, PhoneId phone, int slot, int filler) {
  nodes_.push_back({hmm, phone, slot, filler, 0.0F, 0, 0});
  return static_cast<int32_t>(nodes_.size()) - 1;
}

void AlignmentGraph::add_arc(int32_t from, int32_t to) { arc_list_.emplace_back(from, to); }

void AlignmentGraph::add_pronunciation(const HmmSet& hmms, std::span<const PhoneId> phones,
                                       int slot, const std::vector<PhoneId>& left,
                                       const std::vector<PhoneId>& right,
                                       std::vector<Border>& entries, std::vector<Border>& exits) {
  const PhoneId first = phones.front();
  const PhoneId last = phones.back();
  if (phones.size() == 1) {
    for (const PhoneId l : left) {
      for (const PhoneId r : right) {
        const int32_t node =
            add_node(hmms.hmm(WordPosition::kSingle, first, l, r), first, slot, -1);
        entries.push_back({node, first, l});
        exits.push_back({node, first, r});
      }
    }
    return;
  }
  std::vector<int32_t> before;
  for (const PhoneId l : left) {
    const int32_t node =
        add_node(hmms.hmm(WordPosition::kBegin, first, l, phones[1]), first, slot, -1);
    entries.push_back({node, first, l});
    before.push_back(node);
  }
  for (size_t i = 1; i + 1 < phones.size(); ++i) {
    const int32_t node =
        add_node(hmms.hmm(WordPosition::kInternal, phones[i], phones[i - 1], phones[i + 1]),
                 phones[i], slot, -1);
    for (const int32_t from : before) {
      add_arc(from, node);
    }
    before = {node};
  }
  for (const PhoneId r : right) {
    const int32_t node =
        add_node(hmms.hmm(WordPosition::kEnd, last, phones[phones.size() - 2], r), last, slot, -1);
    for (const int32_t from : before) {
      add_arc(from, node);
    }
    exits.push_back({node, last, r});
  }
}

void AlignmentGraph::add_gap(const HmmSet& hmms, std::span<const FillerWord> fillers, int gap,
                             std::vector<int32_t>& gap_nodes) {
  const PhoneId silence = hmms.phones().silence();
  gap_nodes.clear();
  for (size_t i = 0; i < fillers.size(); ++i) {
    const PhoneId phone = fillers[i].phone;
    gap_nodes.push_back(add_node(hmms.hmm(WordPosition::kSingle, phone, silence, silence), phone,
                                 gap, static_cast<int>(i)));
  }
  for (const int32_t from : gap_nodes) {
    for (const int32_t to : gap_nodes) {
      add_arc(from, to);
    }
  }
}

void AlignmentGraph::pack_arcs() {
  for (const auto& [from, to] : arc_list_) {
    ++nodes_[static_cast<size_t>(from)].num_arcs;
  }
  uint32_t first = 0;
  for (Node& node : nodes_) {
    node.first_arc = first;
    first += std::exchange(node.num_arcs, 0);
  }
  arcs_.resize(first);
  for (const auto& [from, to] : arc_list_) {
    Node& node = nodes_[static_cast<size_t>(from)];
    arcs_[node.first_arc + node.num_arcs++] = to;
  }
  arc_list_.clear();
  arc_list_.shrink_to_fit();
}

}  // namespace bivox
