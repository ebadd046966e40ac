// Audio files in one call: info, read, write. The streaming forms are AudioReader and AudioWriter;
// these calls are loops over them, with the same notices, warnings and errors (see their headers).
//
// Thread rule: pure functions on files. Test: tests/dsp/audio_file_test.cpp.
#pragma once

#include <filesystem>

#include "dsp/audio/audio_buffer.h"
#include "dsp/audio/audio_reader.h"
#include "dsp/audio/audio_writer.h"
#include "dsp/audio/raw_pcm.h"

namespace bivox {

/// What the header says; nothing is decoded.
AudioFileInfo audio_file_info(const std::filesystem::path& path);

/// The whole file as mono at `target_rate_hz` (0: at its own rate). "-" is standard input.
AudioBuffer read_audio(const std::filesystem::path& path, int target_rate_hz = 0);

/// The same for headerless PCM.
AudioBuffer read_raw_pcm(const std::filesystem::path& path, const RawPcmOptions& options,
                         int target_rate_hz = 0);

/// Writes all of `audio`, or leaves the target as it was.
void write_audio(const std::filesystem::path& path, AudioView audio,
                 const AudioWriteOptions& options = {});

}  // namespace bivox
