#include "apps/program.h"

#include <fmt/format.h>

#include <iostream>
#include <new>
#include <string_view>

#include "apps/interrupt.h"
#include "apps/verbs.h"

namespace bivox {

Program::Program()
    : app_(
          "Bivox: speech recognition on your own machine.\n"
          "Results go to standard output, all else to standard error.\n"
          "Exit codes: 0 ok, 2 usage, 3 input, 4 model, 5 runtime, 130 interrupted.",
          "bivox") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "bivox " BIVOX_VERSION);
  app_.get_formatter()->column_width(34);
  app_.add_option("--completion", "Print completion for this shell: bash");
  app_.footer("`bivox VERB --help` shows the options, defaults and examples of a verb.");
}

CLI::App& Program::add_verb(const std::string& name, const std::string& description,
                            const std::string& examples, VerbFunction function) {
  CLI::App* verb = app_.add_subcommand(name, description);
  verb->option_defaults()->always_capture_default();
  verb->footer("Examples:\n" + examples);
  CLI::Option* quiet = verb->add_flag("-q,--quiet", quiet_, "Print errors only");
  verb->add_flag("-v,--verbose", verbose_, "Print what is done and measured")->excludes(quiet);
  verb->callback([this, run = std::move(function)] { chosen_ = run; });
  return *verb;
}

int Program::run(int argc, const char* const* argv) {
  // Alone among the options it needs no verb.
  if (argc == 3 && std::string_view(argv[1]) == "--completion" &&
      std::string_view(argv[2]) == "bash") {
    std::cout << bash_completion();
    return 0;
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app_.exit(success, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "bivox: error: {}\n  hint: bivox --help, or bivox VERB --help\n",
               error.what());
    return static_cast<int>(ErrorCode::kUsage);
  }
  return run_chosen();
}

std::string Program::bash_completion() const {
  const auto options_of = [](const CLI::App& app) {
    std::string names;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) names += " --" + name;
    }
    return names;
  };
  std::string verbs;
  std::string cases;
  for (const CLI::App* verb : app_.get_subcommands({})) {
    verbs += verb->get_name() + " ";
    cases += fmt::format("    {}) words=\"{}\" ;;\n", verb->get_name(), options_of(*verb));
  }
  // Words that are no option are files, which the shell completes by itself.
  return fmt::format(
      "# bash completion of bivox: source <(bivox --completion bash)\n"
      "_bivox() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words=\"\"\n"
      "  if ((COMP_CWORD == 1)); then words=\"{}{}\"\n"
      "  elif [[ $current == -* ]]; then case ${{COMP_WORDS[1]}} in\n{}    esac\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -o default -F _bivox bivox\n",
      verbs, options_of(app_), cases);
}

int Program::run_chosen() {
  Console console(quiet_ ? Verbosity::kQuiet : verbose_ ? Verbosity::kVerbose : Verbosity::kNormal);
  try {
    const int code = chosen_(console);
    flush_stdout();
    return code;
  } catch (const Error& error) {
    if (interrupted()) return kInterruptedExitCode;
    console.error(error);
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    console.error("out of memory");
    return static_cast<int>(ErrorCode::kRuntime);
  } catch (const std::exception& error) {
    console.error(error.what());
    return static_cast<int>(ErrorCode::kRuntime);
  }
}

int run_program(int argc, const char* const* argv) {
  std::ios::sync_with_stdio(false);
  install_interrupt_handler();
  Program program;
  add_transcribe_verb(program);
  add_align_verb(program);
  add_score_verb(program);
  add_compare_verb(program);
  add_data_verb(program);
  add_features_verb(program);
  add_g2p_verb(program);
  add_grammar_verb(program);
  add_info_verb(program);
  add_lm_verb(program);
  add_say_verb(program);
  add_train_verb(program);
  add_vocode_verb(program);
  add_voices_verb(program);
  return program.run(argc, argv);
}

void flush_stdout() {
  std::cout.flush();
  if (!std::cout) {
    throw Error(ErrorCode::kRuntime, "standard output: write failed",
                "the reader may have closed the pipe, or the disk may be full");
  }
}

}  // namespace bivox
