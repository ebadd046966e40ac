// A transcript as a Praat TextGrid in long form, to be opened beside the sound in Praat, ELAN or
// MFA.
//
// Interval tiers `words`, `phones` (when a word has phones) and `states` (when a phone has states).
// The intervals of a tier tile [0, duration_s] without gap or overlap, as Praat demands: what lies
// between labels becomes an empty interval, and a label that starts inside the one before it is cut
// at its end. Times are in seconds, rounded to 1 us so that touching labels touch exactly.
// Source: Praat manual, "TextGrid file formats", section 1 ("The full text format").
// Thread rule: free function. Test: tests/asr/transcript/writers_test.cpp.
#pragma once

#include <iosfwd>

#include "asr/transcript/transcript.h"

namespace bivox {

void write_textgrid(std::ostream& out, const Transcript& transcript);

}  // namespace bivox
