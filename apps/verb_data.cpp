// bivox data: what is done with recordings and their texts before training.
#include "apps/verb_data.h"

#include "apps/program.h"
#include "apps/verbs.h"

namespace bivox {

void add_data_verb(Program& program) {
  const auto action = std::make_shared<std::function<int(Console&)>>();
  CLI::App& verb = program.add_verb(
      "data", "Look after recordings and their texts before a model is learnt from them.",
      "  bivox data check corpus/manifest.tsv:train --report check.html\n"
      "  bivox data check recordings/ --format tsv > suspicious.tsv\n"
      "  bivox data label corpus/manifest.tsv:new --transcripts heard.json -o corpus/labelled.tsv\n"
      "  bivox data check --help",
      [action](Console& console) { return (*action)(console); });
  verb.require_subcommand(1);
  add_data_check_verb(verb, action);
  add_data_label_verb(verb, action);
}

}  // namespace bivox
