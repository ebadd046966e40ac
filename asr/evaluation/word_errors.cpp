#include "asr/evaluation/word_errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr int kInsertionCost = 3;
constexpr int kDeletionCost = 3;
constexpr int kSubstitutionCost = 4;
constexpr size_t kMaxCells = 1'000'000'000;
constexpr size_t kLongText = 20'000;

enum Move : uint8_t { kPair, kInsert, kDelete };

std::vector<std::string_view> code_points(std::string_view text) {
  std::vector<std::string_view> points;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    const std::string_view point = text.substr(i, end - i);
    if (point != " " && point != "\t" && point != "\n" && point != "\r") points.push_back(point);
    i = end;
  }
  return points;
}

ErrorCounts character_errors_of_stretch(std::string_view reference, std::string_view hypothesis) {
  return count_errors(align_words(code_points(reference), code_points(hypothesis)));
}

}  // namespace

double ErrorCounts::rate() const {
  if (reference > 0) return static_cast<double>(errors()) / static_cast<double>(reference);
  return errors() > 0 ? 1.0 : 0.0;
}

ErrorCounts& ErrorCounts::operator+=(const ErrorCounts& other) {
  reference += other.reference;
  insertions += other.insertions;
  deletions += other.deletions;
  substitutions += other.substitutions;
  return *this;
}

std::vector<AlignedPair> align_words(std::span<const std::string_view> reference,
                                     std::span<const std::string_view> hypothesis) {
  const size_t rows = reference.size() + 1;
  const size_t columns = hypothesis.size() + 1;
  if (columns > kMaxCells / rows) {
    throw Error(ErrorCode::kInput,
                fmt::format("texts of {} and {} words are too long to align", reference.size(),
                            hypothesis.size()),
                "split them into utterances");
  }
  std::vector<Move> moves(rows * columns);
  std::vector<int> above(columns);
  std::vector<int> here(columns);
  for (size_t j = 1; j < columns; ++j) {
    above[j] = above[j - 1] + kInsertionCost;
    moves[j] = kInsert;
  }
  for (size_t i = 1; i < rows; ++i) {
    here[0] = above[0] + kDeletionCost;
    Move* row = &moves[i * columns];
    row[0] = kDelete;
    for (size_t j = 1; j < columns; ++j) {
      const bool equal = reference[i - 1] == hypothesis[j - 1];
      const int pair = above[j - 1] + (equal ? 0 : kSubstitutionCost);
      const int deletion = above[j] + kDeletionCost;
      const int insertion = here[j - 1] + kInsertionCost;
      if (pair <= deletion && pair <= insertion) {
        here[j] = pair;
        row[j] = kPair;
      } else if (deletion < insertion) {
        here[j] = deletion;
        row[j] = kDelete;
      } else {
        here[j] = insertion;
        row[j] = kInsert;
      }
    }
    std::swap(above, here);
  }

  std::vector<AlignedPair> alignment;
  size_t i = rows - 1;
  size_t j = columns - 1;
  while (i > 0 || j > 0) {
    const Move move = moves[i * columns + j];
    AlignedPair pair;
    if (move != kInsert) pair.reference = static_cast<int>(--i);
    if (move != kDelete) pair.hypothesis = static_cast<int>(--j);
    pair.correct = move == kPair && reference[i] == hypothesis[j];
    alignment.push_back(pair);
  }
  std::reverse(alignment.begin(), alignment.end());
  return alignment;
}

ErrorCounts count_errors(std::span<const AlignedPair> alignment) {
  ErrorCounts counts;
  for (const AlignedPair& pair : alignment) {
    if (pair.reference >= 0) ++counts.reference;
    if (pair.reference < 0) {
      ++counts.insertions;
    } else if (pair.hypothesis < 0) {
      ++counts.deletions;
    } else if (!pair.correct) {
      ++counts.substitutions;
    }
  }
  return counts;
}

ErrorCounts count_word_errors(std::string_view reference, std::string_view hypothesis) {
  return count_errors(align_words(split_words(reference), split_words(hypothesis)));
}

ErrorCounts count_character_errors(std::string_view reference, std::string_view hypothesis) {
  if (std::max(reference.size(), hypothesis.size()) <= kLongText) {
    return character_errors_of_stretch(reference, hypothesis);
  }
  const std::vector<std::string_view> reference_words = split_words(reference);
  const std::vector<std::string_view> hypothesis_words = split_words(hypothesis);
  ErrorCounts counts;
  std::string reference_stretch;
  std::string hypothesis_stretch;
  const auto close_stretch = [&] {
    counts += character_errors_of_stretch(reference_stretch, hypothesis_stretch);
    reference_stretch.clear();
    hypothesis_stretch.clear();
  };
  for (const AlignedPair& pair : align_words(reference_words, hypothesis_words)) {
    if (pair.correct) {
      close_stretch();
      counts.reference += static_cast<int64_t>(
          code_points(reference_words[static_cast<size_t>(pair.reference)]).size());
      continue;
    }
    if (pair.reference >= 0)
      reference_stretch += reference_words[static_cast<size_t>(pair.reference)];
    if (pair.hypothesis >= 0) {
      hypothesis_stretch += hypothesis_words[static_cast<size_t>(pair.hypothesis)];
    }
  }
  close_stretch();
  return counts;
}

std::vector<std::string_view> split_words(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  std::vector<std::string_view> words;
  size_t begin = text.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kBlanks, end);
  }
  return words;
}

}  // namespace bivox
