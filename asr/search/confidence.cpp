#include "asr/search/confidence.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

namespace bivox {

float calibrate(double posterior, const Calibration& calibration) {
  // Beyond these odds the lattice knows nothing: it holds thousands of paths, not millions.
  const double p = std::clamp(posterior, 1e-4, 1.0 - 1e-4);
  const double logit = std::log(p / (1.0 - p));
  return static_cast<float>(1.0 / (1.0 + std::exp(-(static_cast<double>(calibration.slope) * logit +
                                                    static_cast<double>(calibration.offset)))));
}

void fill_confidence(const SearchNetwork& network, DecoderResult& result, double posterior_scale,
                     const Calibration& calibration) {
  if (result.words.empty()) return;
  const Lattice& lattice = result.lattice;
  const std::vector<double> posteriors = arc_posteriors(lattice, posterior_scale);

  // Arcs by lexicon word, for the words asked about only.
  std::unordered_map<WordIndex, std::vector<uint32_t>> arcs_of;
  for (const DecodedWord& word : result.words) arcs_of[network.tree().word(word.word).word];
  for (uint32_t a = 0; a < lattice.arcs.size(); ++a) {
    const TreeWord word = lattice.arcs[a].word;
    if (posteriors[a] <= 0.0 || network.tree().is_filler(word)) continue;
    const auto found = arcs_of.find(network.tree().word(word).word);
    if (found != arcs_of.end()) found->second.push_back(a);
  }

  std::vector<double> mass;
  for (DecodedWord& word : result.words) {
    mass.assign(static_cast<size_t>(std::max(1, word.end_frame - word.start_frame)), 0.0);
    for (const uint32_t a : arcs_of[network.tree().word(word.word).word]) {
      const LatticeArc& arc = lattice.arcs[a];
      const int begin = std::max(lattice.nodes[arc.from].frame, word.start_frame);
      const int end = std::min(lattice.nodes[arc.to].frame, word.end_frame);
      for (int t = begin; t < end; ++t) {
        mass[static_cast<size_t>(t - word.start_frame)] += posteriors[a];
      }
    }
    word.confidence = calibrate(*std::max_element(mass.begin(), mass.end()), calibration);
  }
}

}  // namespace bivox
