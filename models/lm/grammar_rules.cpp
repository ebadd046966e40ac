#include "models/lm/grammar_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bivox {
namespace {

std::string quoted(std::string_view rule) { return fmt::format("<{}>", rule.substr(0, 80)); }

}  // namespace

GrammarRules::GrammarRules(JsgfFile main, const GrammarImporter& importer) {
  add_file(std::move(main));
  // files_ grows while it is walked; what is needed of a file is copied before it may move.
  for (size_t f = 0; f < files_.size(); ++f) {
    const std::vector<JsgfImport> imports = files_[f].imports;
    for (const JsgfImport& import : imports) {
      load(import.grammar, f, import.position, importer);
      if (import.rule != "*") imported(f, import.grammar, import.rule, import.position);
    }
    for (size_t r = 0; r < files_[f].rules.size(); ++r) {
      const RuleExpansion expansion = files_[f].rules[r].expansion;
      load_named_in_full(expansion, f, importer);
    }
  }
  for (RuleId id = 0; id < places_.size(); ++id) check(id, rule(id).expansion);
}

void GrammarRules::add_file(JsgfFile file) {
  const size_t f = files_.size();
  names_.emplace_back();
  for (size_t r = 0; r < file.rules.size(); ++r) {
    const JsgfRule& rule = file.rules[r];
    const auto [it, is_new] = names_[f].try_emplace(rule.name, static_cast<RuleId>(places_.size()));
    if (!is_new) {
      fail_in_grammar(file.source, rule.position,
                      fmt::format("rule {} is defined twice", quoted(rule.name)),
                      fmt::format("the first is on line {}",
                                  file.rules[places_[it->second].index].position.line));
    }
    places_.push_back({f, r});
  }
  file_of_.emplace(file.name, f);
  files_.push_back(std::move(file));
}

void GrammarRules::load(const std::string& grammar, size_t from, GrammarPosition position,
                        const GrammarImporter& importer) {
  if (file_of_.contains(grammar)) return;
  const std::string from_source = files_[from].source;
  const std::optional<GrammarText> text = importer ? importer(grammar) : std::nullopt;
  if (!text) {
    fail_in_grammar(from_source, position,
                    fmt::format("grammar '{}' is not found", grammar.substr(0, 80)),
                    fmt::format("expected a file {}.jsgf or .gram beside this one",
                                grammar.substr(grammar.rfind('.') + 1, 80)));
  }
  JsgfFile file = parse_jsgf(text->text, text->source);
  if (file.name != grammar) {
    fail_in_grammar(text->source, {1, 1},
                    fmt::format("this is grammar '{}', but '{}' was imported",
                                file.name.substr(0, 80), grammar.substr(0, 80)),
                    "the name after 'grammar' must be that of the import");
  }
  add_file(std::move(file));
}

void GrammarRules::load_named_in_full(const RuleExpansion& expansion, size_t from,
                                      const GrammarImporter& importer) {
  if (expansion.kind == RuleExpansion::Kind::kRule) {
    const size_t dot = expansion.text.rfind('.');
    if (dot != std::string::npos) {
      load(full_name(from, expansion.text.substr(0, dot)), from, expansion.position, importer);
    }
  }
  for (const RuleExpansion& part : expansion.parts) load_named_in_full(part, from, importer);
}

// A grammar may be called by the last part of its name where an import has it in full.
std::string GrammarRules::full_name(size_t file, const std::string& grammar) const {
  for (const JsgfImport& import : files_[file].imports) {
    const size_t dot = import.grammar.rfind('.');
    if (dot != std::string::npos && import.grammar.substr(dot + 1) == grammar) {
      return import.grammar;
    }
  }
  return grammar;
}

RuleId GrammarRules::imported(size_t file, const std::string& grammar, const std::string& rule,
                              GrammarPosition position) const {
  const size_t other = file_of_.at(grammar);
  const auto it = names_[other].find(rule);
  if (it == names_[other].end() ||
      (other != file && !files_[other].rules[places_[it->second].index].is_public)) {
    fail_in_grammar(
        files_[file].source, position,
        fmt::format("grammar '{}' has no public rule {}", grammar.substr(0, 80), quoted(rule)),
        fmt::format("expected one that {} declares public", files_[other].source));
  }
  return it->second;
}

RuleId GrammarRules::resolve(RuleId from, const RuleExpansion& reference) const {
  const size_t f = places_[from].file;
  const JsgfFile& file = files_[f];
  const std::string& name = reference.text;
  if (const auto own = names_[f].find(name); own != names_[f].end()) return own->second;
  const size_t dot = name.rfind('.');
  if (dot != std::string::npos) {
    return imported(f, full_name(f, name.substr(0, dot)), name.substr(dot + 1), reference.position);
  }
  std::optional<RuleId> found;
  for (const JsgfImport& import : file.imports) {
    if (import.rule != "*" && import.rule != name) continue;
    const size_t other = file_of_.at(import.grammar);
    const auto it = names_[other].find(name);
    if (it == names_[other].end() || !files_[other].rules[places_[it->second].index].is_public) {
      continue;
    }
    if (found && *found != it->second) {
      fail_in_grammar(file.source, reference.position,
                      fmt::format("rule {} comes from more than one import", quoted(name)),
                      fmt::format("write which is meant: <{}.{}>", import.grammar, name));
    }
    found = it->second;
  }
  if (!found) {
    fail_in_grammar(file.source, reference.position,
                    fmt::format("rule {} is not defined", quoted(name)),
                    "expected a rule of this grammar or an imported public one");
  }
  return *found;
}

void GrammarRules::check(RuleId from, const RuleExpansion& expansion) const {
  if (expansion.kind == RuleExpansion::Kind::kRule) resolve(from, expansion);
  for (const RuleExpansion& part : expansion.parts) check(from, part);
}

std::vector<RuleId> GrammarRules::roots(std::string_view root) const {
  std::vector<RuleId> ids;
  if (!root.empty()) {
    const auto it = names_.front().find(std::string(root));
    if (it == names_.front().end()) {
      fail_in_grammar(main().source, {1, 1}, fmt::format("no rule {}", quoted(root)),
                      "name a rule of this file, without < and >");
    }
    return {it->second};
  }
  for (RuleId id = 0; id < names_.front().size(); ++id) {
    if (rule(id).is_public) ids.push_back(id);
  }
  if (ids.empty()) {
    fail_in_grammar(main().source, {1, 1}, "no public rule",
                    "write 'public' before the rule that is spoken");
  }
  return ids;
}

}  // namespace bivox
