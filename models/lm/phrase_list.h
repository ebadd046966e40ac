// Plain lists of phrases: the simplest grammar, one phrase a line.
//
//   # what the lamp understands
//   lights on
//   lights off	2.5
//
// Words are separated by blanks; a weight may follow after a tab (1 if it does not); '#' begins a
// comment at the start of a line or after a blank. Empty lines say nothing. The result has the form
// of a JSGF file with one public rule, <phrases>, so that everything after is the same.
//
// Errors: Error(kModel) "name:line:column: what". Thread rule: free function, values.
// Test: tests/models/grammar_test.cpp.
#pragma once

#include <string_view>

#include "models/lm/jsgf.h"

namespace bivox {

/// Reads a list; `source` stands for its path in errors.
JsgfFile parse_phrase_grammar(std::string_view text, std::string_view source);

}  // namespace bivox
