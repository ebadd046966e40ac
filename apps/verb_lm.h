// What the files of the verb `bivox lm` share: one file for training, one for the rest.
//
// Thread rule: free functions, in main. Test: tests/apps/cli_lm_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/console.h"
#include "models/lm/backoff_trie.h"
#include "models/lm/text_lines.h"

namespace bivox {

/// What the chosen sub-verb does, set when it is parsed.
using LmAction = std::shared_ptr<std::function<int(Console&)>>;

/// Adds a sub-verb of `lm`; its help ends with `examples`.
CLI::App& add_lm_subverb(CLI::App& lm, const std::string& name, const std::string& description,
                         const std::string& examples, const LmAction& action,
                         std::function<int(Console&)> function);

void add_lm_train_verb(CLI::App& lm, const LmAction& action);

/// A text that is a file or, as "-", standard input.
class TextFile {
 public:
  explicit TextFile(const std::string& path);
  TextLines& lines() { return *lines_; }
  /// Size of the file as it is stored; 0 for standard input.
  uint64_t bytes() const { return bytes_; }

 private:
  std::ifstream file_;
  uint64_t bytes_ = 0;
  std::unique_ptr<TextLines> lines_;
};

/// Throws Error(kRuntime) after Ctrl-C.
void stop_if_interrupted();

/// The form is told by the name: .arpa or .arpa.gz, else Bivox's binary. Throws after Ctrl-C, so
/// that the old file stays.
void write_model(BackoffTrie trie, const std::filesystem::path& path, int codebook_size);

/// `12.3 MB`.
std::string megabytes(double bytes);
/// `1-grams 60,000, 2-grams 1,234,567`.
std::string ngram_counts_text(const std::vector<uint64_t>& counts);
std::vector<uint64_t> ngram_counts_of(const BackoffTrie& trie);
/// 1,234,567.
std::string with_commas(uint64_t number);

}  // namespace bivox
