// Reads a recording and computes features with an installed Bivox.
#include <cstdio>

#include "asr/evaluation/word_errors.h"
#include "asr/transcript/writers.h"
#include "dsp/audio/audio_file.h"
#include "dsp/features/front_end.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const bivox::AudioBuffer audio = bivox::read_audio(argv[1], 16000);
  const bivox::FeatureMatrix features =
      bivox::compute_features(bivox::sphinx_front_end(), audio.view());
  std::printf("%.2f s, [%d frames x %d]\n", audio.duration_s(), static_cast<int>(features.rows()),
              static_cast<int>(features.cols()));
  const bool counts_errors = bivox::count_word_errors("a b", "a c").substitutions == 1;
  return features.rows() > 10 && features.cols() == 39 && counts_errors ? 0 : 1;
}
