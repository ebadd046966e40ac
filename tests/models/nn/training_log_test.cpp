#include "models/nn/training_log.h"

#include <gtest/gtest.h>

#include <array>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

TEST(TrainingLog, WritesATableThatGivesTheNumbersBack) {
  const TempFolder folder;
  TrainingLog log(folder / "log.tsv", {"step", "loss"});
  log.append(std::array{1.0, 0.1});
  log.append(std::array{2.0, 1.0 / 3.0});
  log.position();
  EXPECT_EQ(read_file(folder / "log.tsv"), "step\tloss\n1\t0.1\n2\t0.3333333333333333\n");
}

TEST(TrainingLog, CutsWhatCameAfterTheCheckpoint) {
  const TempFolder folder;
  int64_t position = 0;
  {
    TrainingLog log(folder / "log.tsv", {"step"});
    log.append(std::array{1.0});
    position = log.position();
    log.append(std::array{2.0});
  }
  {
    TrainingLog log(folder / "log.tsv", {"step"}, position);
    log.append(std::array{20.0});
    EXPECT_EQ(log.position(), position + 3);
  }
  EXPECT_EQ(read_file(folder / "log.tsv"), "step\n1\n20\n");
  // A table that was cut by someone else starts anew.
  folder.write("log.tsv", "st");
  TrainingLog log(folder / "log.tsv", {"step"}, position);
  log.position();
  EXPECT_EQ(read_file(folder / "log.tsv"), "step\n");
}

TEST(TrainingLog, NamesTheFileThatCannotBeWritten) {
  const TempFolder folder;
  try {
    const TrainingLog log(folder / "absent/log.tsv", {"step"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kRuntime);
    EXPECT_NE(error.message().find("absent/log.tsv"), std::string::npos);
  }
}

}  // namespace
}  // namespace bivox
