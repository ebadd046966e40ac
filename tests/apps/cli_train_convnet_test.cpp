#include <gtest/gtest.h>

#include "apps/acoustic_models.h"
#include "dsp/core/error.h"
#include "models/io/model_folder.h"
#include "tests/apps/recordings_folder.h"
#include "tests/apps/run_bivox.h"
#include "tests/apps/untrained_aligner.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

constexpr const char* kSmall =
    " --width 8 --blocks 1 --kernel 3 --states 90 --epochs 1 --renderings 2 --batch 10 --threads "
    "2 ";

TEST(TrainConvNet, WritesAModelThatLoadsAndCanBeTrainedFurther) {
  const ScratchFolder folder;
  const fs::path aligner = folder.path() / "aligner";
  const fs::path data = folder.path() / "data";
  const fs::path model = folder.path() / "model";
  write_untrained_aligner(aligner);
  write_recordings(data);
  const std::string command = "train convnet " + quoted(data) + " --gmm " + quoted(aligner) +
                              " --size streaming -o " + quoted(model) + kSmall;
  const ProgramRun run = run_bivox(command);
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.err.find("frames right"), std::string::npos) << run.err;

  const auto loaded = load_acoustic_model(model);
  EXPECT_DOUBLE_EQ(loaded->frame_shift_s(), 0.03);
  EXPECT_LE(loaded->hmms().num_states(), 90);
  EXPECT_EQ(loaded->front_end().cmvn.kind, CmvnKind::kSliding);
  EXPECT_EQ(loaded->front_end().cmvn.prior_mean.size(), 80U);
  EXPECT_TRUE(fs::exists(model / "card.md"));
  EXPECT_TRUE(fs::exists(folder.path() / "model.run/epochs.tsv"));

  // The run is done: the same command ends with the same weights, of kept alignments.
  const std::string weights = content_of(model / "weights.safetensors");
  const std::string alignments = content_of(folder.path() / "model.run/alignments.txt");
  EXPECT_NE(alignments.find("kathleen"), std::string::npos);
  ASSERT_EQ(run_bivox(command).code, 0);
  EXPECT_EQ(content_of(model / "weights.safetensors"), weights);

  const fs::path tuned = folder.path() / "tuned";
  const ProgramRun fine = run_bivox("train convnet " + quoted(data) + " --init " + quoted(model) +
                                    " -o " + quoted(tuned) + kSmall);
  ASSERT_EQ(fine.code, 0) << fine.err;
  EXPECT_EQ(load_acoustic_model(tuned)->hmms().num_states(), loaded->hmms().num_states());
  EXPECT_NE(content_of(tuned / "weights.safetensors"), weights);
}

TEST(TrainConvNet, ABaseModelBecomesOneThatStreamsAndLearnsSequences) {
  const ScratchFolder folder;
  const fs::path aligner = folder.path() / "aligner";
  const fs::path data = folder.path() / "data";
  const fs::path base = folder.path() / "base";
  const fs::path streaming = folder.path() / "streaming";
  write_untrained_aligner(aligner);
  write_recordings(data);
  const std::string train = "train convnet " + quoted(data) + " --gmm " + quoted(aligner) + kSmall;
  ASSERT_EQ(run_bivox(train + " -o " + quoted(base)).code, 0);
  const std::string further = train + " --init " + quoted(base) +
                              " --size streaming --objective sequence -o " + quoted(streaming);
  const ProgramRun run = run_bivox(further);
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.err.find("of sequences"), std::string::npos) << run.err;
  const auto loaded = load_acoustic_model(streaming);
  EXPECT_EQ(loaded->front_end().cmvn.kind, CmvnKind::kSliding);
  EXPECT_EQ(loaded->hmms().num_states(), load_acoustic_model(base)->hmms().num_states());

  std::string wider = further + " --run-dir " + quoted(folder.path() / "other");
  wider.replace(wider.find("--width 8"), 9, "--width 16");
  const ProgramRun other = run_bivox(wider);
  EXPECT_EQ(other.code, 2) << other.err;
  EXPECT_NE(other.err.find("its network is not one of"), std::string::npos) << other.err;
}

TEST(TrainConvNet, SaysWhatIsMissing) {
  const ScratchFolder folder;
  const fs::path data = folder.path() / "data";
  write_recordings(data);
  const ProgramRun no_aligner =
      run_bivox("train convnet " + quoted(data) + " -o " + quoted(folder.path() / "model"));
  EXPECT_EQ(no_aligner.code, 2);
  EXPECT_NE(no_aligner.err.find("no model to align the texts with"), std::string::npos);
  const ProgramRun no_model = run_bivox("train convnet " + quoted(data) + " --gmm /nowhere -o " +
                                        quoted(folder.path() / "model"));
  EXPECT_EQ(no_model.code, 4) << no_model.err;
}

TEST(AcousticModels, RefusesOtherKinds) {
  const ScratchFolder folder;
  ModelFolderWriter writer(folder.path() / "words", "commands", "words");
  writer.set_card("# Words\n");
  writer.commit();
  EXPECT_THROW(load_acoustic_model(folder.path() / "words"), Error);
  EXPECT_FALSE(is_acoustic_model(folder.path() / "words"));
  EXPECT_FALSE(is_acoustic_model(folder.path()));
}

}  // namespace
}  // namespace bivox
