#include "asr/evaluation/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bivox {
namespace {

ReportTable table() {
  ReportTable table;
  table.id = "errors";
  table.title = "Errors";
  table.note = "a note";
  table.columns = {{"system", "system"}, {"wer", "WER %", true}, {"words", "words", true}};
  table.rows = {
      {ReportCell::of("na\xC3\xAFve"), ReportCell::percent(0.12345), ReportCell::count(1234567)},
      {ReportCell::of("b"), ReportCell::none(), ReportCell::count(-1234)}};
  return table;
}

TEST(Report, TextIsAligned) {
  EXPECT_EQ(table().text(),
            "Errors\n"
            "system  WER %      words\n"
            "na\xC3\xAFve   12.35  1,234,567\n"
            "b           -     -1,234\n"
            "a note\n");
}

TEST(Report, TextCutsLongTablesAndSaysSo) {
  ReportTable many = table();
  many.max_text_rows = 1;
  EXPECT_NE(many.text().find("... 1 more rows"), std::string::npos);
}

TEST(Report, JsonHasTheNumbersBehindTheText) {
  Report report;
  report.title = "T";
  report.facts = {{"command", "x"}};
  report.sections.push_back({"S", "", {table()}, {}, {}});
  const auto json = nlohmann::json::parse(report.json());
  EXPECT_DOUBLE_EQ(json["tables"]["errors"][0]["wer"], 0.12345);
  EXPECT_EQ(json["tables"]["errors"][0]["words"], 1234567);
  EXPECT_TRUE(json["tables"]["errors"][0]["words"].is_number_integer());
  EXPECT_TRUE(json["tables"]["errors"][1]["wer"].is_null());
  EXPECT_EQ(json["facts"]["command"], "x");
}

TEST(Report, PageHasFiguresTablesAndFacts) {
  Report report;
  report.title = "T";
  report.facts = {{"command", "a < b"}};
  report.sections.push_back({"S", "intro", {table()}, {{"<svg></svg>", "caption"}}, {}});
  report.sections.push_back({"Empty", "", {}, {}, {}});
  const std::string html = report.page().html();
  EXPECT_NE(html.find("<svg></svg><figcaption>caption"), std::string::npos);
  EXPECT_NE(html.find("a &lt; b"), std::string::npos);
  EXPECT_EQ(html.find(">Empty<"), std::string::npos);
}

}  // namespace
}  // namespace bivox
