// The hidden Markov models of an acoustic model as one JSON text, "hmm.json" in model folders: the
// phonetic trees, transitions, filler words and what scores are worth. Both paradigms write it
// (kinds "gmm-hmm" and "convnet").
//
//   {"phones": ["SIL", "AA", ...],            names; their order gives the PhoneId
//    "filler_phones": ["SIL"],
//    "states_per_hmm": 3,
//    "questions": [{"left": ["AA", "AE"]}, {"right": [...]}, {"position": ["begin", "single"]},
//    ...], "splits": [[centre, state, leaf, question], ...],   StateTree::splits(), by phone name
//    "transitions": {"SIL": [[ln stay, ln next, ln skip], ...], ...},    null: not allowed
//    "filler_words": [{"word": "<sil>", "phone": "SIL"}],
//    "score_scale": {"language_weight": 12, ...}}        what is absent has its default
//
// Trees are kept as the splits that made them, so no file can describe a broken one, and tied
// states keep their numbers. Numbers come back bit for bit. Errors: Error(kModel) naming source and
// what is wrong; memory is in proportion to the text. Thread rule: pure functions. Test:
// tests/models/io/hmm_file_test.cpp; tests/fuzz/hmm_file_fuzz.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/acoustic_model.h"
#include "models/state_tree.h"

namespace bivox {

inline constexpr const char* kHmmFileName = "hmm.json";

struct HmmFile {
  StateTree tree;
  /// `[phones][states_per_hmm][states_per_hmm + 1]`, natural log, as make_hmm_set() wants them.
  std::vector<float> transitions;
  std::vector<FillerWord> fillers;
  ScoreScale score_scale;

  /// With left-to-right transitions (models/topology.h), silence as the filler word "<sil>" and
  /// default scales.
  explicit HmmFile(StateTree state_tree);
  HmmSet hmms() const { return tree.make_hmm_set(transitions); }
};

std::string write_hmm_json(const HmmFile& hmm);
/// `source` names the text in errors.
HmmFile parse_hmm_json(std::string_view text, std::string_view source);

}  // namespace bivox
