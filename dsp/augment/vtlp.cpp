#include "dsp/augment/vtlp.h"

#include "dsp/core/random.h"

namespace bivox {

double random_warp(const VtlpOptions& options, uint64_t seed) {
  return Random(seed).uniform(options.min_warp, options.max_warp);
}

}  // namespace bivox
