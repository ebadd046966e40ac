// A GMM/HMM acoustic model of Bivox's own, and the folder it is kept in (kind "gmm-hmm").
//
//   config.json          options: {"rung": "sat", "front_end": {...}, "dictionary": "words.dict"}
//   hmm.json             trees, transitions, fillers, scales (models/io/hmm_file.h)
//   weights.safetensors  gaussians_of_state [states] I32; weights [gaussians], means and variances
//                        [gaussians x dims] F16; transform [dims x front-end dims] F32, if any
//   first.hmm.json, first.safetensors   the same of the model for the first pass, if any
//   pronunciations.tsv   how likely a word's pronunciations are, if learnt
//                        (models/lexicon/pronunciation_probabilities.h)
//   words.dict, card.md
//
// Half floats change scores by less than the search can see: WER is the same (the card of a model
// has the figures); a tensor that does not fit their range is kept in F32.
//
// A model of the rung "sat" is trained on features that fMLLR moved towards it for every speaker.
// On features as they are it does badly, so it carries a model for them: recognition without
// adaptation, and the first of two passes, use that one.
//
// Errors: Error(kModel) naming file, finding and expectation. Thread rule: values; share what does
// not change. Test: tests/legacy/gmm_model_folder_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "legacy/gmm/mixture_model.h"
#include "legacy/gmm/sphinx_model.h"
#include "models/io/hmm_file.h"
#include "models/io/model_folder.h"

namespace bivox {

inline constexpr const char* kGmmModelKind = "gmm-hmm";
inline constexpr const char* kPronunciationsFile = "pronunciations.tsv";

struct GmmModel {
  std::string rung;           ///< Of the ladder: mono, tri, lda-mllt or sat.
  FrontEndOptions front_end;  ///< Audio to rows, before the transform.
  HmmFile hmm;
  MixtureModel mixtures;    ///< Of hmm.tree's states.
  FeatureMatrix transform;  ///< [dims x front-end dims]; empty: none.
  /// A file of the folder, or the name of a bundled language model whose dictionary it is.
  std::string dictionary;
  /// For features that are not adapted; null: this model.
  std::shared_ptr<const GmmModel> first_pass;

  /// Whether features should be moved towards the model, speaker by speaker.
  bool wants_adaptation() const { return first_pass != nullptr; }
  /// For features as they are.
  const GmmModel& unadapted() const { return first_pass ? *first_pass : *this; }
  /// This model, ready to recognize with.
  std::shared_ptr<const GmmAcousticModel> acoustic_model(std::string origin) const;
};

/// Adds the files of the model and the options of config.json; the caller adds the dictionary and
/// the card.
void save_gmm_model(const GmmModel& model, ModelFolderWriter& writer);

GmmModel load_gmm_model(const std::filesystem::path& folder);

}  // namespace bivox
