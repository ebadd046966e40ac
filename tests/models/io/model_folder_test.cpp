#include "models/io/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void write_example(const fs::path& path, const std::string& data = "some data") {
  ModelFolderWriter writer(path, "toy", "toy-en", "3");
  writer.set_options_json(R"({"depth": 2})");
  writer.add_file("data.bin", data);
  writer.set_card("# A toy\n");
  std::ofstream(writer.new_file("more.txt")) << "more";
  writer.commit();
}

std::string refusal(const fs::path& path, std::string_view kind = "toy") {
  try {
    ModelFolder::open(path, kind);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

TEST(ModelFolder, OpensWhatWasWritten) {
  const TempFolder temp;
  write_example(temp / "model");
  EXPECT_TRUE(ModelFolder::is_model_folder(temp / "model"));
  EXPECT_FALSE(ModelFolder::is_model_folder(temp.path()));
  const auto folder = ModelFolder::open(temp / "model", "toy");
  EXPECT_EQ(folder.kind(), "toy");
  EXPECT_EQ(folder.name(), "toy-en");
  EXPECT_EQ(folder.version(), "3");
  EXPECT_EQ(folder.options_json(), R"({"depth":2})");
  EXPECT_EQ(read_file(folder.file("data.bin")), "some data");
  EXPECT_EQ(read_file(folder.file("more.txt")), "more");
  EXPECT_THROW(folder.file("other.bin"), Error);
  // The CRC-32 of "some data" by zlib of Python: f'{zlib.crc32(b"some data"):08x}'.
  EXPECT_EQ(folder.files().at("data.bin").crc32, 0xd9c2e91eU);
}

TEST(ModelFolder, NamesTheDamagedFile) {
  const TempFolder temp;
  EXPECT_THAT(refusal(temp / "none"), HasSubstr("no such model folder"));
  write_example(temp / "model");
  EXPECT_THAT(refusal(temp / "model", "voice"),
              HasSubstr("expected a model of kind \"voice\", found \"toy\""));
  temp.write("model/data.bin", "some dat");
  EXPECT_THAT(refusal(temp / "model"), HasSubstr("data.bin: expected 9 bytes, found 8"));
  temp.write("model/data.bin", "some dato");
  EXPECT_THAT(refusal(temp / "model"), HasSubstr("data.bin: expected the checksum d9c2e91e"));
  fs::remove(temp / "model/data.bin");
  EXPECT_THAT(refusal(temp / "model"), HasSubstr("data.bin: missing"));
}

TEST(ModelFolder, ReplacesAModelAsAWhole) {
  const TempFolder temp;
  write_example(temp / "model", "old");
  {
    ModelFolderWriter interrupted(temp / "model", "toy", "toy-en");
    interrupted.add_file("data.bin", "half");
  }
  EXPECT_EQ(read_file(ModelFolder::open(temp / "model").file("data.bin")), "old");
  write_example(temp / "model", "new");
  EXPECT_EQ(read_file(ModelFolder::open(temp / "model").file("data.bin")), "new");
  // Nothing else stays behind.
  EXPECT_EQ(std::distance(fs::directory_iterator(temp.path()), fs::directory_iterator()), 1);
}

TEST(ModelFolder, LeavesOtherFoldersAlone) {
  const TempFolder temp;
  fs::create_directories(temp / "letters");
  temp.write("letters/to_mother.txt", "Dear mother");
  EXPECT_THROW(write_example(temp / "letters"), Error);
  EXPECT_EQ(read_file(temp / "letters/to_mother.txt"), "Dear mother");
  EXPECT_THROW(write_example(temp / "letters/to_mother.txt/x"), Error);
}

TEST(ModelFolder, RefusesConfigurationsThatAreNot) {
  const auto parse = [](const std::string& json) {
    try {
      ModelConfig::parse(json, "config.json");
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  const std::string head =
      R"({"format":"bivox-model","format_version":1,"kind":"k","name":"n","version":"1")";
  EXPECT_EQ(parse(head + R"(,"files":{}})"), "accepted");
  EXPECT_THAT(parse("{}"), HasSubstr("not the description of a Bivox model"));
  EXPECT_THAT(parse("{"), HasSubstr("not JSON"));
  EXPECT_THAT(parse(R"({"format":"bivox-model","format_version":2})"), HasSubstr("version"));
  EXPECT_THAT(parse(R"({"format":"bivox-model","format_version":1})"), HasSubstr("\"kind\""));
  EXPECT_THAT(parse(head + "}"), HasSubstr("\"files\""));
  EXPECT_THAT(parse(head + R"(,"files":{"../x":{"bytes":1,"crc32":"00000000"}}})"),
              HasSubstr("cannot be the name"));
  EXPECT_THAT(parse(head + R"(,"files":{"x":{"bytes":-1,"crc32":"00000000"}}})"),
              HasSubstr("expected its bytes"));
  EXPECT_THAT(parse(head + R"(,"files":{"x":{"bytes":1,"crc32":"0000000g"}}})"),
              HasSubstr("hexadecimal"));
  EXPECT_THAT(parse(head + R"(,"files":{},"options":[]})"), HasSubstr("\"options\""));
  // A million brackets must not become a million calls.
  EXPECT_THAT(parse(head + R"(,"files":{},"options":{"x":)" + std::string(1000000, '[')),
              HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace bivox
