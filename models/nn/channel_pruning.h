// Narrower networks from trained ones: channels that do least are removed, for speed.
//
// A channel cannot go alone: what computes it, what changes it on the way (norms, ReLU, dropout)
// and what reads it lose it together, and channels that are added to each other (residual and skip
// sums) are one. Such ties make groups: the channels of x, of every branch added to x and of what
// reads them. A gate's two halves are tied to each other. Inputs and outputs of the network keep
// their channels, and so do layer norms, slices and convolutions in groups, which would change with
// the number of channels, and all that is tied to them.
//
// Within each group the channels are ranked by
//   kWeights  the L1 norm of the weights and biases that write the channel times that of the
//             weights that read it
//   kGain     the sum of |gain| of the batch norms on the way; where there are none, kWeights
// and the share `fraction` of them, rounded, at least one, is kept in the order they had. With
// kWeights, a channel that is read with weights of zero goes first, and removing it leaves the
// results as they are, to the bit; so does a channel that is written as zero and stays zero.
//
// Cost falls about with the square of the fraction; accuracy falls, too: fine-tune afterwards.
// Errors: BIVOX_CHECK for fractions outside (0, 1]. Thread rule: pure functions.
// Sources: Li et al. 2017, "Pruning filters for efficient ConvNets", section 3; Liu et al. 2017,
// "Learning efficient convolutional networks through network slimming", section 3.
// Test: tests/models/nn/channel_pruning_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "models/nn/network.h"

namespace bivox {

enum class ChannelRanking { kWeights, kGain };

struct ChannelPruningOptions {
  double fraction = 0.5;  ///< Of the channels of every group that are kept.
  ChannelRanking ranking = ChannelRanking::kWeights;
  int multiple = 1;  ///< Kept channels are rounded up to a multiple, e.g. 16 for full vectors.
};

/// The smaller network, with the weights of the channels that are left.
Network prune_channels(const Network& network, const ChannelPruningOptions& options);

/// A group of tied channels, for reports.
struct ChannelGroup {
  std::vector<std::string> nodes;  ///< That compute them.
  int channels = 0;
  bool removable = false;
};
std::vector<ChannelGroup> channel_groups(const Network& network);

}  // namespace bivox
