// Speech with its text, ready for training: cepstra in memory, words that the dictionary knows.
//
// Rows are mean-normalised cepstra [frames x cepstra] of the front end without deltas and splicing;
// every rung makes its own features of them (expand_features), so that 5 hours take 100 MB and no
// rung reads audio again. Words that the dictionary lacks become the word kUnknownWord, which is
// pronounced by a phone of its own that models all of them.
// Utterances keep the order of the manifest; those that cannot be read are left out and named.
// Thread rule: immutable after loading. Errors: Error(kInput) when nothing is left.
// Test: tests/legacy/training_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "asr/evaluation/utterance_texts.h"
#include "dsp/features/feature_matrix.h"
#include "dsp/features/front_end_options.h"
#include "models/lexicon/lexicon.h"

namespace bivox {

inline constexpr std::string_view kUnknownWord = "<unk>";

struct TrainingUtterance {
  std::string id;
  int speaker = 0;  ///< Index in TrainingCorpus::speakers.
  std::vector<std::string> words;
  FeatureMatrix cepstra;
};

struct TrainingCorpus {
  std::vector<TrainingUtterance> utterances;
  std::vector<std::string> speakers;
  int64_t num_frames = 0;
  int64_t num_words = 0;
  int64_t num_unknown = 0;           ///< Words that the dictionary lacks.
  std::vector<std::string> skipped;  ///< "id: why".
};

/// The features of a rung, as options of the front end: cepstra and what is done to them.
enum class FeatureForm : uint8_t {
  kDeltas,  ///< Cepstra with first and second differences.
  kSplice,  ///< Seven frames side by side, for LDA.
};
FrontEndOptions training_front_end(FeatureForm form);
/// Cepstra [frames x cepstra] to the columns of `form`: what the front end itself would give.
FeatureMatrix expand_features(const FeatureMatrix& cepstra, FeatureForm form);

/// Reads and analyses all utterances on `threads` threads. `progress(done, total)` may be empty; it
/// is called from one thread at a time.
/// `speeds`: every utterance is there once for each, played at that speed (dsp/augment/speed.h) as
/// if by another speaker, for few speakers do not show how voices differ; ids and speakers of
/// copies end with "@speed".
TrainingCorpus load_training_corpus(const std::vector<UtteranceText>& utterances,
                                    const Lexicon& lexicon, int threads,
                                    const std::function<void(size_t, size_t)>& progress = {},
                                    const std::vector<double>& speeds = {1.0});

/// The phones of a dictionary without stress, with silence ("SIL") and the phone of unknown words
/// ("SPN") as fillers; and that dictionary with kUnknownWord in it.
struct TrainingLexicon {
  PhoneSet phones;
  Lexicon lexicon;
};
TrainingLexicon load_training_lexicon(const std::filesystem::path& dictionary);

}  // namespace bivox
