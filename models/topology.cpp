#include "models/topology.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "dsp/core/error.h"

namespace bivox {

std::vector<float> left_to_right_transitions(const TopologyOptions& options) {
  if (options.states < 1 || !(options.stay >= 0.0F) || !(options.skip >= 0.0F) ||
      !(options.stay + options.skip < 1.0F)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{} states, stay {}, skip {}: expected at least one state and "
                            "probabilities that sum to less than 1",
                            options.states, options.stay, options.skip));
  }
  const auto states = static_cast<size_t>(options.states);
  std::vector<float> log_probs(states * (states + 1), -std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < states; ++i) {
    const float skip = i + 2 < states ? options.skip : 0.0F;
    float* row = log_probs.data() + i * (states + 1);
    row[i] = std::log(options.stay);
    row[i + 1] = std::log(1.0F - options.stay - skip);
    if (skip > 0.0F) {
      row[i + 2] = std::log(skip);
    }
  }
  return log_probs;
}

}  // namespace bivox
