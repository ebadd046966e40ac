#include <gtest/gtest.h>

#include "tests/apps/recordings_folder.h"
#include "tests/apps/run_bivox.h"
#include "tests/apps/untrained_aligner.h"
#include "tts/prosody/acoustic_model.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

TEST(TrainVoice, WritesAVoiceAndGoesOnAfterBeingKilled) {
  const ScratchFolder scratch;
  const fs::path aligner = scratch.path() / "aligner";
  const fs::path data = scratch.path() / "data";
  write_untrained_aligner(aligner);
  write_recordings(data);
  const auto command = [&](const fs::path& output) {
    return "train voice " + quoted(data) + " --gmm " + quoted(aligner) + " -o " + quoted(output) +
           " --epochs 12 --channels 16 --encoder-channels 16 --blocks 1 --batch 8 --threads 1";
  };
  const fs::path voice = scratch.path() / "voice";
  const ProgramRun run = run_bivox(command(voice));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.err.find("epoch 12/12"), std::string::npos) << run.err;
  EXPECT_EQ(VoiceAcoustics::load(voice)->speakers().size(), 1U);
  EXPECT_TRUE(fs::exists(voice / "card.md"));
  EXPECT_TRUE(fs::exists(scratch.path() / "voice.run/epochs.tsv"));
  EXPECT_NE(content_of(scratch.path() / "voice.run/times.txt").find("kathleen"), std::string::npos);

  // Killed after the first epoch has been written.
  const fs::path other = scratch.path() / "other";
  const std::string kill = "{ '" BIVOX_PROGRAM "' " + command(other) +
                           " -q & pid=$!; while [ ! -e " + quoted(other / "config.json") +
                           " ]; do sleep 0.02; done; kill -9 $pid; wait $pid; } 2> /dev/null";
  EXPECT_NE(std::system(kill.c_str()), 0);
  ASSERT_EQ(run_bivox(command(other)).code, 0);
  for (const char* file : {"encoder.safetensors", "pitch.safetensors", "decoder.safetensors"}) {
    EXPECT_EQ(content_of(other / file), content_of(voice / file)) << file;
  }
}

TEST(TrainVoice, SaysWhatIsWrong) {
  const ScratchFolder scratch;
  const fs::path data = scratch.path() / "data";
  write_recordings(data);
  EXPECT_EQ(run_bivox("train voice /nowhere -o " + scratch.quoted("voice")).code, 3);
  EXPECT_EQ(
      run_bivox("train voice " + quoted(data) + " --gmm /nowhere -o " + scratch.quoted("voice"))
          .code,
      4);
  EXPECT_EQ(
      run_bivox("train voice " + quoted(data) + " --vocoder /nowhere -o " + scratch.quoted("voice"))
          .code,
      4);
}

}  // namespace
}  // namespace bivox
