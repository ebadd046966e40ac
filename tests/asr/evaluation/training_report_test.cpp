#include "asr/evaluation/training_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "dsp/core/error.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

class TrainingReport : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("bivox_training_report_" +
               std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const char* name, const char* text) const { std::ofstream(folder_ / name) << text; }

  fs::path folder_;
};

TEST_F(TrainingReport, ReadsTheTablesOfANetwork) {
  write("epochs.tsv", "epoch\tloss\tframe_accuracy\n0\t2.5\t0.25\n1\t1.5\t0.5\n");
  write("cost.tsv", "epoch\tcore_s\n0\t100\n1\t80.5\n");
  TrainingFacts facts;
  read_training_run(folder_, facts);
  ASSERT_EQ(facts.curves.size(), 2U);
  EXPECT_EQ(facts.curves[1].measure, "frame_accuracy");
  EXPECT_EQ(facts.curves[1].points[1].x, 2.0);
  EXPECT_EQ(facts.curves[1].points[1].y, 0.5);
  EXPECT_DOUBLE_EQ(facts.core_s, 180.5);
  EXPECT_TRUE(std::isnan(facts.clock_s));
}

TEST_F(TrainingReport, ReadsTheTableOfMixtures) {
  write("passes.tsv",
        "rung\tpass\tlog_likelihood_per_frame\tseconds\nmono\t0\t-110\t1\ntri\t0\t-97\t2\n");
  TrainingFacts facts;
  read_training_run(folder_, facts);
  ASSERT_EQ(facts.curves.size(), 1U);
  EXPECT_EQ(facts.curves[0].points[1].y, -97.0);
  EXPECT_DOUBLE_EQ(facts.clock_s, 3.0);
}

TEST_F(TrainingReport, RefusesWhatIsNoRun) {
  TrainingFacts facts;
  EXPECT_THROW(read_training_run(folder_, facts), Error);
  write("epochs.tsv", "epoch\tloss\n0\t1\t2\n");
  EXPECT_THROW(read_training_run(folder_, facts), Error);
}

TEST_F(TrainingReport, SystemsOfOneKindShareALine) {
  std::vector<ComparedUtterance> utterances(1);
  utterances[0].id = "u";
  utterances[0].reference = "a b";
  std::vector<SystemHypotheses> systems(3);
  for (size_t i = 0; i < systems.size(); ++i) {
    systems[i].name = std::string(1, static_cast<char>('p' + i));
    systems[i].utterances = {{hypothesis_words(i == 0 ? "a" : "a b"), ""}};
  }
  const Comparison comparison = compare_systems(utterances, systems);
  std::vector<TrainingFacts> facts(3);
  for (size_t i = 0; i < facts.size(); ++i) facts[i].system = systems[i].name;
  EXPECT_TRUE(training_section(comparison, facts).empty());
  facts[0].kind = facts[1].kind = "nets";
  facts[0].hours = 1.0;
  facts[1].hours = 5.0;
  const ReportSection section = training_section(comparison, facts);
  ASSERT_EQ(section.tables[0].rows.size(), 2U);  // nothing is known of the third
  EXPECT_EQ(section.tables[0].rows[0][6].text, "50.00");
  ASSERT_EQ(section.figures.size(), 1U);
  EXPECT_NE(section.figures[0].html.find("p: 1 h, 50.0 %"), std::string::npos);
  EXPECT_NE(section.figures[0].html.find("q: 5 h, 0.0 %"), std::string::npos);
}

}  // namespace
}  // namespace bivox
