#include "models/lm/arpa.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/lm/text_lines.h"

namespace bivox {
namespace {

constexpr double kLn10 = 2.302585092994046;
constexpr float kBlank = std::numeric_limits<float>::quiet_NaN();
// Log10 values of estimated models exceed 0 by rounding only.
constexpr double kRoundingAboveOne = 1e-3;

struct WordHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's
  size_t operator()(std::string_view word) const { return std::hash<std::string_view>{}(word); }
};

/// The n-grams of one order as they stand in the file: words [count x order], natural logs.
struct FlatLevel {
  size_t order = 0;
  std::vector<uint32_t> words;
  std::vector<float> log_probs;
  std::vector<float> backoffs;

  size_t count() const { return log_probs.size(); }
  const uint32_t* at(size_t i) const { return words.data() + i * order; }
  void push(std::span<const uint32_t> ngram, float log_prob, float backoff) {
    words.insert(words.end(), ngram.begin(), ngram.end());
    log_probs.push_back(log_prob);
    backoffs.push_back(backoff);
  }
  /// Entry of an n-gram of a sorted level.
  std::optional<uint32_t> find(const uint32_t* ngram) const {
    size_t first = 0;
    size_t last = count();
    while (first < last) {
      const size_t middle = (first + last) / 2;
      if (std::lexicographical_compare(at(middle), at(middle) + order, ngram, ngram + order)) {
        first = middle + 1;
      } else {
        last = middle;
      }
    }
    if (first == count() || !std::equal(ngram, ngram + order, at(first))) return std::nullopt;
    return static_cast<uint32_t>(first);
  }
  bool is_sorted() const {
    for (size_t i = 1; i < count(); ++i) {
      if (!std::lexicographical_compare(at(i - 1), at(i), at(i), at(i) + order)) return false;
    }
    return true;
  }
  void sort(uint32_t num_words);
};

/// By words, oldest first: one stable counting sort a position, newest position first.
void FlatLevel::sort(uint32_t num_words) {
  if (is_sorted()) return;
  std::vector<uint32_t> from(count());
  std::vector<uint32_t> to(count());
  std::iota(from.begin(), from.end(), 0U);
  for (size_t position = order; position-- > 0;) {
    std::vector<uint32_t> begins(size_t{num_words} + 1, 0);
    for (size_t i = 0; i < count(); ++i) ++begins[at(i)[position] + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    for (const uint32_t i : from) to[begins[at(i)[position]]++] = i;
    from.swap(to);
  }
  FlatLevel sorted;
  sorted.order = order;
  sorted.words.reserve(words.size());
  sorted.log_probs.reserve(count());
  sorted.backoffs.reserve(count());
  for (const uint32_t i : from) sorted.push({at(i), order}, log_probs[i], backoffs[i]);
  *this = std::move(sorted);
}

class ArpaReader {
 public:
  ArpaReader(std::span<const std::byte> bytes, std::string_view name)
      : lines_(bytes, name), name_(name) {}

  NgramTables read(const ArpaOptions& options) {
    read_counts();
    for (size_t k = 1; k <= counts_.size(); ++k) read_section(k);
    if (line_ != "\\end\\") {
      lines_.fail(fmt::format("expected \\end\\, found '{}'", shown(line_)),
                  "the file was cut short: copy it again");
    }
    // What follows does not matter, but the checksum of gzip data stands at its end.
    while (lines_.next(line_)) {
    }
    return make_tables(options);
  }

 private:
  static std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
  }
  static std::string_view shown(std::string_view text) { return text.substr(0, 60); }

  /// The next line that is not empty; what is missing when there is none.
  void next_line(std::string_view missing) {
    do {
      if (!lines_.next(line_)) {
        lines_.fail(fmt::format("the file ends, expected {}", missing),
                    "the file was cut short, or is no ARPA language model");
      }
      line_ = trimmed(line_);
    } while (line_.empty());
  }

  void read_counts() {
    do next_line("\\data\\");
    while (line_ != "\\data\\");
    for (next_line("`ngram 1=...`"); line_.starts_with("ngram"); next_line("\\1-grams:")) {
      const size_t equals = line_.find('=');
      uint64_t order = 0;
      uint64_t count = 0;
      if (equals == std::string_view::npos || !parse_integer(line_.substr(5, equals - 5), order) ||
          !parse_integer(line_.substr(equals + 1), count)) {
        lines_.fail(fmt::format("expected `ngram N=COUNT`, found '{}'", shown(line_)));
      }
      if (order != counts_.size() + 1 || order > kMaxNgramOrder) {
        lines_.fail(fmt::format("ngram {} where ngram {} was expected (at most {})", order,
                                counts_.size() + 1, kMaxNgramOrder));
      }
      counts_.push_back(count);
    }
    if (counts_.empty()) lines_.fail("no `ngram N=COUNT` after \\data\\");
    levels_.resize(counts_.size());
  }

  static bool parse_integer(std::string_view text, uint64_t& value) {
    text = trimmed(text);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() && result.ptr == text.data() + text.size() && !text.empty();
  }

  double parse_log10(std::string_view text, const char* what) const {
    const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
    double value = 0.0;
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec != std::errc() || result.ptr != digits.data() + digits.size() ||
        !std::isfinite(value) || std::abs(value) > 1e6) {
      lines_.fail(fmt::format("'{}' is not a log10 {}", shown(text), what));
    }
    return value;
  }

  static std::string_view take_token(std::string_view& text) {
    text = trimmed(text);
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    const std::string_view token = text.substr(0, end);
    text.remove_prefix(end);
    return token;
  }

  void read_section(size_t order) {
    const std::string heading = fmt::format("\\{}-grams:", order);
    if (line_ != heading) {
      lines_.fail(fmt::format("expected {}, found '{}'", heading, shown(line_)));
    }
    FlatLevel& level = levels_[order - 1];
    level.order = order;
    for (next_line("\\end\\"); !line_.starts_with('\\'); next_line("\\end\\")) {
      if (level.count() == counts_[order - 1]) {
        lines_.fail(fmt::format("more {}-grams than the {} of the header", order, level.count()));
      }
      read_ngram(order, level);
    }
    if (level.count() != counts_[order - 1]) {
      lines_.fail(fmt::format("{} {}-grams, but the header says {}", level.count(), order,
                              counts_[order - 1]));
    }
  }

  void read_ngram(size_t order, FlatLevel& level) {
    std::string_view rest = line_;
    const double log_prob = parse_log10(take_token(rest), "probability");
    if (log_prob > kRoundingAboveOne) {
      lines_.fail(fmt::format("log10 probability {} is above 0", log_prob));
    }
    std::array<uint32_t, kMaxNgramOrder> ngram = {};
    for (size_t i = 0; i < order; ++i) {
      const std::string_view word = take_token(rest);
      if (word.empty()) lines_.fail(fmt::format("{} words, expected {}", i, order));
      ngram[i] = order == 1 ? add_word(word) : find_word(word);
    }
    const std::string_view backoff_text = take_token(rest);
    const double backoff =
        backoff_text.empty() ? 0.0 : parse_log10(backoff_text, "back-off weight");
    rest = trimmed(rest);
    if (!rest.empty()) {
      lines_.fail(
          fmt::format("'{}' after the back-off weight: expected {} words", shown(rest), order));
    }
    level.push({ngram.data(), order}, static_cast<float>(std::min(log_prob, 0.0) * kLn10),
               static_cast<float>(backoff * kLn10));
  }

  uint32_t add_word(std::string_view word) {
    const auto index = static_cast<uint32_t>(words_.size());
    if (!words_.emplace(word, index).second) {
      lines_.fail(fmt::format("1-gram '{}' is listed twice", shown(word)));
    }
    tables_.word_bytes.append(word);
    tables_.word_ends.push_back(static_cast<uint32_t>(tables_.word_bytes.size()));
    return index;
  }
  uint32_t find_word(std::string_view word) const {
    const auto found = words_.find(word);
    if (found == words_.end()) lines_.fail(fmt::format("'{}' is no 1-gram", shown(word)));
    return found->second;
  }

  std::string show_ngram(const uint32_t* ngram, size_t order) const {
    std::string text;
    for (size_t i = 0; i < order; ++i) {
      const uint32_t begin = ngram[i] == 0 ? 0 : tables_.word_ends[ngram[i] - 1];
      if (i > 0) text += ' ';
      text += tables_.word_bytes.substr(begin, tables_.word_ends[ngram[i]] - begin);
    }
    return text;
  }

  void sort_levels() {
    const auto num_words = static_cast<uint32_t>(words_.size());
    for (size_t k = levels_.size(); k > 1; --k) {
      FlatLevel& level = levels_[k - 1];
      level.sort(num_words);
      for (size_t i = 1; i < level.count(); ++i) {
        if (std::equal(level.at(i - 1), level.at(i), level.at(i))) {
          throw Error(ErrorCode::kModel, fmt::format("{}: {}-gram '{}' is listed twice", name_, k,
                                                     show_ngram(level.at(i), k)));
        }
      }
    }
    for (size_t k = levels_.size(); k > 2; --k) add_blanks(levels_[k - 1], levels_[k - 2]);
  }

  /// Adds to `shorter` the contexts and suffixes of `longer` that it lacks.
  void add_blanks(const FlatLevel& longer, FlatLevel& shorter) {
    FlatLevel missing;
    missing.order = shorter.order;
    const auto want = [&](const uint32_t* ngram) {
      if (!shorter.find(ngram)) missing.push({ngram, shorter.order}, kBlank, 0.0F);
    };
    for (size_t i = 0; i < longer.count(); ++i) {
      const uint32_t* ngram = longer.at(i);
      if (i == 0 || !std::equal(ngram, ngram + shorter.order, longer.at(i - 1))) want(ngram);
      want(ngram + 1);
    }
    const auto num_words = static_cast<uint32_t>(words_.size());
    missing.sort(num_words);
    for (size_t i = 0; i < missing.count(); ++i) {
      if (i > 0 && std::equal(missing.at(i - 1), missing.at(i), missing.at(i))) continue;
      shorter.push({missing.at(i), missing.order}, kBlank, 0.0F);
    }
    shorter.sort(num_words);
  }

  NgramTables make_tables(const ArpaOptions& options) {
    sort_levels();
    tables_.unigram_log_probs = std::move(levels_[0].log_probs);
    tables_.unigram_backoffs = levels_[0].backoffs;
    for (size_t k = 2; k <= levels_.size(); ++k) add_level(k, options);
    return std::move(tables_);
  }

  void add_level(size_t k, const ArpaOptions& options) {
    FlatLevel& flat = levels_[k - 1];
    const FlatLevel& shorter = levels_[k - 2];
    NgramLevel level;
    level.words.reserve(flat.count());
    if (k > 2) level.suffixes.reserve(flat.count());
    level.begins.assign(shorter.backoffs.size() + 1, 0);
    uint32_t context = 0;
    for (size_t i = 0; i < flat.count(); ++i) {
      const uint32_t* ngram = flat.at(i);
      const uint32_t word = ngram[k - 1];
      uint32_t suffix = word;
      if (k == 2) {
        context = ngram[0];
      } else {
        if (i == 0 || !std::equal(ngram, ngram + k - 1, flat.at(i - 1))) {
          context = shorter.find(ngram).value();
        }
        suffix = shorter.find(ngram + 1).value();
      }
      if (std::isnan(flat.log_probs[i])) {
        const float lower = k == 2 ? tables_.unigram_log_probs[suffix] : shorter.log_probs[suffix];
        flat.log_probs[i] = shorter.backoffs[context] + lower;
      }
      level.words.push_back(word);
      if (k > 2) level.suffixes.push_back(suffix);
      ++level.begins[context + 1];
    }
    std::partial_sum(level.begins.begin(), level.begins.end(), level.begins.begin());
    level.codebook = make_codebook(flat.log_probs, options.codebook_size);
    level.probs.reserve(flat.count());
    for (const float log_prob : flat.log_probs) {
      level.probs.push_back(nearest_code(level.codebook, log_prob));
    }
    if (k < levels_.size()) level.backoffs = flat.backoffs;
    tables_.levels.push_back(std::move(level));
  }

  TextLines lines_;
  std::string name_;
  std::string_view line_;
  std::vector<uint64_t> counts_;
  std::vector<FlatLevel> levels_;
  std::unordered_map<std::string, uint32_t, WordHash, std::equal_to<>> words_;
  NgramTables tables_;
};

}  // namespace

NgramTables read_arpa(std::span<const std::byte> bytes, std::string_view name,
                      const ArpaOptions& options) {
  BIVOX_CHECK(options.codebook_size >= 1 && options.codebook_size <= kMaxCodebookSize);
  return ArpaReader(bytes, name).read(options);
}

std::shared_ptr<const NgramModel> parse_arpa(std::span<const std::byte> bytes,
                                             std::string_view name, const ArpaOptions& options) {
  return build_ngram_model(read_arpa(bytes, name, options), name);
}

}  // namespace bivox
