// How far synthetic speech is from recordings of the same sentences, for say_peer.py.
//
//   speech_distance < pairs        each line: RECORDING <TAB> SYNTHETIC
//
// Prints a line a pair: mel-cepstral and log-spectral distance (dB), F0 RMSE (cents) and voicing
// error (%), on the path of dynamic time warping (tts/vocoder/measures.h).
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "tts/vocoder/measures.h"

int main() {
  std::string line;
  try {
    while (std::getline(std::cin, line)) {
      const size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      const bivox::AudioBuffer natural = bivox::read_audio(line.substr(0, tab), 16000);
      const bivox::AudioBuffer synthetic = bivox::read_audio(line.substr(tab + 1), 16000);
      bivox::SpeechDistanceOptions options;
      options.align = true;
      const bivox::SpeechDistance d = bivox::speech_distance(natural, synthetic, options);
      std::cout << fmt::format("{:.4f}\t{:.4f}\t{:.1f}\t{:.2f}\n", d.mel_cepstral_db,
                               d.log_spectral_db, d.f0_rmse_cents, d.voicing_error_percent);
    }
  } catch (const bivox::Error& error) {
    std::cerr << error.what() << '\n';
    return static_cast<int>(error.code());
  }
  return 0;
}
