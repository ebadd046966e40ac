// The text of JSGF and of phrase lists: what is read, and that errors name the place.
#include "models/lm/jsgf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"
#include "models/lm/phrase_list.h"

namespace bivox {
namespace {

using Kind = RuleExpansion::Kind;

const std::string kHeader = "#JSGF V1.0;\ngrammar g;\n";

// An expansion in a notation of its own, so that a test can name a whole tree.
std::string shown(const RuleExpansion& expansion) {
  std::string text;
  switch (expansion.kind) {
    case Kind::kWord:
      text = expansion.text;
      break;
    case Kind::kRule:
      text = "<" + expansion.text + ">";
      break;
    case Kind::kNull:
      text = "NULL";
      break;
    case Kind::kVoid:
      text = "VOID";
      break;
    case Kind::kSequence:
      for (const RuleExpansion& part : expansion.parts) {
        text += (text.empty() ? "seq(" : " ") + shown(part);
      }
      text += ")";
      break;
    case Kind::kAlternatives:
      for (size_t i = 0; i < expansion.parts.size(); ++i) {
        text += (text.empty() ? "alt(" : " ") + std::to_string(expansion.weights[i]).substr(0, 3) +
                ":" + shown(expansion.parts[i]);
      }
      text += ")";
      break;
    case Kind::kOptional:
      text = "opt(" + shown(expansion.parts[0]) + ")";
      break;
    case Kind::kStar:
      text = "star(" + shown(expansion.parts[0]) + ")";
      break;
    case Kind::kPlus:
      text = "plus(" + shown(expansion.parts[0]) + ")";
      break;
  }
  for (const std::string& tag : expansion.tags) text += "{" + tag + "}";
  return text;
}

std::string rule(const std::string& right_side) {
  const JsgfFile file = parse_jsgf(kHeader + "public <a> = " + right_side + ";", "test");
  return shown(file.rules.at(0).expansion);
}

std::string error_of(const std::string& text) {
  try {
    parse_jsgf(text, "test.jsgf");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  ADD_FAILURE() << "no error for: " << text;
  return "";
}

TEST(Jsgf, HeaderNameAndImports) {
  const JsgfFile file = parse_jsgf(
      "\xEF\xBB\xBF#JSGF V1.0 UTF-8 en-US ; grammar com.acme.lights;\n"
      "import <com.acme.numbers.digit>;\nimport < a.* > ;\npublic <x> = a;\n<y> = b;",
      "test");
  EXPECT_EQ(file.version, "V1.0");
  EXPECT_EQ(file.encoding, "UTF-8");
  EXPECT_EQ(file.locale, "en-US");
  EXPECT_EQ(file.name, "com.acme.lights");
  ASSERT_EQ(file.imports.size(), 2U);
  EXPECT_EQ(file.imports[0].grammar, "com.acme.numbers");
  EXPECT_EQ(file.imports[0].rule, "digit");
  EXPECT_EQ(file.imports[1].grammar, "a");
  EXPECT_EQ(file.imports[1].rule, "*");
  ASSERT_EQ(file.rules.size(), 2U);
  EXPECT_TRUE(file.rules[0].is_public);
  EXPECT_FALSE(file.rules[1].is_public);
  EXPECT_EQ(file.rules[1].name, "y");
  EXPECT_EQ(file.rules[1].position.line, 5);
}

TEST(Jsgf, OperatorsBindAsTheSpecificationSays) {
  EXPECT_EQ(rule("a"), "a");
  EXPECT_EQ(rule("a b c"), "seq(a b c)");
  EXPECT_EQ(rule("a b | c"), "alt(1.0:seq(a b) 1.0:c)");
  EXPECT_EQ(rule("a b* c+"), "seq(a star(b) plus(c))");
  EXPECT_EQ(rule("(a b)* [c | d]"), "seq(star(seq(a b)) opt(alt(1.0:c 1.0:d)))");
  EXPECT_EQ(rule("((a))"), "a");
  EXPECT_EQ(rule("(a*)+"), "plus(star(a))");
  EXPECT_EQ(rule("<b> <NULL> < VOID >"), "seq(<b> NULL VOID)");
  EXPECT_EQ(rule("a|b|[c]"), "alt(1.0:a 1.0:b 1.0:opt(c))");
}

TEST(Jsgf, Weights) {
  EXPECT_EQ(rule("/2/ a | /0.5/ b"), "alt(2.0:a 0.5:b)");
  EXPECT_EQ(rule("/ 1e1 / a b | c"), "alt(10.:seq(a b) 1.0:c)");
  EXPECT_EQ(rule("x ( /3/ a | /0/ b )"), "seq(x alt(3.0:a 0.0:b))");
}

TEST(Jsgf, Tags) {
  EXPECT_EQ(rule("a {x} b"), "seq(a{x} b)");
  EXPECT_EQ(rule("a {x} {y}"), "a{x}{y}");
  EXPECT_EQ(rule("(a b) {x}"), "seq(a b){x}");
  EXPECT_EQ(rule("a {x}* {y}"), "star(a{x}){y}");
  EXPECT_EQ(rule(R"(a { x = "\}\\" ; } )"), R"(a{x = "}\" ;})");
  EXPECT_EQ(rule("(a {x} | b) {y}"), "alt(1.0:a{x} 1.0:b){y}");
  EXPECT_EQ(rule("a {}"), "a{}");
}

TEST(Jsgf, QuotedWordsAndComments) {
  EXPECT_EQ(rule(R"("(" "a\"b" "new  york")"), R"(seq(( a"b seq(new york)))");
  EXPECT_EQ(rule("a // b ; c\n /* d ; ** */ e"), "seq(a e)");
  EXPECT_EQ(rule("don't o'clock"), "seq(don't o'clock)");
}

TEST(Jsgf, Latin1BecomesUtf8) {
  const JsgfFile file =
      parse_jsgf("#JSGF V1.0 ISO8859-1 de;\ngrammar g;\npublic <a> = gr\xFC\xDF;", "test");
  EXPECT_EQ(file.rules.at(0).expansion.text, "gr\xC3\xBC\xC3\x9F");
}

TEST(Jsgf, ErrorsNameThePlaceAndWhatWasExpected) {
  using testing::HasSubstr;
  EXPECT_THAT(error_of("grammar g;"), HasSubstr("test.jsgf:1:1: found 'grammar'"));
  EXPECT_THAT(error_of("#JSGF V2.0;\n"), HasSubstr("version 'V2.0'; expected V1.0"));
  EXPECT_THAT(error_of("#JSGF V1.0\ngrammar g;"), HasSubstr("1:1: the header does not end"));
  EXPECT_THAT(error_of("#JSGF V1.0 KOI8-R;\ngrammar g;"), HasSubstr("encoding 'KOI8-R'"));
  EXPECT_THAT(error_of("#JSGF V1.0;\n<a> = b;"), HasSubstr("2:1: found '<'; expected 'grammar'"));
  EXPECT_THAT(error_of("#JSGF V1.0;\ngrammar g\n<a> = b;"),
              HasSubstr("3:1: found '<'; expected ';'"));
  EXPECT_THAT(error_of(kHeader + "import <x>;"),
              HasSubstr("3:8: import of <x>; expected <grammar.rule>"));
  EXPECT_THAT(error_of(kHeader + "public a = b;"), HasSubstr("3:8: found 'a'; expected a rule"));
  EXPECT_THAT(error_of(kHeader + "<a> = b c"),
              HasSubstr("3:10: found the end of the file; expected ';'"));
  EXPECT_THAT(error_of(kHeader + "<a> = b (c | d ;"),
              HasSubstr("3:16: found ';'; expected ')' for the '(' of line 3, column 9"));
  EXPECT_THAT(error_of(kHeader + "<a> = b | ;"), HasSubstr("3:11: found ';'; expected a word"));
  EXPECT_THAT(error_of(kHeader + "<a> = \xC3\xBC\xC3\xBC );"), HasSubstr("3:10: found ')'"));
  EXPECT_THAT(error_of(kHeader + "<a> = b**;"), HasSubstr("3:9: found '*'; expected one operator"));
  EXPECT_THAT(error_of(kHeader + "<a> = /x/ b;"), HasSubstr("3:7: weight 'x'"));
  EXPECT_THAT(error_of(kHeader + "<a> = /-1/ b;"), HasSubstr("weight '-1'"));
  EXPECT_THAT(error_of(kHeader + "<a> = /nan/ b;"), HasSubstr("weight 'nan'"));
  EXPECT_THAT(error_of(kHeader + "<a> = /0/ b | /0/ c;"), HasSubstr("at least one weight above 0"));
  EXPECT_THAT(error_of(kHeader + "<a> = b {x;\n"), HasSubstr("3:9: a tag does not end"));
  EXPECT_THAT(error_of(kHeader + "<a> = \"b;\n"), HasSubstr("3:7: a quoted word does not end"));
  EXPECT_THAT(error_of(kHeader + "<a> = \" \";"), HasSubstr("3:7: a quoted word is empty"));
  EXPECT_THAT(error_of(kHeader + "<a = b;"), HasSubstr("3:1: the name of a rule does not end"));
  EXPECT_THAT(error_of(kHeader + "<NULL> = b;"), HasSubstr("a rule named <NULL>"));
  EXPECT_THAT(error_of(kHeader + "/* <a> = b;"), HasSubstr("3:1: a comment does not end"));
  EXPECT_THAT(error_of(kHeader + "<a> = " + std::string(5000, '(')), HasSubstr("nest too deep"));
}

TEST(PhraseList, PhrasesWithWeightsAndComments) {
  const JsgfFile file = parse_phrase_grammar(
      "# a list\nlights on\r\n\n  lights   off \t 2.5 # loud\nc# sharp\nstop\t\n", "list");
  ASSERT_EQ(file.rules.size(), 1U);
  EXPECT_TRUE(file.rules[0].is_public);
  EXPECT_EQ(shown(file.rules[0].expansion),
            "alt(1.0:seq(lights on) 2.5:seq(lights off) 1.0:seq(c# sharp) 1.0:seq(stop))");
}

TEST(PhraseList, ErrorsNameThePlace) {
  const auto message_of = [](const std::string& text) -> std::string {
    try {
      parse_phrase_grammar(text, "list");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message_of("a\nb\tx\n"), testing::HasSubstr("list:2:2: weight 'x'"));
  EXPECT_THAT(message_of("# nothing\n"), testing::HasSubstr("no phrase"));
  EXPECT_THAT(message_of("a\t0\nb\t0"), testing::HasSubstr("add up to 0"));
}

}  // namespace
}  // namespace bivox
