// The program `bivox`: verbs, their options, and how a run ends.
//
// Results go to standard output, everything else to standard error. Exit codes: 0 ok, 2 usage,
// 3 input, 4 model, 5 runtime (the values of ErrorCode), 130 interrupted.
// Adding a verb: write apps/verb_<name>.cpp with `void add_<name>_verb(Program&)`, declare it in
// apps/verbs.h and call it in run_program().
// Thread rule: one Program, in main. Test: tests/apps/cli_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "apps/console.h"

namespace bivox {

/// What a verb does when it was chosen; returns the exit code, throws Error.
using VerbFunction = std::function<int(Console&)>;

class Program {
 public:
  Program();

  /// Adds a verb with -q and -v; `examples` ends its help. The caller adds options to the result.
  CLI::App& add_verb(const std::string& name, const std::string& description,
                     const std::string& examples, VerbFunction function);

  /// Parses, runs the verb and returns the exit code; nothing escapes.
  int run(int argc, const char* const* argv);

  /// A bash script that completes verbs and options.
  std::string bash_completion() const;

 private:
  int run_chosen();

  CLI::App app_;
  VerbFunction chosen_;
  bool quiet_ = false;
  bool verbose_ = false;
};

/// main() of the program.
int run_program(int argc, const char* const* argv);

/// Throws Error(kRuntime) when results could not be written (a closed pipe, a full disk).
void flush_stdout();

}  // namespace bivox
