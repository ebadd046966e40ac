#include "models/state_alignment.h"

namespace bivox {

std::vector<int> tied_states(const StateAlignment& alignment, const StateTree& tree) {
  std::vector<int> states;
  for (const StateRun& run : alignment) {
    const int tied = tree.tied_state(run.phone, run.state, run.context);
    states.insert(states.end(), static_cast<size_t>(run.frames), tied);
  }
  return states;
}

}  // namespace bivox
