// The words of <say-as interpret-as="..." format="...">.
//
//   characters, spell-out, verbatim   letter by letter and digit by digit, signs by name
//   digits                            digit by digit
//   cardinal, number; ordinal; fraction
//   telephone                         digits in groups
//   date                              format mdy, dmy, ymd, md, dm, ym, my, y, m or d
//   time, and everything else         as the normalizer reads it
//
// What does not have the form that was promised is read as the normalizer reads it.
// Thread rule: a free function. Test: tests/tts/text/ssml_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "tts/text/normalizer.h"

namespace bivox {

/// Words with blanks between them; a comma after a word asks for a small pause. `text` is plain
/// (MarkedText::text).
std::string say_as_words(std::string_view interpret_as, std::string_view format,
                         std::string_view text, const Normalizer& normalizer);

}  // namespace bivox
