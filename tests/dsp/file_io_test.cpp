#include "dsp/core/file_io.h"

#include <gtest/gtest.h>

#include <cstring>

#include "dsp/core/check.h"
#include "tests/dsp/log_capture.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

std::string slurp(const std::filesystem::path& path) { return read_file(path); }

TEST(ReadFile, GivesEveryByte) {
  const TempFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  EXPECT_EQ(read_file(folder.write("x", bytes)), bytes);
  EXPECT_EQ(read_file(folder.write("empty", "")), "");
}

TEST(ReadFile, ReadsFilesThatStateNoSize) {
  // /proc files say 0 bytes and hold more.
  if (!std::filesystem::exists("/proc/self/status")) GTEST_SKIP();
  EXPECT_FALSE(read_file("/proc/self/status").empty());
}

TEST(ReadFile, NamesPathAndReason) {
  const TempFolder folder;
  try {
    read_file(folder / "missing", ErrorCode::kModel);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_NE(error.message().find((folder / "missing").string()), std::string::npos);
    EXPECT_NE(error.message().find("No such file"), std::string::npos);
  }
  EXPECT_THROW(read_file(folder.path()), Error);
}

TEST(MappedFile, ShowsTheBytesAndMoves) {
  const TempFolder folder;
  const std::string bytes = "some bytes";
  MappedFile first(folder.write("x", bytes));
  MappedFile second(std::move(first));
  ASSERT_EQ(second.bytes().size(), bytes.size());
  EXPECT_EQ(std::memcmp(second.bytes().data(), bytes.data(), bytes.size()), 0);
  MappedFile third;
  third = std::move(second);
  EXPECT_EQ(third.bytes().size(), bytes.size());
  EXPECT_TRUE(MappedFile(folder.write("empty", "")).bytes().empty());
  EXPECT_THROW(MappedFile(folder / "missing"), Error);
  EXPECT_THROW(MappedFile(folder.path()), Error);
}

TEST(AtomicFile, AppearsOnlyOnCommit) {
  const TempFolder folder;
  const auto target = folder.write("result.txt", "old");
  {
    AtomicFile file(target);
    file.stream() << "half";
  }
  EXPECT_EQ(slurp(target), "old");
  {
    AtomicFile file(target);
    file.stream() << "new";
    EXPECT_EQ(slurp(target), "old");
    file.commit();
  }
  EXPECT_EQ(slurp(target), "new");
  // No temporary file is left.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(AtomicFile, RefusesAMissingFolder) {
  const TempFolder folder;
  EXPECT_THROW(AtomicFile(folder / "none/result.txt"), Error);
}

TEST(Error, JoinsMessageAndHint) {
  EXPECT_STREQ(Error(ErrorCode::kInput, "found x", "do y").what(), "found x; do y");
  EXPECT_STREQ(Error(ErrorCode::kInput, "found x").what(), "found x");
  EXPECT_EQ(static_cast<int>(ErrorCode::kModel), 4);
}

TEST(Check, ThrowsLogicErrorWithThePlace) {
  try {
    BIVOX_CHECK(1 == 2);
    FAIL() << "no error";
  } catch (const std::logic_error& error) {
    EXPECT_NE(std::string(error.what()).find("file_io_test.cpp"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("1 == 2"), std::string::npos);
  }
}

TEST(Log, IsSilentWithoutACallbackAndReachesTheOneSet) {
  log_message(LogLevel::kWarning, "nobody hears");
  LogCapture log;
  log_message(LogLevel::kNotice, "heard");
  ASSERT_EQ(log.messages.size(), 1U);
  EXPECT_EQ(log.messages[0].first, LogLevel::kNotice);
  EXPECT_EQ(log.messages[0].second, "heard");
}

}  // namespace
}  // namespace bivox
