// Grammars against brute force: languages and probabilities of small grammars are enumerated from
// their rules by definition and compared with the automaton, word sequence by word sequence.
#include "models/lm/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "dsp/core/error.h"
#include "models/lm/grammar_compiler.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = RuleExpansion::Kind;
using Sentence = std::vector<std::string>;
using Language = std::map<Sentence, double>;  // sentence, probability

const std::string kHeader = "#JSGF V1.0;\ngrammar g;\n";
const fs::path kGrammars = fs::path(BIVOX_TEST_DATA) / "../../models/grammars";

std::shared_ptr<const Grammar> grammar_of(const std::string& rules,
                                          const GrammarOptions& options = {}) {
  return Grammar::parse(kHeader + rules, "test.jsgf", options);
}

std::string error_of(const std::string& rules, const GrammarOptions& options = {}) {
  try {
    grammar_of(rules, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  ADD_FAILURE() << "no error for: " << rules;
  return "";
}

Sentence split(const std::string& text) {
  std::istringstream in(text);
  Sentence words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The definition of a language, sentences of at most `max_words`: nothing but sums and products.
class Enumerator {
 public:
  Enumerator(const JsgfFile& file, size_t max_words) : file_(file), max_words_(max_words) {}

  Language of(const RuleExpansion& e, int depth = 0) const {
    const Language nothing = {{Sentence{}, 1.0}};
    switch (e.kind) {
      case Kind::kWord:
        return {{Sentence{e.text}, 1.0}};
      case Kind::kNull:
        return nothing;
      case Kind::kVoid:
        return {};
      case Kind::kRule:
        // Every recursion has a word before it, so deeper ones have too many words.
        if (depth > static_cast<int>(max_words_) + 4) return {};
        for (const JsgfRule& rule : file_.rules) {
          if (rule.name == e.text) return of(rule.expansion, depth + 1);
        }
        ADD_FAILURE() << e.text;
        return {};
      case Kind::kSequence: {
        Language all = nothing;
        for (const RuleExpansion& part : e.parts) all = product(all, of(part, depth));
        return all;
      }
      case Kind::kAlternatives: {
        double sum = 0.0;
        for (const double weight : e.weights) sum += weight;
        Language all;
        for (size_t i = 0; i < e.parts.size(); ++i) {
          if (e.weights[i] > 0.0) add(all, of(e.parts[i], depth), e.weights[i] / sum);
        }
        return all;
      }
      case Kind::kOptional: {
        Language all;
        add(all, nothing, 0.5);
        add(all, of(e.parts[0], depth), 0.5);
        return all;
      }
      case Kind::kStar:
      case Kind::kPlus: {
        const Language once = of(e.parts[0], depth);
        Language power = e.kind == Kind::kStar ? nothing : once;
        Language all;
        double weight = 0.5;
        for (int turn = 0; turn < 60; ++turn, weight *= 0.5) {
          add(all, power, weight);
          power = product(power, once);
        }
        return all;
      }
    }
    return {};
  }

 private:
  static void add(Language& to, const Language& from, double weight) {
    for (const auto& [sentence, p] : from) to[sentence] += weight * p;
  }
  Language product(const Language& a, const Language& b) const {
    Language all;
    for (const auto& [first, p] : a) {
      for (const auto& [second, q] : b) {
        if (first.size() + second.size() > max_words_) continue;
        Sentence sentence = first;
        sentence.insert(sentence.end(), second.begin(), second.end());
        all[sentence] += p * q;
      }
    }
    return all;
  }

  const JsgfFile& file_;
  size_t max_words_;
};

// Every sequence of at most `max_words` of the words.
std::vector<Sentence> all_sequences(const std::vector<std::string>& words, size_t max_words) {
  std::vector<Sentence> all = {{}};
  for (size_t begin = 0, length = 0; length < max_words; ++length) {
    const size_t end = all.size();
    for (; begin < end; ++begin) {
      for (const std::string& word : words) {
        Sentence longer = all[begin];
        longer.push_back(word);
        all.push_back(longer);
      }
    }
  }
  return all;
}

void expect_same_language(const std::string& rules, size_t max_words) {
  SCOPED_TRACE(rules);
  const auto grammar = grammar_of(rules);
  const JsgfFile file = parse_jsgf(kHeader + rules, "test");
  const Language expected = Enumerator(file, max_words).of(file.rules.at(0).expansion);
  const auto model = compile_grammar(*grammar);
  size_t accepted = 0;
  for (const Sentence& sentence : all_sequences(grammar->words(), max_words)) {
    const auto it = expected.find(sentence);
    const auto parse = grammar->accept(sentence);
    ASSERT_EQ(parse.has_value(), it != expected.end()) << testing::PrintToString(sentence);
    // The model that the search walks says the same.
    LmState state = model->begin_state();
    double log_prob = 0.0;
    for (const std::string& word : sentence) {
      const NgramModel::Step step = model->step(state, *model->find(word));
      log_prob += static_cast<double>(step.log_prob);
      state = step.next;
    }
    log_prob += static_cast<double>(model->step(state, *model->sentence_end()).log_prob);
    if (!parse) {
      EXPECT_LE(log_prob, static_cast<double>(kImpossibleLogProb));
      continue;
    }
    ++accepted;
    EXPECT_NEAR(parse->log_prob, std::log(it->second), 1e-4) << testing::PrintToString(sentence);
    EXPECT_NEAR(log_prob, parse->log_prob, 1e-4) << testing::PrintToString(sentence);
  }
  EXPECT_EQ(accepted, expected.size());
}

TEST(Grammar, LanguagesAreThoseOfTheDefinition) {
  for (const char* rules : {
           "public <a> = x;",
           "public <a> = x y | x z | y;",
           "public <a> = /3/ x | /1/ x y | /0/ z;",
           "public <a> = [x] [y] [z];",
           "public <a> = x* y;",
           "public <a> = x+ | y;",
           "public <a> = (x | y z)* x;",
           "public <a> = [[x]]* y*;",
           "public <a> = ((x*)*)* y;",
           "public <a> = (<NULL> | x)+ ;",
           "public <a> = x <VOID> | y;",
           "public <a> = <b> y <b>; <b> = x | x y | <NULL>;",
           "public <a> = x <a> | y;",
           "public <a> = x [<a>];",
           "public <a> = x <b> | z; <b> = y <a> | <c>; <c> = z z <b> | x;",
           "public <a> = x (y <a> | z <a> | x);",
           // Not determinizable with exact weights: the loops differ in probability.
           "public <a> = x* y | (/3/ x | /1/ <VOID>)* z;",
           // Ambiguous: several ways to the same sentence.
           "public <a> = x x | x+ | [x] x;",
       }) {
    expect_same_language(rules, 5);
  }
}

// Random rules over three words, not recursive but as nested as chance has it.
std::string random_expansion(std::mt19937& random, int depth) {
  const auto dice = [&](int sides) {
    return std::uniform_int_distribution<int>(0, sides - 1)(random);
  };
  const int choice = dice(depth > 0 ? 9 : 3);
  const auto inner = [&] { return random_expansion(random, depth - 1); };
  switch (choice) {
    case 0:
      return "x";
    case 1:
      return "y";
    case 2:
      return dice(6) == 0 ? "<NULL>" : "z";
    case 3:
      return inner() + " " + inner();
    case 4:
      return "(" + inner() + " | " + inner() + ")";
    case 5:
      return "(/" + std::to_string(1 + dice(4)) + "/ " + inner() + " | /1/ " + inner() + ")";
    case 6:
      return "[" + inner() + "]";
    case 7:
      return "(" + inner() + ")*";
    default:
      return "(" + inner() + ")+";
  }
}

TEST(Grammar, RandomGrammarsAreThoseOfTheDefinition) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const std::string rules = "public <a> = " + random_expansion(random, 3) + ";";
    // Where nothing but the empty sentence is possible there is no word to search.
    if (grammar_of(rules)->words().empty()) continue;
    expect_same_language(rules, 4);
  }
}

TEST(Grammar, ProbabilitiesOfAFiniteLanguageSumToOne) {
  const auto grammar = grammar_of(
      "public <a> = [please] (/3/ turn {t} <what> (on | off) | dim <what>) | <b> <b>;\n"
      "<what> = [the] (lamp | lights | /0.5/ fan); <b> = one | two | one two | two one;");
  double sum = 0.0;
  std::vector<std::pair<uint32_t, double>> open = {{0, 0.0}};
  while (!open.empty()) {
    const auto [state, log_prob] = open.back();
    open.pop_back();
    sum += std::exp(log_prob + grammar->automaton().final_log_probs[state]);
    for (const auto& arc : grammar->automaton().arcs_of(state)) {
      open.emplace_back(arc.next, log_prob + arc.log_prob);
    }
  }
  EXPECT_NEAR(sum, 1.0, 1e-9);
}

TEST(Grammar, EveryStateSumsToOne) {
  const auto grammar = grammar_of("public <a> = (x | y z)* [x] | (y+ z)+;");
  const WordAutomaton& automaton = grammar->automaton();
  for (uint32_t s = 0; s < automaton.num_states(); ++s) {
    double sum = std::exp(automaton.final_log_probs[s]);
    for (const auto& arc : automaton.arcs_of(s)) sum += std::exp(arc.log_prob);
    EXPECT_NEAR(sum, 1.0, 1e-5) << s;
  }
}

TEST(Grammar, EqualStatesAreMerged) {
  // Ten alternatives with the same rest: one state after each word, not ten.
  const auto grammar =
      grammar_of("public <a> = (a <b> | c <b> | d <b> | e <b>) end; <b> = x y z | x y w;");
  EXPECT_EQ(grammar->automaton().num_states(), 6U);
}

TEST(Grammar, ParsesIntoRulesAndTags) {
  const auto grammar = grammar_of(
      "public <command> = turn {t} <what> (on {ON} | off {OFF});\n"
      "<what> = the (lamp {L} | fan {F}) {w};");
  const auto parse = grammar->accept(split("turn the fan off"));
  ASSERT_TRUE(parse);
  EXPECT_THAT(parse->tags, ElementsAre("t", "F", "w", "OFF"));
  ASSERT_EQ(parse->rules.size(), 2U);
  EXPECT_EQ(parse->rules[0].rule, "command");
  EXPECT_EQ(parse->rules[0].first_word, 0);
  EXPECT_EQ(parse->rules[0].end_word, 4);
  EXPECT_EQ(parse->rules[1].rule, "what");
  EXPECT_EQ(parse->rules[1].first_word, 1);
  EXPECT_EQ(parse->rules[1].end_word, 3);
  EXPECT_NEAR(parse->log_prob, std::log(0.25), 1e-9);
  EXPECT_FALSE(grammar->accept(split("turn the fan")));
  EXPECT_FALSE(grammar->accept(split("turn the radio off")));
  EXPECT_FALSE(grammar->accept({}));
}

TEST(Grammar, RecursiveRulesBeginWithinThemselves) {
  const auto grammar =
      grammar_of("public <list> = <item> {i} [and <more>]; <more> = <list> {m}; <item> = a | b;");
  const auto parse = grammar->accept(split("a and b and a"));
  ASSERT_TRUE(parse);
  EXPECT_THAT(parse->tags, ElementsAre("i", "m", "i", "m", "i"));
  std::string spans;
  for (const RuleSpan& span : parse->rules) {
    spans += span.rule + " " + std::to_string(span.first_word) + "-" +
             std::to_string(span.end_word) + "; ";
  }
  EXPECT_EQ(spans,
            "list 0-5; item 0-1; more 2-5; list 2-5; item 2-3; more 4-5; list 4-5; item 4-5; ");
}

TEST(Grammar, AnyPublicRuleMayBeSpokenOrOneIsNamed) {
  const std::string rules = "public <a> = x; public <b> = y; <c> = z;";
  EXPECT_TRUE(grammar_of(rules)->accept(split("x")));
  EXPECT_TRUE(grammar_of(rules)->accept(split("y")));
  EXPECT_FALSE(grammar_of(rules)->accept(split("z")));
  EXPECT_FALSE(grammar_of(rules, {.root = "b"})->accept(split("x")));
  EXPECT_TRUE(grammar_of(rules, {.root = "c"})->accept(split("z")));
  EXPECT_THAT(error_of(rules, {.root = "d"}), HasSubstr("no rule <d>"));
  EXPECT_THAT(error_of("<c> = z;"), HasSubstr("no public rule"));
}

TEST(Grammar, RecursionElsewhereThanLastIsAnError) {
  EXPECT_THAT(error_of("public <a> = x <a> y | z;"),
              HasSubstr("test.jsgf:3:16: rule <a> refers to itself, and not in its last place"));
  EXPECT_THAT(error_of("public <a> = <a> x | z;"), HasSubstr("not in its last place"));
  EXPECT_THAT(error_of("public <a> = (x <a>)* z;"), HasSubstr("not in its last place"));
  EXPECT_THAT(error_of("public <a> = x <b> y; <b> = z <a>;"), HasSubstr("not in its last place"));
  EXPECT_THAT(error_of("public <a> = <a> | x;"),
              HasSubstr("test.jsgf:3:14: rule <a> refers to itself before any word"));
  EXPECT_THAT(error_of("public <a> = [x] <a> | y;"), HasSubstr("before any word"));
  EXPECT_THAT(error_of("public <a> = x | <b>; <b> = [y] <a>;"), HasSubstr("before any word"));
  EXPECT_THAT(error_of("public <a> = x <a>;"), HasSubstr("no sentence"));
  EXPECT_THAT(error_of("public <a> = <VOID>;"), HasSubstr("no sentence"));
}

TEST(Grammar, ReferencesThatLeadNowhereAreErrors) {
  EXPECT_THAT(error_of("public <a> = x\n <b>;"),
              HasSubstr("test.jsgf:4:2: rule <b> is not defined"));
  EXPECT_THAT(error_of("public <a> = x;\n<a> = y;"),
              HasSubstr("test.jsgf:4:1: rule <a> is defined twice; the first is on line 3"));
  EXPECT_THAT(error_of("import <h.b>; public <a> = x;"), HasSubstr("grammar 'h' is not found"));
}

TEST(Grammar, SizesHaveBounds) {
  std::string rules = "public <r0> = <r1> <r1>;";
  for (int i = 1; i < 40; ++i) {
    const std::string next = "<r" + std::to_string(i + 1) + ">";
    rules += "<r" + std::to_string(i) + "> = " + next + " " + next + ";";
  }
  EXPECT_THAT(error_of(rules + "<r40> = x;", {.root = "", .max_states = 10'000}),
              HasSubstr("more than 10000 states"));
  // A long way from the end, determinized: 2^20 states.
  EXPECT_THAT(error_of("public <a> = (x | y)* x <b> <b> <b> <b>; <b> = <c> <c> <c> <c> <c>; "
                       "<c> = x | y;",
                       {.root = "", .max_states = 10'000}),
              HasSubstr("more than 10000 states"));
  std::string chain = "public <r0> = <r1>;";
  for (int i = 1; i < 5000; ++i) {
    chain += "<r" + std::to_string(i) + "> = <r" + std::to_string(i + 1) + ">;";
  }
  EXPECT_THAT(error_of(chain + "<r5000> = x;"), HasSubstr("nest too deep"));
}

std::optional<GrammarText> library(std::string_view grammar) {
  if (grammar == "com.acme.colours") {
    return GrammarText{"colours.jsgf",
                       "#JSGF V1.0; grammar com.acme.colours; import <com.acme.shades.*>;"
                       "public <colour> = [<shade>] (red | blue); <hidden> = grey;"
                       "public <both> = x;"};
  }
  if (grammar == "com.acme.shades") {
    return GrammarText{"shades.jsgf",
                       "#JSGF V1.0; grammar com.acme.shades; import <com.acme.colours.colour>;"
                       "public <shade> = light | dark; public <both> = y;"
                       "public <pair> = <colour> and <colour>;"};
  }
  if (grammar == "misnamed") return GrammarText{"misnamed.jsgf", "#JSGF V1.0; grammar other;"};
  return std::nullopt;
}

TEST(Grammar, ImportsResolve) {
  const auto with = [](const std::string& rules) {
    return Grammar::parse(kHeader + rules, "test.jsgf", {}, library);
  };
  const auto error_with = [&](const std::string& rules) -> std::string {
    try {
      with(rules);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string one = "import <com.acme.colours.colour>; public <a> = a <colour> lamp;";
  EXPECT_TRUE(with(one)->accept(split("a dark blue lamp")));
  EXPECT_TRUE(with("import <com.acme.colours.*>; public <a> = <colour>;")->accept(split("red")));
  EXPECT_TRUE(with("import <com.acme.shades.*>; public <a> = <pair>;")
                  ->accept(split("red and light blue")));
  // Named in full, with and without an import; by the short name of an imported grammar.
  EXPECT_TRUE(with("public <a> = <com.acme.shades.shade>;")->accept(split("dark")));
  EXPECT_TRUE(
      with("import <com.acme.shades.pair>; public <a> = <shades.shade>;")->accept(split("dark")));
  // A rule of the file itself goes before an imported one.
  EXPECT_TRUE(with("import <com.acme.colours.*>; public <a> = <colour>; <colour> = pink;")
                  ->accept(split("pink")));
  EXPECT_THAT(error_with("import <com.acme.colours.hidden>; public <a> = x;"),
              HasSubstr("has no public rule <hidden>"));
  EXPECT_THAT(error_with("import <com.acme.colours.*>; public <a> = <hidden>;"),
              HasSubstr("rule <hidden> is not defined"));
  EXPECT_THAT(error_with("import <com.acme.colours.*>; import <com.acme.shades.*>;"
                         "public <a> = <both>;"),
              HasSubstr("comes from more than one import"));
  EXPECT_THAT(error_with("import <misnamed.*>; public <a> = x;"),
              HasSubstr("this is grammar 'other'"));
}

TEST(Grammar, PhraseListsAreGrammars) {
  const auto grammar = Grammar::parse("lights on\t3\nlights off\n", "list.txt");
  const auto parse = grammar->accept(split("lights on"));
  ASSERT_TRUE(parse);
  EXPECT_NEAR(parse->log_prob, std::log(0.75), 1e-9);
  EXPECT_FALSE(grammar->accept(split("lights")));
}

TEST(Grammar, RejectionIsALoopBesideTheGrammar) {
  // The grammar comes back to its start, from where no filler may follow.
  const auto grammar = grammar_of("public <a> = (x y)+;");
  const auto model =
      compile_grammar(*grammar, {.filler_words = {"AA", "B"}, .filler_log_prob = -2});
  const auto log_prob = [&](const std::string& text) {
    LmState state = model->begin_state();
    double sum = 0.0;
    for (const std::string& word : split(text)) {
      const auto step = model->step(state, *model->find(word));
      sum += static_cast<double>(step.log_prob);
      state = step.next;
    }
    return sum + static_cast<double>(model->step(state, *model->sentence_end()).log_prob);
  };
  EXPECT_NEAR(log_prob("AA B AA"), -6.0, 1e-6);
  EXPECT_NEAR(log_prob("x y"), std::log(0.5), 1e-6);
  EXPECT_NEAR(log_prob("x y x y"), std::log(0.25), 1e-6);
  for (const char* text : {"", "x y AA", "AA x y", "x AA y", "x", "y"}) {
    EXPECT_LE(log_prob(text), static_cast<double>(kImpossibleLogProb)) << text;
  }
  EXPECT_THROW(compile_grammar(*grammar_of("public <a> = \"</s>\";")), Error);
}

TEST(Grammar, LongListsOfSuccessorsAreFound) {
  std::string list;
  for (int i = 0; i < 3000; ++i) list += "w" + std::to_string(i) + "\n";
  const auto grammar = Grammar::parse(list, "list");
  const auto model = compile_grammar(*grammar);
  for (LmWord word = 0; word < 3000; ++word) {
    const auto step = model->step(model->begin_state(), word);
    EXPECT_NEAR(step.log_prob, -std::log(3000.0), 1e-4);
    EXPECT_NEAR(model->step(step.next, *model->sentence_end()).log_prob, 0.0, 1e-6);
  }
}

// --- The example grammars ----------------------------------------------------------------------

std::string below_hundred(int n) {
  static const char* const kSmall[] = {"",        "one",     "two",       "three",    "four",
                                       "five",    "six",     "seven",     "eight",    "nine",
                                       "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                       "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  static const char* const kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                      "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (n < 20) return kSmall[n];
  return std::string(kTens[n / 10]) + (n % 10 == 0 ? "" : std::string(" ") + kSmall[n % 10]);
}

std::string spoken(int n, bool with_and) {
  if (n == 0) return "zero";
  std::string text;
  const auto join = [&](const std::string& more) {
    if (!text.empty() && !more.empty()) text += ' ';
    text += more;
  };
  const auto below_thousand = [&](int k) {
    if (k >= 100) join(below_hundred(k / 100) + " hundred");
    if (with_and && k >= 100 && k % 100 != 0) join("and");
    join(below_hundred(k % 100));
  };
  if (n >= 1000) {
    below_thousand(n / 1000);
    join("thousand");
    if (with_and && n % 1000 != 0 && n % 1000 < 100) join("and");
  }
  below_thousand(n % 1000);
  return text;
}

// The calculation that number_parts.jsgf describes.
int value_of(const std::vector<std::string>& tags) {
  int total = 0;
  int part = 0;
  for (const std::string& tag : tags) {
    if (tag == "*1000") {
      total += part * 1000;
      part = 0;
    } else if (tag == "*100") {
      part *= 100;
    } else {
      part += std::stoi(tag);
    }
  }
  return total + part;
}

double count_sentences(const Grammar& grammar) {
  const WordAutomaton& automaton = grammar.automaton();
  std::vector<double> known(automaton.num_states(), -1.0);
  const std::function<double(uint32_t)> count = [&](uint32_t state) {
    if (known[state] >= 0.0) return known[state];
    double sum = std::isinf(automaton.final_log_probs[state]) ? 0.0 : 1.0;
    for (const auto& arc : automaton.arcs_of(state)) sum += count(arc.next);
    return known[state] = sum;
  };
  return count(0);
}

TEST(ExampleGrammars, NumbersAreAllNumbersAndNothingElse) {
  const auto grammar = Grammar::load(kGrammars / "numbers.jsgf");
  std::map<std::string, uint32_t> index;
  for (const std::string& word : grammar->words()) {
    index.emplace(word, static_cast<uint32_t>(index.size()));
  }
  for (const bool with_and : {false, true}) {
    for (int n = 0; n < 1'000'000; n += n < 1000 || n % 1000 < 200 ? 1 : 7) {
      uint32_t state = 0;
      for (const std::string& word : split(spoken(n, with_and))) {
        const auto* arc = grammar->automaton().find(state, index.at(word));
        ASSERT_NE(arc, nullptr) << spoken(n, with_and);
        state = arc->next;
      }
      ASSERT_FALSE(std::isinf(grammar->automaton().final_log_probs[state])) << spoken(n, with_and);
    }
  }
  // 1,890 ways to say 1 .. 999 (two for those with "and"); thousands, then nothing, any of those,
  // or "and" and less than a hundred; and zero.
  EXPECT_EQ(count_sentences(*grammar), 1 + 1890 + 1890.0 * (1 + 1890 + 99));
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    const int n = std::uniform_int_distribution<int>(0, 999'999)(random);
    const auto parse = grammar->accept(split(spoken(n, i % 2 == 0)));
    ASSERT_TRUE(parse) << n;
    EXPECT_EQ(value_of(parse->tags), n);
  }
  for (const char* text :
       {"", "hundred", "one hundred hundred", "zero one", "twenty ten", "one thousand thousand",
        "and five", "five and", "one million", "thousand", "twenty zero", "one two"}) {
    EXPECT_FALSE(grammar->accept(split(text))) << text;
  }
}

TEST(ExampleGrammars, DatesAreDates) {
  const auto grammar = Grammar::load(kGrammars / "dates.jsgf");
  for (const char* text :
       {"today", "next tuesday", "last year", "may third", "may the third", "third of may",
        "friday the first of june", "the twenty ninth of february nineteen ninety six",
        "december thirty first two thousand and one", "may first twenty twenty six",
        "march tenth nineteen hundred", "april thirtieth nineteen oh five"}) {
    EXPECT_TRUE(grammar->accept(split(text))) << text;
  }
  for (const char* text : {"", "february thirtieth", "thirty first of april", "june thirty first",
                           "the may third", "next", "tuesday", "may third third", "may three",
                           "may third two thousand hundred", "the thirtieth of february"}) {
    EXPECT_FALSE(grammar->accept(split(text))) << text;
  }
  const auto parse = grammar->accept(split("monday may twenty third nineteen forty five"));
  ASSERT_TRUE(parse);
  EXPECT_THAT(parse->tags, ElementsAre("monday", "month 5", "20", "3", "1900", "40", "5"));
  // 366 days, each month first or day first, with or without "the"; 8 ways with a weekday; years:
  // none, 2 x (hundred, 9 with oh, 99), two thousand, 99 with and without "and". Relative: 3 + 2
  // x 10.
  EXPECT_EQ(count_sentences(*grammar), 23 + 366.0 * 4 * 8 * (1 + 2 * 109 + 1 + 2 * 99));
}

TEST(ExampleGrammars, ListOfPhrases) {
  const auto grammar = Grammar::load(kGrammars / "lights.txt");
  EXPECT_TRUE(grammar->accept(split("all lights off")));
  EXPECT_FALSE(grammar->accept(split("all lights on")));
}

}  // namespace
}  // namespace bivox
