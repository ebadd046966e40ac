#include "models/lm/grammar.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/file_io.h"
#include "models/lm/jsgf.h"
#include "models/lm/phrase_list.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

// Finds imports beside the main file, or in folders named like the parts of the grammar's
// name.
GrammarImporter importer_beside(const fs::path& folder) {
  return [folder](std::string_view grammar) -> std::optional<GrammarText> {
    // A name is no way out of the folder.
    if (grammar.find('/') != std::string_view::npos ||
        grammar.find('\0') != std::string_view::npos) {
      return std::nullopt;
    }
    std::string as_path(grammar);
    std::replace(as_path.begin(), as_path.end(), '.', '/');
    const std::string last = as_path.substr(as_path.rfind('/') + 1);
    for (const std::string& name : {as_path, last}) {
      for (const char* extension : {".jsgf", ".gram"}) {
        const fs::path path = folder / (name + extension);
        std::error_code ignored;
        if (!name.empty() && name.front() != '/' && fs::is_regular_file(path, ignored)) {
          return GrammarText{path.string(), read_file(path, ErrorCode::kModel)};
        }
      }
    }
    return std::nullopt;
  };
}

}  // namespace

std::shared_ptr<const Grammar> Grammar::load(const fs::path& path, const GrammarOptions& options) {
  return parse(read_file(path, ErrorCode::kModel), path.string(), options,
               importer_beside(path.parent_path()));
}

std::shared_ptr<const Grammar> Grammar::parse(std::string_view text, std::string_view source,
                                              const GrammarOptions& options,
                                              const GrammarImporter& importer) {
  JsgfFile file = is_jsgf(text) ? parse_jsgf(text, source) : parse_phrase_grammar(text, source);
  const GrammarRules rules(std::move(file), importer);
  return std::shared_ptr<const Grammar>(new Grammar(rules, options));
}

Grammar::Grammar(const GrammarRules& rules, const GrammarOptions& options)
    : source_(rules.main().source),
      graph_(rules, options.root, options.max_states),
      automaton_(make_word_automaton(graph_, source_, options.max_states)) {
  for (const std::string& word : graph_.words()) {
    index_of_word_.emplace(word, static_cast<uint32_t>(index_of_word_.size()));
  }
}

std::optional<GrammarParse> Grammar::accept(std::span<const std::string> words) const {
  GrammarParse parse;
  std::vector<uint32_t> indices;
  uint32_t state = 0;
  for (const std::string& word : words) {
    const auto known = index_of_word_.find(word);
    if (known == index_of_word_.end()) return std::nullopt;
    indices.push_back(known->second);
    const WordAutomaton::Arc* arc = automaton_.find(state, known->second);
    if (arc == nullptr) return std::nullopt;
    parse.log_prob += arc->log_prob;
    state = arc->next;
  }
  parse.log_prob += automaton_.final_log_probs[state];
  if (parse.log_prob == -std::numeric_limits<double>::infinity()) return std::nullopt;

  // Rules that are open, by their index in parse.rules. A recursive rule opens within itself, so
  // the end of a place closes all that was opened since the place was entered for the last time.
  struct Open {
    size_t span;
    uint32_t place;
    bool is_again;
  };
  std::vector<Open> open;
  int at = 0;
  for (const GrammarArc* arc : likeliest_way(indices)) {
    switch (arc->kind) {
      case GrammarArc::Kind::kWord:
        ++at;
        break;
      case GrammarArc::Kind::kTag:
        parse.tags.push_back(graph_.tags()[arc->label]);
        break;
      case GrammarArc::Kind::kRuleBegin:
      case GrammarArc::Kind::kRuleAgain:
        open.push_back({parse.rules.size(), arc->label, arc->kind == GrammarArc::Kind::kRuleAgain});
        parse.rules.push_back({graph_.rule_at(arc->label), at, at});
        break;
      case GrammarArc::Kind::kRuleEnd:
        while (!open.empty()) {
          const Open last = open.back();
          open.pop_back();
          parse.rules[last.span].end_word = at;
          if (last.place == arc->label && !last.is_again) break;
        }
        break;
      case GrammarArc::Kind::kNothing:
        break;
    }
  }
  return parse;
}

// Shortest path: one layer a word, within a layer by Dijkstra over silent arcs.
std::vector<const GrammarArc*> Grammar::likeliest_way(std::span<const uint32_t> words) const {
  struct Step {
    uint32_t state;
    uint32_t before;  // step
    const GrammarArc* arc;
    double cost;
  };
  constexpr uint32_t kNone = 0xffffffffU;
  std::vector<Step> steps;
  using Entry = std::pair<double, uint32_t>;  // cost, step
  std::vector<Entry> into = {{0.0, 0}};       // of the layer at hand
  steps.push_back({graph_.start(), kNone, nullptr, 0.0});
  std::vector<uint32_t> done(graph_.num_states(), kNone);  // layer in which a state was settled
  uint32_t last = kNone;
  for (uint32_t layer = 0; layer <= words.size(); ++layer) {
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue(std::greater<>(),
                                                                         std::move(into));
    into.clear();
    while (!queue.empty()) {
      const uint32_t step = queue.top().second;
      queue.pop();
      const Step from = steps[step];
      if (done[from.state] == layer) continue;
      done[from.state] = layer;
      if (layer == words.size() && from.state == graph_.final()) {
        last = step;
        break;
      }
      for (const GrammarArc& arc : graph_.arcs(from.state)) {
        const bool is_word = arc.kind == GrammarArc::Kind::kWord;
        if (is_word ? layer == words.size() || arc.label != words[layer]
                    : done[arc.next] == layer) {
          continue;
        }
        const double cost = from.cost - arc.log_prob;
        const Entry entry = {cost, static_cast<uint32_t>(steps.size())};
        steps.push_back({arc.next, step, &arc, cost});
        if (is_word) {
          into.push_back(entry);
        } else {
          queue.push(entry);
        }
      }
    }
  }
  BIVOX_CHECK(last != kNone);  // the automaton accepts what the graph does
  std::vector<const GrammarArc*> way;
  for (uint32_t step = last; steps[step].arc != nullptr; step = steps[step].before) {
    way.push_back(steps[step].arc);
  }
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace bivox
