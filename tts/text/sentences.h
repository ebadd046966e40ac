// Where sentences end.
//
// A sentence ends at . ! ? (with the quotes and brackets that close after it) before a blank, and
// at the end of a paragraph. A period does not end one within a number or a name ("3.5", "v1.2"),
// after an initial ("J. Smith"), a title or another abbreviation that goes on ("Dr.", "approx."),
// and after abbreviations that may end one ("etc.", "U.S.", "p.m.", "St.") only where the next word
// looks like a beginning. "..." before a lower-case word does not end one, nor does ! or ? inside
// of a quotation that goes on ("Stop!" he said).
//
// No sentence is longer than kMaxSentenceBytes: a longer one is cut after a semicolon, a comma, a
// blank, or anywhere. Linear time. Thread rule: a free function.
// Test: tests/tts/text/sentences_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace bivox {

constexpr size_t kMaxSentenceBytes = 600;

struct SentenceRange {
  size_t begin = 0;  ///< Bytes of the text; blanks at the ends are left out.
  size_t end = 0;
  bool continues = false;  ///< Cut because it was too long.
  bool ends_paragraph = false;
};

/// `text` as MarkedText holds it. Ranges without anything to read are left out.
std::vector<SentenceRange> split_sentences(std::string_view text);

}  // namespace bivox
