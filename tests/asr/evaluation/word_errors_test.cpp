#include "asr/evaluation/word_errors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <sstream>

#include "asr/evaluation/utterance_texts.h"

namespace bivox {
namespace {

constexpr const char* kSclite = "/usr/lib/sctk/bin/sclite";
const std::filesystem::path kData = std::filesystem::path(BIVOX_TEST_DATA) / "scoring";

// Lines `id: (x)` and `Scores: (#C #S #D #I) c s d i` of an sclite report, by id.
std::map<std::string, ErrorCounts> read_sclite(std::istream& in) {
  std::map<std::string, ErrorCounts> counts;
  std::string id;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "id:") {
      words >> id;
      id = id.substr(1, id.size() - 2);
    } else if (key == "Scores:") {
      std::string skip;
      int64_t correct = 0;
      ErrorCounts utterance;
      words >> skip >> skip >> skip >> skip >> correct >> utterance.substitutions >>
          utterance.deletions >> utterance.insertions;
      utterance.reference = correct + utterance.substitutions + utterance.deletions;
      counts[id] = utterance;
    }
  }
  return counts;
}

std::map<std::string, ErrorCounts> count_all(const std::filesystem::path& folder,
                                             ErrorCounts (*count)(std::string_view,
                                                                  std::string_view)) {
  const auto references = read_utterance_texts(folder / "ref.trn");
  const auto hypotheses = read_utterance_texts(folder / "hyp.trn");
  std::map<std::string, ErrorCounts> counts;
  for (size_t i = 0; i < references.size(); ++i) {
    EXPECT_EQ(references[i].id, hypotheses[i].id);
    counts[references[i].id] = count(references[i].text, hypotheses[i].text);
  }
  return counts;
}

void expect_equal(const std::map<std::string, ErrorCounts>& ours,
                  const std::map<std::string, ErrorCounts>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& [id, counts] : theirs) {
    ASSERT_TRUE(ours.contains(id)) << id;
    EXPECT_EQ(ours.at(id).reference, counts.reference) << id;
    EXPECT_EQ(ours.at(id).insertions, counts.insertions) << id;
    EXPECT_EQ(ours.at(id).deletions, counts.deletions) << id;
    EXPECT_EQ(ours.at(id).substitutions, counts.substitutions) << id;
  }
}

TEST(WordErrors, WordCountsEqualTheGoldenReportOfSclite) {
  std::ifstream golden(kData / "sclite_words.txt");
  expect_equal(count_all(kData, count_word_errors), read_sclite(golden));
}

TEST(WordErrors, CharacterCountsEqualTheGoldenReportOfSclite) {
  std::ifstream golden(kData / "sclite_characters.txt");
  expect_equal(count_all(kData, count_character_errors), read_sclite(golden));
}

// Fresh pairs, so that the golden file is not the only case that was looked at.
TEST(WordErrors, CountsEqualAnInstalledSclite) {
  if (!std::filesystem::exists(kSclite)) GTEST_SKIP() << "sctk is not installed";
  const auto folder =
      std::filesystem::temp_directory_path() / ("bivox_sclite_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  {
    std::ofstream reference(folder / "ref.trn");
    std::ofstream hypothesis(folder / "hyp.trn");
    std::mt19937 generator(17);
    for (int utterance = 0; utterance < 200; ++utterance) {
      const auto write_words = [&](std::ostream& out) {
        for (auto count = generator() % 12 + 1; count > 0; --count) {
          out << static_cast<char>('a' + generator() % 4) << ' ';
        }
        out << "(s-" << utterance << ")\n";
      };
      write_words(reference);
      write_words(hypothesis);
    }
  }
  const std::string command = std::string(kSclite) + " -s -r " + (folder / "ref.trn").string() +
                              " trn -h " + (folder / "hyp.trn").string() +
                              " trn -i spu_id -o pralign stdout";
  std::string report;
  {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> block{};
    while (const size_t count = std::fread(block.data(), 1, block.size(), pipe.get())) {
      report.append(block.data(), count);
    }
  }
  std::istringstream lines(report);
  expect_equal(count_all(folder, count_word_errors), read_sclite(lines));
  std::filesystem::remove_all(folder);
}

TEST(WordErrors, SubstitutionCostsLessThanInsertionAndDeletion) {
  const ErrorCounts counts = count_word_errors("a b", "b c");
  EXPECT_EQ(counts, (ErrorCounts{2, 1, 1, 0}));
}

TEST(WordErrors, EmptyHypothesisIsAllDeletions) {
  EXPECT_EQ(count_word_errors("one two three", ""), (ErrorCounts{3, 0, 3, 0}));
  EXPECT_EQ(count_word_errors("", "one"), (ErrorCounts{0, 1, 0, 0}));
  EXPECT_DOUBLE_EQ(count_word_errors("", "one").rate(), 1.0);
  EXPECT_DOUBLE_EQ(count_word_errors("", "").rate(), 0.0);
}

TEST(WordErrors, AlignmentNamesEveryWordOnce) {
  const auto reference = split_words("the cat sat on the mat");
  const auto hypothesis = split_words("cat sat in the the mat");
  int next_reference = 0;
  int next_hypothesis = 0;
  for (const AlignedPair& pair : align_words(reference, hypothesis)) {
    if (pair.reference >= 0) {
      EXPECT_EQ(pair.reference, next_reference++);
    }
    if (pair.hypothesis >= 0) {
      EXPECT_EQ(pair.hypothesis, next_hypothesis++);
    }
  }
  EXPECT_EQ(next_reference, 6);
  EXPECT_EQ(next_hypothesis, 6);
}

TEST(WordErrors, CharactersAreCodePoints) {
  EXPECT_EQ(count_character_errors("na\xC3\xAFve", "naive"), (ErrorCounts{5, 0, 0, 1}));
}

TEST(WordErrors, LongTextsCountTheSameCharactersWhereWordsAgree) {
  std::string reference;
  for (int i = 0; i < 4000; ++i) reference += "word" + std::to_string(i) + " ";
  const ErrorCounts counts = count_character_errors(reference, reference + "tail");
  EXPECT_EQ(counts.insertions, 4);
  EXPECT_EQ(counts.errors(), 4);
}

}  // namespace
}  // namespace bivox
