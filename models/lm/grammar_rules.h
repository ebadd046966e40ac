// The rules of a grammar and of everything it imports, with references resolved.
//
// A name in a rule means, in this order: a rule of the same grammar; a rule that an import brings;
// a rule named in full, <grammar.rule>, where the grammar's name may be short (the part after the
// last dot) when an import has it in full. Only public rules can be had from other grammars.
// Grammars may import each other; each is read once.
//
// Errors: Error(kModel) with file, line and column. Thread rule: immutable after building.
// Source: JSpeech Grammar Format, W3C Note, 5 June 2000, sections 2.4 to 3.3. Test:
// tests/models/grammar_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/lm/jsgf.h"

namespace bivox {

/// The text of a grammar and the name it has in errors.
struct GrammarText {
  std::string source;
  std::string text;
};
/// Finds an imported grammar by its full name; nothing if there is none.
using GrammarImporter = std::function<std::optional<GrammarText>(std::string_view grammar)>;

/// Index of a rule among those of all files, 0-based.
using RuleId = uint32_t;

class GrammarRules {
 public:
  /// Reads what `main` imports and checks every reference.
  GrammarRules(JsgfFile main, const GrammarImporter& importer);

  const JsgfRule& rule(RuleId id) const {
    return files_[places_[id].file].rules[places_[id].index];
  }
  const std::string& source(RuleId id) const { return files_[places_[id].file].source; }
  /// The file that was asked for.
  const JsgfFile& main() const { return files_.front(); }
  /// The public rules of the main file, or the one named `root` (public or not) if it is not empty.
  std::vector<RuleId> roots(std::string_view root) const;
  /// What a reference in rule `from` means.
  RuleId resolve(RuleId from, const RuleExpansion& reference) const;

 private:
  struct Place {
    size_t file;
    size_t index;
  };
  void add_file(JsgfFile file);
  void load(const std::string& grammar, size_t from, GrammarPosition position,
            const GrammarImporter& importer);
  void load_named_in_full(const RuleExpansion& expansion, size_t from,
                          const GrammarImporter& importer);
  void check(RuleId from, const RuleExpansion& expansion) const;
  RuleId imported(size_t file, const std::string& grammar, const std::string& rule,
                  GrammarPosition position) const;
  std::string full_name(size_t file, const std::string& grammar) const;

  std::vector<JsgfFile> files_;
  std::vector<std::map<std::string, RuleId>> names_;  // of each file
  std::map<std::string, size_t> file_of_;             // by the grammar's full name
  std::vector<Place> places_;
};

}  // namespace bivox
