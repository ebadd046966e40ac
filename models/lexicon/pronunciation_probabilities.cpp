#include "models/lexicon/pronunciation_probabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {

std::vector<PronunciationProbability> pronunciation_probabilities(
    const Lexicon& lexicon, const std::vector<std::vector<double>>& counts) {
  BIVOX_CHECK(static_cast<int>(counts.size()) == lexicon.num_words());
  std::vector<PronunciationProbability> out;
  for (WordIndex w = 0; w < lexicon.num_words(); ++w) {
    const std::vector<double>& of_word = counts[static_cast<size_t>(w)];
    if (of_word.size() < 2) continue;
    BIVOX_CHECK(static_cast<int>(of_word.size()) == lexicon.num_pronunciations(w));
    const double most = *std::ranges::max_element(of_word);
    if (most <= 0.0) continue;
    for (size_t i = 0; i < of_word.size(); ++i) {
      const std::span<const PhoneId> phones = lexicon.pronunciation(w, static_cast<int>(i));
      out.push_back({lexicon.word(w),
                     {phones.begin(), phones.end()},
                     static_cast<float>(std::log((of_word[i] + 1.0) / (most + 1.0)))});
    }
  }
  return out;
}

int set_pronunciation_probabilities(const std::vector<PronunciationProbability>& probabilities,
                                    Lexicon& lexicon) {
  int known = 0;
  for (const PronunciationProbability& p : probabilities) {
    const std::optional<WordIndex> word = lexicon.find(p.word);
    if (!word) continue;
    for (int i = 0; i < lexicon.num_pronunciations(*word); ++i) {
      if (std::ranges::equal(lexicon.pronunciation(*word, i), p.phones)) {
        lexicon.set_log_prob(*word, i, p.log_prob);
        ++known;
      }
    }
  }
  return known;
}

void save_pronunciation_probabilities(const std::filesystem::path& path, const PhoneSet& phones,
                                      const std::vector<PronunciationProbability>& probabilities) {
  AtomicFile file(path);
  for (const PronunciationProbability& p : probabilities) {
    file.stream() << p.word << '\t' << fmt::format("{:.4f}", p.log_prob) << '\t';
    for (size_t i = 0; i < p.phones.size(); ++i) {
      file.stream() << (i == 0 ? "" : " ") << phones.name(p.phones[i]);
    }
    file.stream() << '\n';
  }
  file.commit();
}

std::vector<PronunciationProbability> load_pronunciation_probabilities(
    const std::filesystem::path& path, const PhoneSet& phones) {
  std::istringstream in(read_file(path, ErrorCode::kModel));
  std::vector<PronunciationProbability> out;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto fail = [&](const std::string& what) {
      throw Error(ErrorCode::kModel, fmt::format("{}:{}: {}", path.string(), number, what),
                  "a line is `word TAB log probability TAB phones`");
    };
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (first == 0 || second == std::string::npos) fail("not three fields");
    PronunciationProbability p;
    p.word = line.substr(0, first);
    const char* begin = line.data() + first + 1;
    const char* end = line.data() + second;
    const auto [stop, error] = std::from_chars(begin, end, p.log_prob);
    if (error != std::errc{} || stop != end || !(p.log_prob <= 0.0F) ||
        !std::isfinite(p.log_prob)) {
      fail(fmt::format("'{}' is no log probability", std::string(begin, end)));
    }
    std::istringstream names(line.substr(second + 1));
    for (std::string name; names >> name;) {
      const std::optional<PhoneId> phone = phones.find(name);
      if (!phone) fail(fmt::format("phone '{}' is not in the phone set", name));
      p.phones.push_back(*phone);
    }
    if (p.phones.empty()) fail("no phones");
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace bivox
