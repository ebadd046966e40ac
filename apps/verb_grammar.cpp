// bivox grammar: check grammars, and try sentences on them.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/program.h"
#include "apps/verb_lm.h"
#include "apps/verbs.h"
#include "asr/evaluation/word_errors.h"
#include "dsp/core/error.h"
#include "models/lm/grammar.h"

namespace bivox {
namespace {

struct Options {
  std::string grammar;
  std::string root;
  std::vector<std::string> sentences;
  bool json = false;
};

std::shared_ptr<const Grammar> load(const Options& options) {
  GrammarOptions grammar;
  grammar.root = options.root;
  return Grammar::load(options.grammar, grammar);
}

/// Sentences of the language as text; "infinitely many" where a loop can be spoken.
std::string count_sentences(const WordAutomaton& automaton) {
  // Depth first, each state once: a way back to an open state is a loop, and from every state some
  // sentence ends.
  enum class Visit : uint8_t { kNew, kOpen, kDone };
  std::vector<Visit> visits(automaton.num_states(), Visit::kNew);
  std::vector<double> counts(automaton.num_states(), 0.0);
  std::vector<std::pair<uint32_t, size_t>> stack = {{0, 0}};
  while (!stack.empty()) {
    auto& [state, at] = stack.back();
    visits[state] = Visit::kOpen;
    const auto arcs = automaton.arcs_of(state);
    if (at < arcs.size()) {
      const uint32_t next = arcs[at++].next;
      if (visits[next] == Visit::kOpen) return "infinitely many";
      if (visits[next] == Visit::kNew) stack.emplace_back(next, 0);
      continue;
    }
    double sum = std::isinf(automaton.final_log_probs[state]) ? 0.0 : 1.0;
    for (const WordAutomaton::Arc& arc : arcs) sum += counts[arc.next];
    counts[state] = sum;
    visits[state] = Visit::kDone;
    stack.pop_back();
  }
  return counts[0] < 1e15 ? fmt::format("{:.0f}", counts[0]) : fmt::format("{:.3g}", counts[0]);
}

int check(const Options& options) {
  const auto grammar = load(options);
  const WordAutomaton& automaton = grammar->automaton();
  std::cout << fmt::format("words      {}\nstates     {}\narcs       {}\nsentences  {}\n",
                           grammar->words().size(), automaton.num_states(), automaton.arcs.size(),
                           count_sentences(automaton));
  return 0;
}

nlohmann::ordered_json parse_json(const std::string& sentence,
                                  const std::optional<GrammarParse>& parse) {
  nlohmann::ordered_json object;
  object["sentence"] = sentence;
  object["accepted"] = parse.has_value();
  if (!parse) return object;
  object["log_prob"] = parse->log_prob;
  object["tags"] = parse->tags;
  object["rules"] = nlohmann::ordered_json::array();
  for (const RuleSpan& span : parse->rules) {
    object["rules"].push_back(
        {{"rule", span.rule}, {"first_word", span.first_word}, {"end_word", span.end_word}});
  }
  return object;
}

std::string parse_line(const std::string& sentence, const std::optional<GrammarParse>& parse) {
  if (!parse) return fmt::format("no\t{}\n", sentence);
  std::string tags;
  for (const std::string& tag : parse->tags) tags += fmt::format("{{{}}}", tag);
  return fmt::format("yes\t{}\t{:.3f}\t{}\n", sentence, parse->log_prob, tags);
}

int accept(const Options& options) {
  const auto grammar = load(options);
  bool all = true;
  const auto judge = [&](const std::string& sentence) {
    const std::vector<std::string_view> words = split_words(sentence);
    const auto parse = grammar->accept(std::vector<std::string>(words.begin(), words.end()));
    all = all && parse.has_value();
    if (options.json) {
      std::cout << parse_json(sentence, parse)
                       .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                << '\n';
    } else {
      std::cout << parse_line(sentence, parse);
    }
  };
  for (const std::string& sentence : options.sentences) judge(sentence);
  if (options.sentences.empty()) {
    for (std::string line; std::getline(std::cin, line);) judge(line);
  }
  return all ? 0 : static_cast<int>(ErrorCode::kInput);
}

void add_common(CLI::App& verb, Options& options) {
  verb.add_option("GRAMMAR", options.grammar, "JSGF, or a list of one phrase a line")->required();
  verb.add_option("--rule", options.root,
                  "The rule that is spoken, without < and > (default: any public one)");
}

}  // namespace

void add_grammar_verb(Program& program) {
  auto action = std::make_shared<std::function<int(Console&)>>();
  auto options = std::make_shared<Options>();
  CLI::App& grammar = program.add_verb(
      "grammar", "Check grammars (JSGF or lists of phrases) and try sentences on them.",
      "  bivox grammar check numbers.jsgf\n"
      "  bivox grammar check dates.jsgf --rule month_first\n"
      "  bivox grammar accept numbers.jsgf \"twelve thousand and six\"\n"
      "  bivox transcribe --grammar numbers.jsgf take.wav",
      [action](Console& console) { return (*action)(console); });
  grammar.require_subcommand(1);
  CLI::App& check_verb =
      add_lm_subverb(grammar, "check", "Read a grammar and count its words, states and sentences.",
                     "  bivox grammar check lights.txt\n"
                     "  bivox grammar check dates.jsgf\n"
                     "  bivox grammar check dates.jsgf --rule month_first",
                     action, [options](Console&) { return check(*options); });
  add_common(check_verb, *options);
  CLI::App& accept_verb = add_lm_subverb(
      grammar, "accept",
      "Say of each sentence whether it is of the grammar, with its log probability and tags.\n"
      "Ends with 0 when all are, else with 3.",
      "  bivox grammar accept lights.txt \"lights on\" \"lights up\"\n"
      "  bivox grammar accept dates.jsgf --json \"may the third\"\n"
      "  bivox grammar check dates.jsgf --rule month_first\n"
      "  bivox grammar accept numbers.jsgf < sentences.txt",
      action, [options](Console&) { return accept(*options); });
  add_common(accept_verb, *options);
  accept_verb.add_option("SENTENCES", options->sentences,
                         "Sentences, each one argument (default: lines of standard input)");
  accept_verb.add_flag("--json", options->json, "One JSON object a sentence");
}

}  // namespace bivox
