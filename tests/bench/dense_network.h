// dense_net.h as a Network.
#pragma once

#include <string>

#include "models/nn/network.h"
#include "tests/bench/dense_net.h"

namespace bivox::bench {

inline Network dense_net() {
  Network net;
  NodeId x = net.input("mel", kMelBins);
  for (int layer = 0; layer < kLayers; ++layer) {
    const std::string name = "layer" + std::to_string(layer);
    const Conv1dGeometry geometry = {.inputs = layer == 0 ? kMelBins : kChannels,
                                     .outputs = kChannels,
                                     .kernel = kKernel,
                                     .pad_left = kKernel / 2,
                                     .pad_right = kKernel / 2};
    NodeId y = net.batch_norm(name + ".norm", net.conv1d(name + ".conv", x, geometry, false));
    if (layer > 0) y = net.add(name + ".sum", {y, x});
    x = net.relu(name + ".relu", y);
  }
  net.output(net.linear("labels", x, kLabels));
  net.initialize(1);
  return net;
}

}  // namespace bivox::bench
