// What the sub-verbs of `bivox data` share.
//
// Adding one: write apps/verb_data_<name>.cpp with `void add_data_<name>_verb(CLI::App&, const
// LmAction&)`, declare it here and call it in add_data_verb().
// Thread rule: free functions, in main. Test: tests/apps/cli_data_test.cpp.
#pragma once

#include <CLI/CLI.hpp>

#include "apps/verb_lm.h"

namespace bivox {

void add_data_check_verb(CLI::App& data, const LmAction& action);
void add_data_label_verb(CLI::App& data, const LmAction& action);

}  // namespace bivox
