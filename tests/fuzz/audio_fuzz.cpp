// Audio containers from hostile bytes: open, downmix, resample, and look for speech.
//
// Only bivox::Error may come out. The amount decoded is bounded here, as a few bytes of a lossless
// codec can stand for hours; read_audio() has a bound of its own.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "dsp/analysis/voice_activity.h"
#include "dsp/audio/audio_reader.h"
#include "dsp/core/error.h"

// libsndfile 1.2.0 and the codecs below it lose memory when they refuse some damaged headers; that
// is theirs, and what Bivox loses is still found.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libsndfile\nleak:libvorbis\nleak:libogg\nleak:libopus\nleak:libFLAC\nleak:"
         "libmpg123\n";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int kRateHz = 16000;
  constexpr int kMaxBlocks = 16;
  try {
    bivox::AudioReader reader = bivox::AudioReader::from_bytes(
        std::string(reinterpret_cast<const char*>(data), size), "fuzz", kRateHz);
    const bivox::AudioFileInfo& info = reader.info();
    if (info.channels < 1 || info.sample_rate_hz < 1) std::abort();
    bivox::VoiceActivity detector(kRateHz);
    std::vector<float> block(4096);
    for (int i = 0; i < kMaxBlocks; ++i) {
      const size_t count = reader.read(block);
      for (size_t t = 0; t < count; ++t) {
        if (!std::isfinite(block[t])) std::abort();
      }
      detector.accept({block.data(), count});
      if (count < block.size()) break;
    }
    detector.finish();
    double last_end_s = 0.0;
    while (const auto segment = detector.pop()) {
      if (!(segment->start_s >= last_end_s && segment->end_s > segment->start_s)) std::abort();
      last_end_s = segment->end_s;
    }
  } catch (const bivox::Error&) {
    // The only way out for bad data.
  }
  return 0;
}
