// The ConvNet as an acoustic model, and its form as a model folder of the kind "convnet":
//
//   config.json           options: {"front_end": {...}, "frame_rate_hz": 100, "subsampling": 3,
//                         "precision": "bfloat16", "dictionary": "en-small"}
//   hmm.json              trees, transitions, fillers, scales (models/io/hmm_file.h)
//   network.json, weights.safetensors     the network without its CTC output
//   priors.safetensors    "log_priors" [states], natural logs
//   card.md
//
// Products are computed in `precision`, whatever the weights are stored as. Errors: Error(kModel)
// that names the file and what does not fit. Thread rule: immutable; share freely. Test:
// tests/asr/convnet/convnet_model_test.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "asr/convnet/convnet_scores.h"
#include "models/acoustic_model.h"
#include "models/io/hmm_file.h"
#include "models/io/model_folder.h"
#include "models/nn/network.h"

namespace bivox {

inline constexpr const char* kConvNetKind = "convnet";

/// Everything that a model is made of.
struct ConvNetParts {
  FrontEndOptions front_end;
  HmmFile hmm;
  Network network;  ///< One input, one output.
  std::vector<float> log_priors;
  int subsampling = 3;
  Precision precision = Precision::kBfloat16;
  std::string origin;  ///< For people: the folder's name, or how it was made.
  /// A file of the folder, or the name of a bundled language model whose dictionary it is.
  std::string dictionary = "en-small";
};

class ConvNetModel : public AcousticModel {
 public:
  /// Compiles the network. Throws Error(kModel) when parts do not fit each other.
  explicit ConvNetModel(ConvNetParts parts);

  const FrontEndOptions& front_end() const override { return front_end_; }
  double frame_shift_s() const override { return front_end_.frame_shift_s * scoring_->subsampling; }
  const HmmSet& hmms() const override { return hmms_; }
  const std::vector<FillerWord>& fillers() const override { return fillers_; }
  ScoreScale score_scale() const override { return score_scale_; }
  std::unique_ptr<AcousticScores> make_scores() const override;
  int64_t num_parameters() const override { return num_weights_; }
  std::vector<ModelFact> facts() const override;
  const ConvNetScoring& scoring() const { return *scoring_; }

 private:
  FrontEndOptions front_end_;
  HmmSet hmms_;
  std::vector<FillerWord> fillers_;
  ScoreScale score_scale_;
  std::shared_ptr<const ConvNetScoring> scoring_;
  std::string origin_;
  int64_t num_weights_;
};

/// The folder's files, stored in `stored`; card and commit are the caller's.
void write_convnet_files(const ConvNetParts& parts, Precision stored, ModelFolderWriter& writer);
ConvNetParts read_convnet_parts(const ModelFolder& folder);
std::shared_ptr<const ConvNetModel> load_convnet_model(const ModelFolder& folder);

}  // namespace bivox
