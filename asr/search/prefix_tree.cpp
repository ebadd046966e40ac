#include "asr/search/prefix_tree.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_set>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {

// Sorts pronunciations by the sequence of HMMs they pass; equal prefixes are then ranges, and the
// tree is cut out of the ranges from the top, so that the branches of a node come out contiguous.
class PrefixTree::Builder {
 public:
  Builder(PrefixTree& tree, const HmmSet& hmms, const Lexicon& lexicon, const LanguageModel& lm,
          std::span<const FillerWord> fillers, std::span<const WordIndex> isolated)
      : tree_(tree),
        hmms_(hmms),
        lexicon_(lexicon),
        lm_(lm),
        fillers_(fillers),
        isolated_(isolated.begin(), isolated.end()) {}

  void build() {
    tree_.num_phones_ = hmms_.phones().size();
    tree_.silence_ = hmms_.phones().silence();
    collect_words();
    collect_contexts();
    tree_.lookahead_parent_.push_back(kNone);  // kAnyWord
    tree_.first_phone_lookahead_.assign(static_cast<size_t>(tree_.num_phones_), kNone);
    build_paths();
    build_single_phone_words();
    build_isolated_words();
    build_fillers();
    build_entries();
    index_lookahead_leaves();
  }

 private:
  // A pronunciation of at least two phones: group (first, second phone), HMMs of the inner phones,
  // and the pair (phone before last, last phone), which decides the fan-out.
  struct Path {
    uint32_t group;
    uint32_t inner_begin;
    uint32_t inner_count;
    uint32_t tail;  // before-last * num_phones + last
    Word word;
  };
  struct FanOut {
    std::vector<std::pair<HmmId, uint16_t>> variants;  // HMM and its right set
  };

  uint32_t pair(PhoneId a, PhoneId b) const {
    return static_cast<uint32_t>(a) * static_cast<uint32_t>(tree_.num_phones_) +
           static_cast<uint32_t>(b);
  }

  void collect_words() {
    for (WordIndex w = 0; w < lexicon_.num_words(); ++w) {
      const std::optional<LmWord> lm_word = lm_.find(lexicon_.word(w));
      if (!lm_word || lm_word == lm_.sentence_begin() || lm_word == lm_.sentence_end()) continue;
      for (int i = 0; i < lexicon_.num_pronunciations(w); ++i) {
        const std::span<const PhoneId> phones = lexicon_.pronunciation(w, i);
        const Word word = {*lm_word, w, i, lexicon_.log_prob(w, i)};
        if (std::any_of(phones.begin(), phones.end(),
                        [&](PhoneId p) { return hmms_.phones().is_filler(p); })) {
          continue;  // fillers have a list of their own
        }
        if (phones.size() == 1 && isolated_.contains(w)) {
          isolated_words_.push_back({phones[0], word});
          continue;
        }
        if (phones.size() == 1) {
          single_.push_back({phones[0], word});
          continue;
        }
        Path path = {pair(phones[0], phones[1]), static_cast<uint32_t>(inner_.size()), 0,
                     pair(phones[phones.size() - 2], phones.back()), word};
        for (size_t k = 1; k + 1 < phones.size(); ++k) {
          inner_.push_back(
              hmms_.hmm(WordPosition::kInternal, phones[k], phones[k - 1], phones[k + 1]));
        }
        path.inner_count = static_cast<uint32_t>(inner_.size()) - path.inner_begin;
        paths_.push_back(path);
      }
    }
    if (paths_.empty() && single_.empty() && isolated_words_.empty()) {
      throw Error(ErrorCode::kModel, "no word of the dictionary is in the language model",
                  "check that both are of the same language and the same letter case");
    }
    std::sort(paths_.begin(), paths_.end(), [&](const Path& a, const Path& b) {
      if (a.group != b.group) return a.group < b.group;
      const auto a_inner = inner(a);
      const auto b_inner = inner(b);
      const auto [pa, pb] =
          std::mismatch(a_inner.begin(), a_inner.end(), b_inner.begin(), b_inner.end());
      // Of two paths where one continues, the one that ends comes last: inner children before
      // leaves.
      if (pa == a_inner.end() && pb == b_inner.end()) return a.tail < b.tail;
      if (pa == a_inner.end()) return false;
      if (pb == b_inner.end()) return true;
      return *pa < *pb;
    });
    std::sort(single_.begin(), single_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  std::span<const HmmId> inner(const Path& path) const {
    return {inner_.data() + path.inner_begin, path.inner_count};
  }

  // Phones that a word may end with (left contexts) and begin with (right contexts); silence is
  // both.
  void collect_contexts() {
    std::vector<bool> ends(static_cast<size_t>(tree_.num_phones_), false);
    std::vector<bool> begins(ends);
    for (const Path& path : paths_) {
      begins[path.group / static_cast<uint32_t>(tree_.num_phones_)] = true;
      ends[path.tail % static_cast<uint32_t>(tree_.num_phones_)] = true;
    }
    for (const auto& [phone, word] : single_) {
      begins[static_cast<size_t>(phone)] = ends[static_cast<size_t>(phone)] = true;
    }
    begins[static_cast<size_t>(tree_.silence_)] = ends[static_cast<size_t>(tree_.silence_)] = true;
    for (PhoneId p = 0; p < tree_.num_phones_; ++p) {
      if (ends[static_cast<size_t>(p)]) lefts_.push_back(p);
      if (begins[static_cast<size_t>(p)]) rights_.push_back(p);
    }
    // Silence may be followed by isolated words too, and they by all that silence is.
    for (const auto& [phone, word] : isolated_words_) begins[static_cast<size_t>(phone)] = true;
    std::vector<PhoneId> any_right;
    for (PhoneId p = 0; p < tree_.num_phones_; ++p) {
      if (begins[static_cast<size_t>(p)]) any_right.push_back(p);
    }
    tree_.any_right_ = right_set(any_right);
  }

  uint16_t right_set(const std::vector<PhoneId>& phones) {
    const auto [it, is_new] =
        right_set_ids_.try_emplace(phones, static_cast<uint16_t>(tree_.right_sets_.size()));
    if (is_new) {
      BIVOX_CHECK(tree_.right_sets_.size() < 65535);
      tree_.right_sets_.push_back(phones);
      tree_.allows_silence_.push_back(std::find(phones.begin(), phones.end(), tree_.silence_) !=
                                      phones.end());
    }
    return it->second;
  }

  FanOut make_fan_out(WordPosition position, PhoneId left, PhoneId centre) {
    std::map<HmmId, std::vector<PhoneId>> by_hmm;
    for (PhoneId right : rights_) by_hmm[hmms_.hmm(position, centre, left, right)].push_back(right);
    FanOut fan_out;
    for (const auto& [hmm, phones] : by_hmm) fan_out.variants.emplace_back(hmm, right_set(phones));
    return fan_out;
  }

  const FanOut& fan_out(uint32_t tail) {
    const auto [it, is_new] = fan_outs_.try_emplace(tail);
    if (is_new) {
      const uint32_t n = static_cast<uint32_t>(tree_.num_phones_);
      it->second = make_fan_out(WordPosition::kEnd, static_cast<PhoneId>(tail / n),
                                static_cast<PhoneId>(tail % n));
    }
    return it->second;
  }

  uint32_t new_lookahead(uint32_t parent) {
    tree_.lookahead_parent_.push_back(parent);
    return static_cast<uint32_t>(tree_.lookahead_parent_.size() - 1);
  }

  uint32_t first_phone_lookahead(PhoneId phone) {
    uint32_t& node = tree_.first_phone_lookahead_[static_cast<size_t>(phone)];
    if (node == kNone) node = new_lookahead(kAnyWord);
    return node;
  }

  // One level of the tree below some parent: a run of paths with the same inner HMM at `depth`, or
  // with the same end.
  struct Run {
    size_t begin;
    size_t end;
    bool is_leaf;
  };

  std::vector<Run> runs_at(size_t begin, size_t end, uint32_t depth) const {
    std::vector<Run> runs;
    while (begin < end) {
      const Path& first = paths_[begin];
      const bool is_leaf = first.inner_count == depth;
      size_t stop = begin + 1;
      while (stop < end) {
        const Path& next = paths_[stop];
        if ((next.inner_count == depth) != is_leaf) break;
        if (is_leaf ? next.tail != first.tail
                    : inner_[next.inner_begin + depth] != inner_[first.inner_begin + depth]) {
          break;
        }
        ++stop;
      }
      runs.push_back({begin, stop, is_leaf});
      begin = stop;
    }
    return runs;
  }

  // Places what follows after `depth` inner phones of paths [begin, end); returns the first branch
  // and their number.
  std::pair<uint32_t, uint16_t> place_branches(size_t begin, size_t end, uint32_t depth,
                                               uint32_t lookahead) {
    const std::vector<Run> runs = runs_at(begin, end, depth);
    const uint32_t first = static_cast<uint32_t>(tree_.branches_.size());
    const bool splits = runs.size() > 1;
    for (const Run& run : runs) {
      const uint32_t own = splits || run.is_leaf ? new_lookahead(lookahead) : lookahead;
      const uint32_t node = static_cast<uint32_t>(tree_.nodes_.size());
      if (run.is_leaf) {
        place_leaf(run, own);
      } else {
        tree_.nodes_.push_back({inner_[paths_[run.begin].inner_begin + depth], 0, 0, 0, own});
      }
      const size_t count = tree_.nodes_.size() - node;
      tree_.branches_.push_back({node, own, static_cast<uint16_t>(count), run.is_leaf});
    }
    BIVOX_CHECK(!runs.empty() && runs.size() < 65536);
    // Descend only now, so that the branches of this node lie side by side.
    for (size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].is_leaf) continue;
      const PrefixTree::Branch branch = tree_.branches_[first + i];
      const auto [link, number] =
          place_branches(runs[i].begin, runs[i].end, depth + 1, branch.lookahead);
      tree_.nodes_[branch.first_node].link = link;
      tree_.nodes_[branch.first_node].num_branches = number;
    }
    return {first, static_cast<uint16_t>(runs.size())};
  }

  void place_leaf(const Run& run, uint32_t lookahead) {
    const uint32_t n = static_cast<uint32_t>(tree_.num_phones_);
    const uint32_t tail = paths_[run.begin].tail;
    Leaf leaf = {static_cast<TreeWord>(tree_.words_.size()),
                 static_cast<uint32_t>(run.end - run.begin), static_cast<PhoneId>(tail % n), false};
    for (size_t i = run.begin; i < run.end; ++i) add_word(paths_[i].word, lookahead);
    const uint32_t index = static_cast<uint32_t>(tree_.leaves_.size());
    tree_.leaves_.push_back(leaf);
    for (const auto& [hmm, right] : fan_out(tail).variants) {
      tree_.nodes_.push_back({hmm, index, 0, right, lookahead});
    }
  }

  void add_word(const Word& word, uint32_t lookahead) {
    tree_.words_.push_back(word);
    word_lookahead_.push_back({word.lm_word, lookahead});
  }

  void build_paths() {
    size_t begin = 0;
    while (begin < paths_.size()) {
      size_t end = begin + 1;
      while (end < paths_.size() && paths_[end].group == paths_[begin].group) ++end;
      const uint32_t n = static_cast<uint32_t>(tree_.num_phones_);
      const PhoneId first = static_cast<PhoneId>(paths_[begin].group / n);
      const PhoneId second = static_cast<PhoneId>(paths_[begin].group % n);
      const uint32_t lookahead = new_lookahead(first_phone_lookahead(first));
      const auto [link, count] = place_branches(begin, end, 0, lookahead);
      std::map<HmmId, uint32_t> roots;  // fan-in: one root for each distinct HMM
      for (PhoneId left : lefts_) {
        const HmmId hmm = hmms_.hmm(WordPosition::kBegin, first, left, second);
        const auto [it, is_new] =
            roots.try_emplace(hmm, static_cast<uint32_t>(tree_.nodes_.size()));
        if (is_new) tree_.nodes_.push_back({hmm, link, count, 0, lookahead});
        entry_list_.push_back({pair(left, first), it->second});
      }
      begin = end;
    }
  }

  void build_single_phone_words() {
    size_t begin = 0;
    while (begin < single_.size()) {
      size_t end = begin + 1;
      while (end < single_.size() && single_[end].first == single_[begin].first) ++end;
      const PhoneId phone = single_[begin].first;
      const uint32_t lookahead = new_lookahead(first_phone_lookahead(phone));
      Leaf leaf = {static_cast<TreeWord>(tree_.words_.size()), static_cast<uint32_t>(end - begin),
                   phone, false};
      for (size_t i = begin; i < end; ++i) add_word(single_[i].second, lookahead);
      const uint32_t index = static_cast<uint32_t>(tree_.leaves_.size());
      tree_.leaves_.push_back(leaf);
      std::map<std::pair<HmmId, uint16_t>, uint32_t> known;
      for (PhoneId left : lefts_) {
        for (const auto& variant : make_fan_out(WordPosition::kSingle, left, phone).variants) {
          const auto [it, is_new] =
              known.try_emplace(variant, static_cast<uint32_t>(tree_.nodes_.size()));
          if (is_new) tree_.nodes_.push_back({variant.first, index, 0, variant.second, lookahead});
          entry_list_.push_back({pair(left, phone), it->second});
        }
      }
      begin = end;
    }
  }

  void build_isolated_words() {
    for (const auto& [phone, word] : isolated_words_) {
      const uint32_t lookahead = new_lookahead(first_phone_lookahead(phone));
      const uint32_t node = static_cast<uint32_t>(tree_.nodes_.size());
      tree_.leaves_.push_back(
          {static_cast<TreeWord>(tree_.words_.size()), 1, tree_.silence_, false});
      add_word(word, lookahead);
      const HmmId hmm = hmms_.hmm(WordPosition::kSingle, phone, tree_.silence_, tree_.silence_);
      tree_.nodes_.push_back(
          {hmm, static_cast<uint32_t>(tree_.leaves_.size() - 1), 0, tree_.any_right_, lookahead});
      entry_list_.push_back({pair(tree_.silence_, phone), node});
    }
  }

  void build_fillers() {
    tree_.num_words_ = static_cast<uint32_t>(tree_.words_.size());
    for (size_t i = 0; i < fillers_.size(); ++i) {
      const uint32_t node = static_cast<uint32_t>(tree_.nodes_.size());
      tree_.leaves_.push_back(
          {static_cast<TreeWord>(tree_.words_.size()), 1, tree_.silence_, true});
      tree_.words_.push_back({0, static_cast<WordIndex>(i), 0});
      const HmmId hmm =
          hmms_.hmm(WordPosition::kSingle, fillers_[i].phone, tree_.silence_, tree_.silence_);
      tree_.nodes_.push_back(
          {hmm, static_cast<uint32_t>(tree_.leaves_.size() - 1), 0, tree_.any_right_, kAnyWord});
      for (PhoneId left : lefts_) entry_list_.push_back({pair(left, tree_.silence_), node});
    }
  }

  void build_entries() {
    const size_t pairs =
        static_cast<size_t>(tree_.num_phones_) * static_cast<size_t>(tree_.num_phones_);
    tree_.entry_begin_.assign(pairs + 1, 0);
    for (const auto& [key, node] : entry_list_) ++tree_.entry_begin_[key + 1];
    std::partial_sum(tree_.entry_begin_.begin(), tree_.entry_begin_.end(),
                     tree_.entry_begin_.begin());
    tree_.entry_nodes_.resize(entry_list_.size());
    std::vector<uint32_t> next(tree_.entry_begin_.begin(), tree_.entry_begin_.end() - 1);
    for (const auto& [key, node] : entry_list_) tree_.entry_nodes_[next[key]++] = node;
  }

  void index_lookahead_leaves() {
    tree_.lookahead_begin_.assign(static_cast<size_t>(lm_.num_words()) + 1, 0);
    for (const auto& [word, node] : word_lookahead_) ++tree_.lookahead_begin_[word + 1];
    std::partial_sum(tree_.lookahead_begin_.begin(), tree_.lookahead_begin_.end(),
                     tree_.lookahead_begin_.begin());
    tree_.lookahead_leaves_.resize(word_lookahead_.size());
    std::vector<uint32_t> next(tree_.lookahead_begin_.begin(), tree_.lookahead_begin_.end() - 1);
    for (const auto& [word, node] : word_lookahead_) tree_.lookahead_leaves_[next[word]++] = node;
  }

  PrefixTree& tree_;
  const HmmSet& hmms_;
  const Lexicon& lexicon_;
  const LanguageModel& lm_;
  std::span<const FillerWord> fillers_;
  std::vector<Path> paths_;
  std::vector<HmmId> inner_;
  std::vector<std::pair<PhoneId, Word>> single_;
  std::unordered_set<WordIndex> isolated_;
  std::vector<std::pair<PhoneId, Word>> isolated_words_;
  std::vector<PhoneId> lefts_;
  std::vector<PhoneId> rights_;
  std::map<std::vector<PhoneId>, uint16_t> right_set_ids_;
  std::map<uint32_t, FanOut> fan_outs_;
  std::vector<std::pair<uint32_t, uint32_t>> entry_list_;
  std::vector<std::pair<LmWord, uint32_t>> word_lookahead_;
};

PrefixTree::PrefixTree(const HmmSet& hmms, const Lexicon& lexicon, const LanguageModel& lm,
                       std::span<const FillerWord> fillers, std::span<const WordIndex> isolated) {
  Builder(*this, hmms, lexicon, lm, fillers, isolated).build();
}

}  // namespace bivox
