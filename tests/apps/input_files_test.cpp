#include "apps/input_files.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

class InputFiles : public testing::Test {
 protected:
  InputFiles() {
    std::filesystem::create_directories(scratch_.path() / "b");
    std::filesystem::create_directories(scratch_.path() / "none");
    for (const char* name : {"b/two.FLAC", "one.wav", "notes.txt"}) scratch_.write(name, "x");
  }
  std::vector<InputFile> expand(const std::string& argument) const {
    const std::vector<std::string> arguments = {argument};
    return expand_inputs(arguments);
  }

  ScratchFolder scratch_;
};

TEST_F(InputFiles, FoldersGiveTheirAudioInOrder) {
  const auto inputs = expand(scratch_.path().string());
  ASSERT_EQ(inputs.size(), 2U);
  EXPECT_EQ(inputs[0].relative, "b/two.FLAC");
  EXPECT_EQ(inputs[1].relative, "one.wav");
}

TEST_F(InputFiles, PatternsAreExpanded) {
  EXPECT_EQ(expand(scratch_.path().string() + "/*.wav").size(), 1U);
  EXPECT_THROW(expand(scratch_.path().string() + "/*.mp3"), Error);
}

TEST_F(InputFiles, EmptyFoldersAreErrorsAndMissingFilesStay) {
  EXPECT_THROW(expand((scratch_.path() / "none").string()), Error);
  EXPECT_EQ(expand((scratch_.path() / "gone.wav").string()).size(), 1U);
  EXPECT_EQ(expand("-")[0].path, "-");
}

TEST_F(InputFiles, OutputsKeepSubfoldersAndNeverMeet) {
  const auto out = scratch_.path() / "out";
  const auto paths = output_paths(expand(scratch_.path().string()), out, ".srt");
  EXPECT_EQ(paths[0], out / "b/two.srt");
  EXPECT_TRUE(std::filesystem::is_directory(out / "b"));
  const std::vector<InputFile> same = {{"a/x.wav", "x.wav"}, {"b/x.flac", "x.flac"}};
  EXPECT_THROW(output_paths(same, out, ".srt"), Error);
}

}  // namespace
}  // namespace bivox
