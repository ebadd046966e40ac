// Sound as the bytes of an audio file in memory: for web pages and network answers.
//
// The same containers as AudioWriter, written through libsndfile into a string. Samples outside
// [-1, 1] are clipped. Errors: Error(kUsage) for an unknown format or a rate it cannot hold.
// Thread rule: a pure function. Test: tests/dsp/audio_bytes_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

/// `format`: "wav" and "flac" (16 bit), "ogg" (Vorbis), "opus", "mp3". `quality` in [0, 1] is what
/// the lossy ones spend bits by: 0 smallest, 1 best.
std::string encode_audio(AudioView audio, std::string_view format, double quality = 0.4);

}  // namespace bivox
