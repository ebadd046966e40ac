// What a file that libsndfile refuses is, and what to do with it (internal).
//
// Thread rule: pure functions. Test: tests/dsp/malformed_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "dsp/core/error.h"

namespace bivox {

/// The Error for `name`, judged by the first bytes of the file: names what was found ("MPEG-4 (m4a,
/// mp4)", "text", ...) and, for media, the exact ffmpeg command that converts it. `reason` is the
/// reader's own complaint.
Error not_audio_error(const std::string& name, std::string_view head, const std::string& reason);

}  // namespace bivox
