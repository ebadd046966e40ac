// A report in three forms out of one description: plain text for the terminal, JSON for programs,
// and one HTML file for people.
//
// A Report is a list of sections; a section has tables (in all forms), plots and cards (HTML only).
// A cell holds what is shown and, if it is one, the number behind it: text and HTML show
// "12.34", JSON has 0.1234; HTML sorts by the number.
//
// JSON: {"title": ..., "summary": [...], "facts": {...}, "tables": {"<id>": [{"<column key>":
// value, ...}, ...]}}. Thread rule: plain values. Test: tests/asr/evaluation/report_test.cpp.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "asr/evaluation/html_page.h"

namespace bivox {

struct ReportCell {
  std::string text;
  double value = std::numeric_limits<double>::quiet_NaN();
  bool mark = false;  ///< Set off from the others, such as the best of a column.

  static ReportCell of(std::string_view text);
  static ReportCell count(int64_t number);  ///< "1,234".
  static ReportCell percent(double share);  ///< 0.1234 is shown as "12.34".
  static ReportCell number(double value, int decimals);
  static ReportCell none();  ///< Not measured: "-", null in JSON.
};

struct ReportColumn {
  std::string key;
  std::string title;
  bool numeric = false;
  std::string hint = {};
};

struct ReportTable {
  std::string id;
  std::string title;
  std::string note;  ///< Below it: how it was measured.
  std::vector<ReportColumn> columns;
  std::vector<std::vector<ReportCell>> rows;
  size_t max_text_rows = 30;  ///< Plain text shows no more; HTML and JSON have all.

  std::string text() const;
  HtmlTable html() const;
};

struct ReportFigure {
  std::string html;  ///< An SVG plot or an image.
  std::string caption;
};

struct ReportSection {
  std::string title;
  std::string introduction;
  std::vector<ReportTable> tables;
  std::vector<ReportFigure> figures;
  HtmlCards cards;

  bool empty() const { return tables.empty() && figures.empty() && cards.cards.empty(); }
};

struct Report {
  std::string title;
  std::string subtitle;
  std::vector<std::string> summary = {};  ///< What it comes to, a sentence each.
  /// How it was made: command, data, machine.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<ReportSection> sections;

  std::string text() const;
  std::string json() const;
  HtmlPage page() const;
};

}  // namespace bivox
