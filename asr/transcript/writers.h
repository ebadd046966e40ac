// A Transcript as text for people, subtitles for players, and tables for other tools.
//
//   txt       the words, one segment a line
//   json      everything: words with times and confidence, phones and states where they were
//             aligned, n-best lists, unknown words and how they were pronounced
//   srt, vtt  captions of at most two lines of 42 characters and 7 s (asr/transcript/captions.h)
//   ctm       `file channel start duration word confidence`, the NIST form that sclite reads
//   textgrid  Praat's long form (asr/transcript/textgrid.h)
//
// Times are in seconds from the start of the file, to 1 ms (ctm: 10 ms, its custom; TextGrid: 1
// us). Text is written as it comes; json replaces bytes that are not UTF-8 by U+FFFD. Thread rule:
// free functions without state; each call needs a stream of its own. Source of ctm: NIST SCTK,
// "infmts". Tests: tests/asr/transcript/writers_test.cpp.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "asr/transcript/transcript.h"

namespace bivox {

enum class TranscriptFormat { kText, kJson, kSrt, kVtt, kCtm, kTextGrid };

/// The format with this name (txt, json, srt, vtt, ctm, textgrid). Another name is an
/// Error(kUsage) that lists the valid ones.
TranscriptFormat parse_transcript_format(std::string_view name);

/// The name that parse_transcript_format takes.
std::string_view transcript_format_name(TranscriptFormat format);

/// The customary file extension with its dot: ".srt", ".TextGrid".
std::string_view transcript_extension(TranscriptFormat format);

/// All valid names, separated by ", ".
std::string transcript_format_names();

/// Writes the whole transcript. The state of `out` tells whether it could be written.
void write_transcript(std::ostream& out, const Transcript& transcript, TranscriptFormat format);

}  // namespace bivox
