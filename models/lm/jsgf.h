// JSGF, the Java Speech Grammar Format: from its text to a tree of rules.
//
//   #JSGF V1.0 UTF-8 en;
//   grammar lights;
//   import <numbers.*>;
//   public <command> = turn the lights (/3/ on {ON} | /1/ off {OFF}) [in room <number>];
//
// Understood: the header (version, encoding, locale), the grammar's name, imports of one rule or of
// all public ones, public rules, words and quoted words, <rule> references (also with the grammar's
// name in front), weights, groups, [optional], *, +, tags with \-escapes, <NULL>, <VOID> and both
// kinds of comments. Text is UTF-8 or, when the header says so, ISO-8859-1; the result is UTF-8. A
// quoted token with blanks in it is a sequence of words, as recognizers know words only. One
// operator follows an item; parentheses nest them.
//
// This file knows the text of one grammar only: what references mean is settled in grammar.h.
// Errors: Error(kModel) "name:line:column: what was found", with what was expected as the hint;
// lines and columns are 1-based, columns count characters. Thread rule: free function, values.
// Source: JSpeech Grammar Format, W3C Note, 5 June 2000. Test: tests/models/jsgf_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bivox {

/// A place in a grammar's text, 1-based.
struct GrammarPosition {
  int line = 1;
  int column = 1;
};

/// A node of a rule's right-hand side.
struct RuleExpansion {
  enum class Kind {
    kWord,          ///< `text` is the word.
    kRule,          ///< `text` is the name of the rule, without <>.
    kNull,          ///< Nothing is said.
    kVoid,          ///< Nothing can be said.
    kSequence,      ///< `parts`, one after the other.
    kAlternatives,  ///< One of `parts`, with `weights`.
    kOptional,      ///< The only part or nothing.
    kStar,          ///< The only part any number of times, or not at all.
    kPlus,          ///< The only part at least once.
  };
  Kind kind = Kind::kNull;
  GrammarPosition position;
  std::string text;
  std::vector<RuleExpansion> parts;
  /// One a part, not negative, as written; parts without one have 1.
  std::vector<double> weights;
  /// In the order in which they follow the expansion.
  std::vector<std::string> tags;
};

struct JsgfRule {
  std::string name;
  bool is_public = false;
  RuleExpansion expansion;
  GrammarPosition position;
};

/// `import <grammar.rule>;`, where the rule may be `*`.
struct JsgfImport {
  std::string grammar;
  std::string rule;
  GrammarPosition position;
};

struct JsgfFile {
  std::string source;  ///< The file's name in errors.
  std::string version;
  std::string encoding;  ///< As the header gives it; may be empty, as `locale`.
  std::string locale;
  std::string name;  ///< The grammar's full name.
  std::vector<JsgfImport> imports;
  std::vector<JsgfRule> rules;
};

/// Whether a text is JSGF: it begins with `#JSGF`.
bool is_jsgf(std::string_view text);

/// Reads the text of one grammar; `source` stands for its path in errors.
JsgfFile parse_jsgf(std::string_view text, std::string_view source);

/// Throws Error(kModel) "source:line:column: what".
[[noreturn]] void fail_in_grammar(std::string_view source, GrammarPosition position,
                                  const std::string& what, const std::string& hint);

}  // namespace bivox
