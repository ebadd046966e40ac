// `bivox data` from the outside, with the bundled model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

const fs::path kAudio = fs::path(BIVOX_TEST_DATA) / "audio";

class CliData : public testing::Test {
 protected:
  void SetUp() override {
    manifest_ = scratch_.write(
        "manifest.tsv",
        "id\tpath\ttext\n" +
            line("good", "librispeech-1867-154075-0005.flac",
                 content_of(kAudio / "librispeech-1867-154075-0005.txt")) +
            line("other", "ljspeech-LJ001-0147.opus",
                 content_of(kAudio / "ljspeech-LJ001-0147.txt")) +
            line("kathleen", "kathleen-arctic_a0045_1592747525.wav",
                 content_of(kAudio / "kathleen-arctic_a0045_1592747525.txt")) +
            line("swapped", "librispeech-533-1066-0009.opus", "of the sneer that we found tracks") +
            line("missing", "missing.wav", "a <b>missing</b> file"));
  }

  static std::string line(const std::string& id, const std::string& file, std::string text) {
    std::erase(text, '\n');
    return id + "\t" + (kAudio / file).string() + "\t" + text + "\n";
  }

  ScratchFolder scratch_;
  std::string manifest_;
};

TEST_F(CliData, TableHasTheWorstFirst) {
  const ProgramRun run = run_bivox("data check -q --top 0 " + manifest_);
  EXPECT_EQ(run.code, 0) << run.err;
  const size_t missing = run.out.find("unreadable:");
  const size_t swapped = run.out.find("  swapped ");
  const size_t good = run.out.find("  good ");
  ASSERT_NE(good, std::string::npos) << run.out;
  EXPECT_LT(missing, good);
  EXPECT_LT(swapped, good);
  EXPECT_NE(run.out.find("5 utterances"), std::string::npos);
}

TEST_F(CliData, JsonAndTsvHoldTheSame) {
  const ProgramRun json = run_bivox("data check -q --format json --top 0 --jobs 2 " + manifest_);
  ASSERT_EQ(json.code, 0) << json.err;
  const auto document = nlohmann::json::parse(json.out);
  EXPECT_EQ(document["utterances"], 5);
  EXPECT_EQ(document["findings"]["unreadable"], 1);
  const auto& worst = document["worst_first"];
  ASSERT_EQ(worst.size(), 5U);
  EXPECT_THAT((std::set<std::string>{worst[0]["id"], worst[1]["id"]}),
              testing::ElementsAre("missing", "swapped"));
  EXPECT_EQ(worst[4]["audio"]["rate_hz"].get<int>() % 8000, 0);
  for (size_t i = 0; i < 5; ++i) {
    if (i > 0) {
      EXPECT_LE(worst[i]["points"].get<double>(), worst[i - 1]["points"].get<double>());
    }
    if (worst[i]["id"] == "missing") continue;
    ASSERT_FALSE(worst[i]["words"].empty());
    EXPECT_LE(worst[i]["words"].back()["end_s"].get<double>(),
              worst[i]["audio"]["seconds"].get<double>() + 0.03);
  }
  const ProgramRun tsv = run_bivox("data check -q --format tsv --top 2 " + manifest_);
  EXPECT_EQ(std::count(tsv.out.begin(), tsv.out.end(), '\n'), 3);
  EXPECT_EQ(tsv.out.find("rank\tid\tpoints"), 0U);
  EXPECT_NE(tsv.out.find("\tswapped\t"), std::string::npos) << tsv.out;
}

TEST_F(CliData, PageHoldsPlayersAndEscapesTexts) {
  const ProgramRun run = run_bivox("data check -q --players 3 --report " +
                                   scratch_.quoted("page.html") + " " + manifest_);
  ASSERT_EQ(run.code, 0) << run.err;
  const std::string page = content_of(scratch_.path() / "page.html");
  const auto count = [&](const std::string& what) {
    size_t found = 0;
    for (size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("<article"), 3U);
  EXPECT_EQ(count("<audio"), 2U);  // one of the three cannot be read
  EXPECT_EQ(count("data:image/png;base64,"), 2U);
  EXPECT_EQ(count("<b>missing</b>"), 0U);
  EXPECT_GE(count("&lt;b&gt;missing"), 1U);
}

TEST_F(CliData, FailsOnWhatIsAskedFor) {
  EXPECT_EQ(run_bivox("data check -q --fail-on copy,silent " + manifest_).code, 0);
  EXPECT_EQ(run_bivox("data check -q --fail-on copy,unreadable " + manifest_).code, 1);
  EXPECT_EQ(run_bivox("data check -q --fail-on any " + manifest_).code, 1);
  const ProgramRun unknown = run_bivox("data check -q --fail-on nonsense " + manifest_);
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("cut-start"), std::string::npos) << unknown.err;
}

TEST_F(CliData, NothingToReadIsAnError) {
  const std::string none = scratch_.write("none.tsv", "id\tpath\ttext\na\tmissing.wav\ta word\n");
  EXPECT_EQ(run_bivox("data check -q " + none).code, 3);
  EXPECT_EQ(run_bivox("data check -q /no/such/folder").code, 3);
  EXPECT_EQ(run_bivox("data check").code, 2);
  EXPECT_EQ(run_bivox("data").code, 2);
}

// Labels are made of what transcribe wrote.
TEST(CliDataLabel, KeepsWhatWasHeardWithConfidence) {
  const ScratchFolder scratch;
  const auto transcript = [&](const std::string& file, const std::string& text, double confidence) {
    nlohmann::json words = nlohmann::json::array();
    std::istringstream in(text);
    for (std::string word; in >> word;) {
      words.push_back({{"word", word}, {"confidence", confidence}});
    }
    return nlohmann::json{{"source", (scratch.path() / file).string()},
                          {"duration_s", 1.5},
                          {"text", text},
                          {"segments", {{{"words", words}}}}}
        .dump(2);
  };
  const std::string manifest = scratch.write(
      "manifest.tsv",
      "id\tpath\tsplit\tspeaker\ttext\na\ta.wav\tnew\tann\t\nb\tb.wav\tnew\tbob\t\nc\tc.wav\tnew\t"
      "carl\t\nd\td.wav\tnew\tdan\t\n");
  const std::string heard = scratch.write(
      "heard.json", transcript("a.wav", "it is sure", 0.9) + "\n" +
                        transcript("b.wav", "it is not", 0.7) + transcript("c.wav", "short", 0.99));
  const std::string output = scratch.quoted("labelled.tsv");
  const ProgramRun run =
      run_bivox("data label " + manifest + ":new --transcripts " + heard + " -o " + output);
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(content_of(scratch.path() / "labelled.tsv"),
            "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\tconfidence\n"
            "a\ta.wav\tlabelled\tann\t\t1.50\tit is sure\t0.900\n");
  EXPECT_NE(run.err.find("1 of 3"), std::string::npos) << run.err;

  // Paths may be written another way than that of the manifest.
  const fs::path relative = fs::relative(scratch.path(), fs::current_path());
  const std::string nearby = scratch.write(
      "nearby.json",
      nlohmann::json{{"source", (relative / "a.wav").string()},
                     {"duration_s", 1.5},
                     {"text", "a b c"},
                     {"segments", nlohmann::json::array()}}
          .dump());
  const ProgramRun again = run_bivox("data label " + manifest + " --min-words 0 --confidence 0 " +
                                     "--transcripts " + nearby + " -o -");
  EXPECT_NE(again.err.find("1 of 1"), std::string::npos) << again.err;

  const std::string broken = scratch.write("broken.json", "{\"source\": \"a.wav\"");
  EXPECT_EQ(run_bivox("data label " + manifest + " --transcripts " + broken).code, 3);
  const std::string other = scratch.write("other.json", transcript("x.wav", "it is sure", 0.9));
  EXPECT_EQ(run_bivox("data label " + manifest + " --transcripts " + other).code, 3);
}

}  // namespace
}  // namespace bivox
