// bivox transcribe --adapt: a short recording keeps the words of the first pass, a speaker with
// more to say is heard again.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

const fs::path kAudio = fs::path(BIVOX_TEST_DATA) / "audio";
const fs::path kModel =
    fs::path(BIVOX_TEST_DATA).parent_path().parent_path() / "models" / "pretrained" / "gmm-en";

ProgramRun transcribe(const std::string& options) {
  return run_bivox("transcribe -q --format json --model '" + kModel.string() + "' " + options);
}

TEST(Adapt, KeepsTheFirstPassOfAShortRecording) {
  const std::string clip = "'" + (kAudio / "commonvoice-common_voice_en_47.flac").string() + "'";
  const ProgramRun plain = transcribe(clip);
  const ProgramRun adapted = transcribe("--adapt " + clip);
  ASSERT_EQ(plain.code, 0) << plain.err;
  ASSERT_EQ(adapted.code, 0) << adapted.err;
  EXPECT_NE(plain.out.find("despite the fact"), std::string::npos) << plain.out;
  EXPECT_EQ(adapted.out, plain.out);
}

TEST(Adapt, HearsASpeakerOfSeveralRecordingsAgain) {
  const ScratchFolder scratch;
  std::string manifest = "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n";
  for (const char* id : {"a", "b", "c"}) {
    manifest += std::string(id) + "\t" + (kAudio / "ljspeech-LJ001-0147.opus").string() +
                "\tall\tlj\tf\t5.99\tthe\n";
  }
  const std::string path = scratch.write("manifest.tsv", manifest);
  const ProgramRun plain = transcribe("--manifest " + path);
  const ProgramRun adapted = transcribe("--adapt --manifest " + path);
  ASSERT_EQ(plain.code, 0) << plain.err;
  ASSERT_EQ(adapted.code, 0) << adapted.err;
  EXPECT_NE(adapted.out, plain.out);
  EXPECT_NE(adapted.out.find("satisfactory"), std::string::npos) << adapted.out;
}

}  // namespace
}  // namespace bivox
