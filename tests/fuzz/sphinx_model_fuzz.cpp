// Feeds bytes to every reader of CMU Sphinx model files. The first byte picks the reader, the rest
// is the file. Anything but success or an Error is a finding.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dsp/core/error.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/io/sphinx_files.h"
#include "models/io/sphinx_mdef.h"

namespace {

void read(uint8_t kind, std::string_view bytes) {
  using namespace bivox;
  switch (kind % 9) {
    case 0:
      parse_sphinx_gaussians(bytes, "means");
      break;
    case 1:
      parse_sphinx_mixture_weights(bytes, "mixture_weights");
      break;
    case 2:
      parse_sphinx_transitions(bytes, "transition_matrices");
      break;
    case 3:
      parse_sphinx_feature_transform(bytes, "feature_transform");
      break;
    case 4:
      parse_sphinx_sendump(bytes, "sendump", 3, 1, 2);
      break;
    case 5:
      sphinx_front_end_options(parse_sphinx_options(bytes, "feat.params"), "feat.params");
      break;
    case 6:
      parse_sphinx_noise_words(bytes, "noisedict");
      break;
    case 7:
      parse_sphinx_streams(bytes, "feat.params");
      break;
    default: {
      const SphinxModelDefinition mdef = parse_sphinx_mdef(bytes, "mdef");
      // The table of contexts grows with the cube of the phones; small sets are enough here.
      if (mdef.phones.size() <= 16) {
        const std::vector<float> log_probs(static_cast<size_t>(mdef.num_matrices) *
                                               static_cast<size_t>(mdef.states_per_hmm) *
                                               static_cast<size_t>(mdef.states_per_hmm + 1),
                                           -1.0F);
        make_hmm_set(mdef, log_probs);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  try {
    read(data[0], std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  } catch (const bivox::Error&) {
    // what a damaged file must give
  }
  return 0;
}
