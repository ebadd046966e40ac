#include "apps/training_data.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

constexpr const char* kManifest =
    "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n"
    "u1\ttrain/u1.wav\ttrain\tann\tf\t1.0\tone two\n"
    "u2\tdev/u2.wav\tdev\tbob\tm\t1.0\tthree\n";

class TrainingData : public testing::Test {
 protected:
  std::vector<UtteranceText> read(const std::vector<std::string>& names) const {
    std::vector<std::string> sources;
    for (const std::string& name : names) sources.push_back((scratch_.path() / name).string());
    return read_training_data(sources);
  }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((scratch_.path() / name).parent_path());
    scratch_.write(name, text);
  }

  ScratchFolder scratch_;
};

TEST_F(TrainingData, ReadsManifestsAndTheirFolders) {
  write("a/manifest.tsv", kManifest);
  EXPECT_EQ(read({"a"}).size(), 2U);
  EXPECT_EQ(read({"a/manifest.tsv"}).size(), 2U);
  const auto train = read({"a/:train"});
  ASSERT_EQ(train.size(), 1U);
  EXPECT_EQ(train[0].id, "u1");
  EXPECT_EQ(train[0].speaker, "ann");
  EXPECT_EQ(train[0].audio, scratch_.path() / "a/train/u1.wav");
  EXPECT_THROW(read({"a:test"}), Error);
  EXPECT_THROW(read({"b"}), Error);
}

TEST_F(TrainingData, KeepsSourcesApart) {
  write("a/manifest.tsv", kManifest);
  write("b/manifest.tsv", kManifest);
  write("c/a/manifest.tsv", kManifest);
  const auto two = read({"a:train", "b"});
  ASSERT_EQ(two.size(), 3U);
  EXPECT_EQ(two[0].id, "a/u1");
  EXPECT_EQ(two[2].id, "b/u2");
  EXPECT_EQ(two[1].speaker, "b/ann");
  // Splits of one manifest are one source: its speakers are the same people.
  const auto splits = read({"a:train", "a:dev"});
  ASSERT_EQ(splits.size(), 2U);
  EXPECT_EQ(splits[1].id, "u2");
  EXPECT_THROW(read({"a:train", "a"}), Error);
  const auto same_name = read({"a:train", "c/a:train"});
  EXPECT_NE(same_name[0].id, same_name[1].id);
}

TEST_F(TrainingData, ReadsFoldersOfRecordingsWithTexts) {
  write("f/ann/one.wav", "x");
  write("f/ann/one.txt", "hello\nworld\n");
  write("f/bob/7/two.flac", "x");
  write("f/bob/7/8.trans.txt", "two GOOD DAY\nthree NO AUDIO\n");
  write("f/silent.wav", "x");
  const auto utterances = read({"f"});
  ASSERT_EQ(utterances.size(), 3U);
  EXPECT_EQ(utterances[0].id, "ann/one");
  EXPECT_EQ(utterances[0].text, "hello world");
  EXPECT_EQ(utterances[0].speaker, "ann");
  EXPECT_EQ(utterances[1].text, "GOOD DAY");
  EXPECT_EQ(utterances[1].speaker, "bob");
  EXPECT_EQ(utterances[2].text, "");
  EXPECT_EQ(utterances[2].speaker, "");
  EXPECT_THROW(read({"f:train"}), Error);
  write("g/one.wav", "x");
  EXPECT_THROW(read({"g"}), Error);
}

TEST_F(TrainingData, ReadsListsWithRecordingsBesideThem) {
  write("l/u1.wav", "x");
  write("l/u2.ogg", "x");
  write("l/list.tsv", "u1\tone two\nu2\tthree\n");
  const auto utterances = read({"l/list.tsv"});
  ASSERT_EQ(utterances.size(), 2U);
  EXPECT_EQ(utterances[1].audio, scratch_.path() / "l/u2.ogg");
  write("l/list.tsv", "u1\tone two\nu9\tthree\n");
  EXPECT_THROW(read({"l/list.tsv"}), Error);
}

}  // namespace
}  // namespace bivox
