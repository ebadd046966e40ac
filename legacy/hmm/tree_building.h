// Growing phonetic decision trees from data, with questions that come from the data too.
//
// For every HMM state of every phone in context the statistics of one Gaussian are collected. The
// log-likelihood of a pool S of N frames under its own Gaussian is
//
//   L(S) = -1/2 N sum_d ln var_d(S) + const(N)
//
// Questions: phones are merged bottom-up, always the two groups whose union loses the least
// likelihood; every group met on the way is a set of phones that sound alike, asked of the left and
// of the right neighbour. First, middle and last states give sets of their own. Word positions are
// asked too. Trees: the leaf and question with the largest L(yes) + L(no) - L(leaf) are split until
// `max_states` tied states are reached or no split gains `min_gain`.
//
// Deterministic: ties go to the earlier leaf and question. Thread rule: pure functions; statistics
// are one object per thread. Sources: Young, Odell & Woodland, ARPA HLT 1994; Singh, Raj & Stern,
// "Automatic clustering and generation of contextual questions for tied states in hidden Markov
// models", ICASSP 1999. Test: tests/legacy/tree_building_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/state_tree.h"

namespace bivox {

/// Frames, sum and sum of squares of what one Gaussian would model.
struct GaussianStatistics {
  double frames = 0.0;
  std::vector<double> sum;     ///< [dims]
  std::vector<double> square;  ///< [dims]

  void add(const float* x, size_t dims);
  void add(const GaussianStatistics& other);
  /// L(S) above; variances are floored at `floor`.
  double log_likelihood(double floor = 1e-3) const;
};

/// Statistics by phone, state and context. Fillers count as silence in contexts.
class ContextStatistics {
 public:
  struct Key {
    PhoneId centre = 0;
    int16_t state = 0;
    WordPosition position = WordPosition::kInternal;
    PhoneId left = 0;
    PhoneId right = 0;
    auto operator<=>(const Key&) const = default;
  };

  ContextStatistics(const PhoneSet& phones, int dims);

  void add(PhoneId centre, int state, const PhoneContext& context, const float* x);
  void add(const ContextStatistics& other);
  const std::map<Key, GaussianStatistics>& all() const { return all_; }
  int dims() const { return static_cast<int>(dims_); }

 private:
  std::vector<PhoneId> as_context_;  // [phones]: silence for fillers
  size_t dims_;
  std::map<Key, GaussianStatistics> all_;
};

struct TreeOptions {
  int max_states = 2000;
  double min_frames = 80.0;  ///< Of each side of a split.
  double min_gain = 200.0;   ///< Natural log.
};

/// Sets of phones that sound alike, [phones] each; every single phone is among them.
std::vector<std::vector<bool>> derive_phone_sets(const ContextStatistics& statistics,
                                                 const PhoneSet& phones, int states_per_hmm);

StateTree grow_state_tree(const ContextStatistics& statistics, const PhoneSet& phones,
                          int states_per_hmm, const TreeOptions& options = {});

}  // namespace bivox
