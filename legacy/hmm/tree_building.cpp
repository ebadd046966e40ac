#include "legacy/hmm/tree_building.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <set>

#include "dsp/core/check.h"

namespace bivox {
namespace {

using PhoneSets = std::vector<std::vector<bool>>;

// A leaf that may still be split: its contexts, summed over each neighbour and over positions.
struct Leaf {
  PhoneId centre = 0;
  int state = 0;
  StateTree::NodeIndex node = 0;
  std::vector<const std::pair<const ContextStatistics::Key, GaussianStatistics>*> contexts;
  GaussianStatistics total;
  // The best split.
  double gain = 0.0;
  int question = -1;
};

GaussianStatistics empty_statistics(size_t dims) {
  return {0.0, std::vector<double>(dims, 0.0), std::vector<double>(dims, 0.0)};
}

GaussianStatistics subtract(const GaussianStatistics& a, const GaussianStatistics& b) {
  GaussianStatistics out = a;
  out.frames -= b.frames;
  for (size_t d = 0; d < out.sum.size(); ++d) {
    out.sum[d] -= b.sum[d];
    out.square[d] -= b.square[d];
  }
  return out;
}

class TreeGrower {
 public:
  TreeGrower(const ContextStatistics& statistics, const PhoneSet& phones, int states_per_hmm,
             const TreeOptions& options)
      : phones_(phones),
        dims_(static_cast<size_t>(statistics.dims())),
        options_(options),
        tree_(phones, states_per_hmm) {
    add_questions(derive_phone_sets(statistics, phones, states_per_hmm));
    std::map<std::pair<PhoneId, int>, Leaf> roots;
    for (const auto& entry : statistics.all()) {
      const ContextStatistics::Key& key = entry.first;
      if (phones.is_filler(key.centre)) continue;
      Leaf& leaf = roots[{key.centre, key.state}];
      leaf.centre = key.centre;
      leaf.state = key.state;
      leaf.contexts.push_back(&entry);
    }
    for (auto& [where, leaf] : roots) push(std::move(leaf));
  }

  StateTree grow() {
    while (!open_.empty() && tree_.num_states() < options_.max_states) {
      const auto [gain, order] = open_.top();
      open_.pop();
      Leaf leaf = std::move(leaves_[static_cast<size_t>(-order)]);
      const auto [yes, no] = tree_.split(leaf.centre, leaf.state, leaf.node, leaf.question);
      Leaf sides[2];
      for (int side = 0; side < 2; ++side) {
        sides[side].centre = leaf.centre;
        sides[side].state = leaf.state;
        sides[side].node = side == 0 ? yes : no;
      }
      for (const auto* entry : leaf.contexts) {
        const ContextStatistics::Key& key = entry->first;
        const bool holds = tree_.answer(leaf.question, {key.position, key.left, key.right});
        sides[holds ? 0 : 1].contexts.push_back(entry);
      }
      push(std::move(sides[0]));
      push(std::move(sides[1]));
    }
    return std::move(tree_);
  }

 private:
  void add_questions(const PhoneSets& sets) {
    for (const auto subject : {ContextQuestion::Subject::kLeft, ContextQuestion::Subject::kRight}) {
      for (const std::vector<bool>& members : sets) tree_.add_question({subject, members});
    }
    num_sets_ = sets.size();
    sets_ = sets;
    for (int position = 0; position < 4; ++position) {
      std::vector<bool> members(4, false);
      members[static_cast<size_t>(position)] = true;
      tree_.add_question({ContextQuestion::Subject::kPosition, members});
    }
    // At the edge of a word or within.
    tree_.add_question({ContextQuestion::Subject::kPosition, {false, true, false, true}});
    tree_.add_question({ContextQuestion::Subject::kPosition, {false, false, true, true}});
  }

  void consider(Leaf& leaf, int question, const GaussianStatistics& yes, double whole) const {
    if (yes.frames < options_.min_frames) return;
    const GaussianStatistics no = subtract(leaf.total, yes);
    if (no.frames < options_.min_frames) return;
    const double gain = yes.log_likelihood() + no.log_likelihood() - whole;
    if (gain > leaf.gain) {
      leaf.gain = gain;
      leaf.question = question;
    }
  }

  // Finds the best split of a leaf and queues it.
  void push(Leaf leaf) {
    const auto num_phones = static_cast<size_t>(phones_.size());
    leaf.total = empty_statistics(dims_);
    std::vector<GaussianStatistics> left(num_phones, empty_statistics(dims_));
    std::vector<GaussianStatistics> right(num_phones, empty_statistics(dims_));
    std::vector<GaussianStatistics> position(4, empty_statistics(dims_));
    for (const auto* entry : leaf.contexts) {
      const ContextStatistics::Key& key = entry->first;
      leaf.total.add(entry->second);
      left[static_cast<size_t>(key.left)].add(entry->second);
      right[static_cast<size_t>(key.right)].add(entry->second);
      position[static_cast<size_t>(key.position)].add(entry->second);
    }
    if (leaf.total.frames < 2.0 * options_.min_frames) return;
    const double whole = leaf.total.log_likelihood();
    GaussianStatistics yes;
    const auto gather = [&](const std::vector<GaussianStatistics>& groups,
                            const std::vector<bool>& members) {
      yes = empty_statistics(dims_);
      for (size_t i = 0; i < groups.size(); ++i) {
        if (members[i] && groups[i].frames > 0.0) yes.add(groups[i]);
      }
    };
    for (size_t q = 0; q < num_sets_; ++q) {
      gather(left, sets_[q]);
      consider(leaf, static_cast<int>(q), yes, whole);
      gather(right, sets_[q]);
      consider(leaf, static_cast<int>(num_sets_ + q), yes, whole);
    }
    const int first = static_cast<int>(2 * num_sets_);
    for (int p = 0; p < 4; ++p) consider(leaf, first + p, position[static_cast<size_t>(p)], whole);
    gather(position, {false, true, false, true});
    consider(leaf, first + 4, yes, whole);
    gather(position, {false, false, true, true});
    consider(leaf, first + 5, yes, whole);
    if (leaf.question < 0 || leaf.gain < options_.min_gain) return;
    // The queue prefers the earlier of equal leaves: its order is negative.
    open_.emplace(leaf.gain, -static_cast<int64_t>(leaves_.size()));
    leaves_.push_back(std::move(leaf));
  }

  const PhoneSet& phones_;
  size_t dims_;
  TreeOptions options_;
  StateTree tree_;
  PhoneSets sets_;
  size_t num_sets_ = 0;
  std::vector<Leaf> leaves_;
  std::priority_queue<std::pair<double, int64_t>> open_;
};

}  // namespace

void GaussianStatistics::add(const float* x, size_t dims) {
  sum.resize(dims, 0.0);
  square.resize(dims, 0.0);
  frames += 1.0;
  for (size_t d = 0; d < dims; ++d) {
    const double value = static_cast<double>(x[d]);
    sum[d] += value;
    square[d] += value * value;
  }
}

void GaussianStatistics::add(const GaussianStatistics& other) {
  sum.resize(other.sum.size(), 0.0);
  square.resize(other.square.size(), 0.0);
  frames += other.frames;
  for (size_t d = 0; d < other.sum.size(); ++d) {
    sum[d] += other.sum[d];
    square[d] += other.square[d];
  }
}

double GaussianStatistics::log_likelihood(double floor) const {
  if (frames <= 0.0) return 0.0;
  double sum_of_logs = 0.0;
  for (size_t d = 0; d < sum.size(); ++d) {
    const double mean = sum[d] / frames;
    sum_of_logs += std::log(std::max(square[d] / frames - mean * mean, floor));
  }
  return -0.5 * frames * sum_of_logs;
}

ContextStatistics::ContextStatistics(const PhoneSet& phones, int dims)
    : dims_(static_cast<size_t>(dims)) {
  const auto num_phones = static_cast<PhoneId>(phones.size());
  for (PhoneId p = 0; p < num_phones; ++p) {
    as_context_.push_back(phones.is_filler(p) ? phones.silence() : p);
  }
}

void ContextStatistics::add(PhoneId centre, int state, const PhoneContext& context,
                            const float* x) {
  const Key key = {centre, static_cast<int16_t>(state), context.position,
                   as_context_[static_cast<size_t>(context.left)],
                   as_context_[static_cast<size_t>(context.right)]};
  all_[key].add(x, dims_);
}

void ContextStatistics::add(const ContextStatistics& other) {
  for (const auto& [key, statistics] : other.all_) all_[key].add(statistics);
}

PhoneSets derive_phone_sets(const ContextStatistics& statistics, const PhoneSet& phones,
                            int states_per_hmm) {
  const auto num_phones = static_cast<size_t>(phones.size());
  std::set<std::vector<bool>> sets;
  for (int state = 0; state < states_per_hmm; ++state) {
    struct Group {
      std::vector<bool> members;
      GaussianStatistics pool;
    };
    std::vector<Group> groups;
    for (size_t p = 0; p < num_phones; ++p) {
      const auto phone = static_cast<PhoneId>(p);
      if (phones.is_filler(phone) && phone != phones.silence()) continue;
      Group group{std::vector<bool>(num_phones, false),
                  empty_statistics(static_cast<size_t>(statistics.dims()))};
      group.members[p] = true;
      sets.insert(group.members);
      groups.push_back(std::move(group));
    }
    for (const auto& [key, pool] : statistics.all()) {
      if (key.state != state) continue;
      for (Group& group : groups) {
        if (group.members[static_cast<size_t>(key.centre)]) group.pool.add(pool);
      }
    }
    // A phone that was never heard would join anything at no loss.
    std::erase_if(groups, [](const Group& group) { return group.pool.frames <= 0.0; });
    while (groups.size() > 2) {
      double least = 1e300;
      size_t best_a = 0;
      size_t best_b = 1;
      for (size_t a = 0; a < groups.size(); ++a) {
        for (size_t b = a + 1; b < groups.size(); ++b) {
          GaussianStatistics both = groups[a].pool;
          both.add(groups[b].pool);
          const double loss = groups[a].pool.log_likelihood() + groups[b].pool.log_likelihood() -
                              both.log_likelihood();
          if (loss < least) {
            least = loss;
            best_a = a;
            best_b = b;
          }
        }
      }
      groups[best_a].pool.add(groups[best_b].pool);
      for (size_t p = 0; p < num_phones; ++p) {
        if (groups[best_b].members[p]) groups[best_a].members[p] = true;
      }
      groups.erase(groups.begin() + static_cast<ptrdiff_t>(best_b));
      sets.insert(groups[best_a].members);
    }
  }
  return {sets.begin(), sets.end()};
}

StateTree grow_state_tree(const ContextStatistics& statistics, const PhoneSet& phones,
                          int states_per_hmm, const TreeOptions& options) {
  BIVOX_CHECK(statistics.dims() > 0);
  return TreeGrower(statistics, phones, states_per_hmm, options).grow();
}

}  // namespace bivox
