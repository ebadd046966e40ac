// A GMM/HMM acoustic model, and its loader for the models of CMU Sphinx (semi-continuous,
// phonetically tied and continuous).
//
// A Sphinx model is a folder: mdef, means, variances, transition_matrices, mixture_weights or
// sendump, feat.params, noisedict, perhaps feature_transform. Codebooks are shared by all states
// (one codebook), by the states of a phone (as many codebooks as phones) or belong to one state
// each.
//
// feat.params gives the front end, on top of Sphinx's defaults. The noise removal is on even where
// feat.params leaves it out, as Sphinx's default was when these models were trained; so is the
// order of streams (svspec). The filler words of noisedict are kept but for the sentence marks.
// Errors: Error(kModel) with path, what was found, what was expected; a hint where there is one.
// Thread rule: immutable; share freely. Source: pocketsphinx acmod.c, mdef.c, feat.c,
// config_macro.h. Test: tests/legacy/sphinx_model_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "legacy/gmm/gmm_scores.h"
#include "legacy/gmm/gmm_set.h"
#include "models/acoustic_model.h"
#include "models/io/sphinx_files.h"

namespace bivox {

class GmmAcousticModel : public AcousticModel {
 public:
  struct Parts {
    FrontEndOptions front_end;
    HmmSet hmms;
    std::shared_ptr<const GmmSet> gmms;
    std::vector<FillerWord> fillers;
    ScoreScale score_scale;
    GmmScoresOptions scoring;
    std::string origin;  ///< For people: the folder's name, or how it was made.
  };
  /// Throws Error(kModel) if parts do not fit each other.
  explicit GmmAcousticModel(Parts parts);

  const FrontEndOptions& front_end() const override { return parts_.front_end; }
  const HmmSet& hmms() const override { return parts_.hmms; }
  const std::vector<FillerWord>& fillers() const override { return parts_.fillers; }
  ScoreScale score_scale() const override { return parts_.score_scale; }
  std::unique_ptr<AcousticScores> make_scores() const override;
  int64_t num_parameters() const override { return parts_.gmms->num_parameters(); }
  std::vector<ModelFact> facts() const override;
  const GmmSet& gmms() const { return *parts_.gmms; }

 private:
  Parts parts_;
};

std::shared_ptr<const GmmAcousticModel> load_sphinx_model(const std::filesystem::path& folder,
                                                          const GmmScoresOptions& scoring = {});

/// The front end that feat.params asks for; `name` stands for the path in errors.
FrontEndOptions sphinx_front_end_options(const SphinxOptions& options, std::string_view name);
/// Feature columns of each stream from "0-12/13-25/26-38".
std::vector<std::vector<int>> parse_sphinx_streams(std::string_view text, std::string_view name);

}  // namespace bivox
