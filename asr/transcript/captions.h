// Captions: a transcript cut into pieces that a viewer can read, as SubRip (srt) or WebVTT (vtt).
//
// A caption never crosses a segment, holds at most `max_lines` lines of `max_line_characters` (a
// longer single word stands alone on its line) and lasts at most `max_duration_s`. Of the ways to
// break a caption in lines the one whose longest line is shortest is taken. Characters are Unicode
// code points. Times are in seconds; captions follow each other without overlap.
// Sources: 42 characters x 2 lines and 7 s: Netflix Timed Text Style Guide, "General Requirements";
// WebVTT: W3C Candidate Recommendation 2019, section 4.1.
// Thread rule: plain values and free functions. Tests: tests/asr/transcript/captions_test.cpp.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asr/transcript/transcript.h"

namespace bivox {

struct CaptionOptions {
  int max_line_characters = 42;
  int max_lines = 2;
  double max_duration_s = 7.0;
};

struct Caption {
  double start_s = 0.0;
  double end_s = 0.0;
  std::vector<std::string> lines;
};

std::vector<Caption> make_captions(const Transcript& transcript,
                                   const CaptionOptions& options = {});

void write_srt(std::ostream& out, const std::vector<Caption>& captions);
void write_vtt(std::ostream& out, const std::vector<Caption>& captions);

}  // namespace bivox
