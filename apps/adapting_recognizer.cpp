#include "apps/adapting_recognizer.h"

#include <optional>

#include "dsp/core/check.h"

namespace bivox {

AdaptingRecognizer::AdaptingRecognizer(const Engine& engine, const RecognizerOptions& first,
                                       RecognizerOptions second)
    : engine_(engine), first_(engine.model, engine.network, first), second_(std::move(second)) {
  BIVOX_CHECK(engine.adaptable != nullptr && engine.adapted != nullptr);
}

std::vector<Transcript> AdaptingRecognizer::transcribe(std::span<const Recording> recordings,
                                                       const std::function<bool()>& stop) {
  const auto stops = [&] { return stop && stop(); };
  SpeakerAdaptation adaptation(engine_.adaptable, engine_.network->lexicon());
  std::vector<Transcript> transcripts;
  for (const Recording& recording : recordings) {
    if (stops()) return {};
    transcripts.push_back(first_.transcribe(recording.audio, recording.source));
    adaptation.add(recording.audio, transcripts.back());
  }
  const std::optional<FeatureMatrix> transform = adaptation.estimate();
  if (!transform) return transcripts;
  Recognizer second(engine_.adaptable->adapted(*transform), engine_.adapted->network, second_);
  for (size_t i = 0; i < recordings.size(); ++i) {
    if (stops()) return {};
    transcripts[i] = second.transcribe(recordings[i].audio, recordings[i].source);
  }
  return transcripts;
}

}  // namespace bivox
