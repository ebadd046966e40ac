#include "models/lm/text_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include <sstream>

#include "ngram_test_models.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string xz(const std::string& text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  const lzma_ret status = lzma_easy_buffer_encode(
      1, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(text.data()), text.size(),
      reinterpret_cast<uint8_t*>(out.data()), &size, out.size());
  EXPECT_EQ(status, LZMA_OK);
  out.resize(size);
  return out;
}

std::vector<std::string> all_lines(TextLines& lines) {
  std::vector<std::string> result;
  std::string_view line;
  while (lines.next(line)) result.emplace_back(line);
  EXPECT_EQ(lines.number(), result.size());
  return result;
}

std::vector<std::string> lines_in_memory(const std::string& text) {
  TextLines lines(test::as_bytes(text), "text");
  return all_lines(lines);
}

std::vector<std::string> lines_of_stream(const std::string& text) {
  std::istringstream stream(text);
  TextLines lines(stream, "text");
  const auto result = all_lines(lines);
  EXPECT_EQ(lines.bytes_read(), text.size());
  return result;
}

std::string error_of(const std::string& text, bool as_stream) {
  try {
    as_stream ? lines_of_stream(text) : lines_in_memory(text);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(TextLines, AByteOrderMarkIsNoText) {
  const std::string text = "\xEF\xBB\xBFthe\n\xEF\xBB\xBF" "end\n";
  const std::vector<std::string> expected = {"the", "\xEF\xBB\xBF" "end"};
  EXPECT_EQ(lines_in_memory(text), expected);
  EXPECT_EQ(lines_of_stream(text), expected);
}

TEST(TextLines, EveryFormGivesTheSameLines) {
  const std::string text = "one\r\ntwo words\n\nlast";
  for (const std::string& form :
       {text, test::gzip(text), xz(text), test::gzip("one\ntw") + test::gzip("o words\n\nlast"),
        xz("one\ntw") + std::string(4, '\0') + xz("o words\n\nlast"),
        xz(text) + std::string(8, '\0')}) {
    EXPECT_THAT(lines_in_memory(form), ElementsAre("one", "two words", "", "last"));
    EXPECT_THAT(lines_of_stream(form), ElementsAre("one", "two words", "", "last"));
  }
}

TEST(TextLines, NothingIsNoLine) {
  for (const std::string& form : {std::string(), test::gzip(""), xz("")}) {
    EXPECT_TRUE(lines_in_memory(form).empty());
    EXPECT_TRUE(lines_of_stream(form).empty());
  }
}

TEST(TextLines, LongTextsCrossManyBlocks) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 60'000; ++i) {
    expected.push_back(
        fmt::format("line {} of many {}", i, std::string(static_cast<size_t>(i) % 97, 'x')));
    text += expected.back() + '\n';
  }
  ASSERT_GT(text.size(), size_t{1} << 21);
  for (const std::string& form : {text, test::gzip(text), xz(text)}) {
    EXPECT_EQ(lines_in_memory(form), expected);
    EXPECT_EQ(lines_of_stream(form), expected);
  }
}

TEST(TextLines, DamageIsAnErrorWithTheLine) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("{}\n", i * i);
  const std::string packed = xz(text);
  for (const bool as_stream : {false, true}) {
    EXPECT_THAT(error_of(packed.substr(0, packed.size() / 2), as_stream),
                HasSubstr("xz data ends too early"));
    EXPECT_THAT(error_of(packed.substr(0, 6), as_stream), HasSubstr("text:1: the xz data ends"));
    std::string flipped = packed;
    flipped[flipped.size() / 2] ^= 0x55;
    EXPECT_THAT(error_of(flipped, as_stream), HasSubstr("xz data is damaged"));
    EXPECT_THAT(error_of(packed + "rubbish after the end", as_stream),
                HasSubstr("xz data is damaged"));
    EXPECT_THAT(error_of(std::string((size_t{1} << 20) + 1, 'x'), as_stream),
                HasSubstr("more than 1 MiB"));
    EXPECT_EQ(error_of(std::string(size_t{1} << 20, 'x') + "\n", as_stream), "no error");
    EXPECT_THAT(error_of(xz("a\n" + std::string(size_t{5} << 20, 'x')), as_stream),
                HasSubstr("text:2: a line of more than 1 MiB"));
  }
}

TEST(TextLines, ErrorsAreOfTheKindAskedFor) {
  const std::string text = xz("text").substr(0, 20);
  TextLines lines(test::as_bytes(text), "corpus", ErrorCode::kInput);
  std::string_view line;
  try {
    lines.next(line);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
  }
}

}  // namespace
}  // namespace bivox
