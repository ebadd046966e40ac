// Text on its way to being spoken: plain ASCII, with what markup said about it and with the place
// in the input that every byte came from.
//
// `text` holds ASCII and the few symbols that are read aloud (kept as UTF-8: currency signs,
// degree, multiplication ...). A newline is the end of a paragraph. The byte kAtomMark stands for
// the next of `atoms`: something of which the reading is given (phones, a substitute, characters to
// spell). Input never brings that byte along, because control characters become blanks.
//
// Offsets named source are bytes of the input; all others are bytes of `text`. Thread rule: a
// value. Made by clean_text.h and ssml.h, read by sentences.h and normalizer.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bivox {

constexpr char kAtomMark = '\x01';

/// What is read as given.
struct TextAtom {
  std::vector<std::string> words;   ///< Spoken form; with phones one word, for display.
  std::vector<std::string> phones;  ///< ARPAbet with stress; empty: pronounce the words.
  size_t source_begin = 0;
  size_t source_end = 0;
};

/// How a stretch is spoken; factors multiply, and 1 and 0 change nothing.
struct ProsodyStyle {
  float rate = 1.0F;             ///< Speed: 2 is twice as fast.
  float pitch_semitones = 0.0F;  ///< Shift of the fundamental.
  float volume_db = 0.0F;
  bool emphasis = false;

  bool operator==(const ProsodyStyle&) const = default;
};

struct StyleSpan {
  size_t begin = 0;
  size_t end = 0;
  ProsodyStyle style;
};

/// Something that happens between two words.
struct TextEvent {
  size_t at = 0;                 ///< Before the byte `at` of the text.
  std::optional<float> pause_s;  ///< A pause of this length ...
  std::string mark;              ///< ... or a mark of this name.
};

struct MarkedText {
  std::string text;
  std::vector<uint32_t> source;      ///< Per byte, and one more for the end of the input: the first
                                     ///< byte of the character that it came from ...
  std::vector<uint32_t> source_end;  ///< ... and, per byte, where that character ends.
  std::vector<TextAtom> atoms;
  std::vector<StyleSpan> styles;  ///< In order, not overlapping.
  std::vector<TextEvent> events;  ///< In order.
  size_t skipped = 0;             ///< Characters of the input that have no reading.
};

}  // namespace bivox
