#include "asr/evaluation/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dsp/core/check.h"

namespace bivox {
namespace {

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Words of a paragraph in lines of at most 100 columns.
std::string wrapped(std::string_view text) {
  constexpr size_t kColumns = 100;
  std::string out;
  size_t column = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    const size_t width = width_of(word);
    if (column > 0 && column + 1 + width > kColumns) {
      out += '\n';
      column = 0;
    }
    if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += width;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

ReportCell ReportCell::of(std::string_view text) {
  ReportCell cell;
  cell.text = text;
  return cell;
}

ReportCell ReportCell::count(int64_t number) {
  ReportCell cell;
  cell.text = std::to_string(number);
  const int64_t digits_from = number < 0 ? 1 : 0;
  for (auto at = static_cast<int64_t>(cell.text.size()) - 3; at > digits_from; at -= 3) {
    cell.text.insert(static_cast<size_t>(at), ",");
  }
  cell.value = static_cast<double>(number);
  return cell;
}

ReportCell ReportCell::percent(double share) {
  ReportCell cell;
  cell.text = fmt::format("{:.2f}", 100.0 * share);
  cell.value = share;
  return cell;
}

ReportCell ReportCell::number(double value, int decimals) {
  if (!std::isfinite(value)) return none();
  ReportCell cell;
  cell.text = fmt::format("{:.{}f}", value, decimals);
  cell.value = value;
  return cell;
}

ReportCell ReportCell::none() {
  ReportCell cell;
  cell.text = "-";
  return cell;
}

std::string ReportTable::text() const {
  std::vector<size_t> widths;
  for (const ReportColumn& column : columns) widths.push_back(width_of(column.title));
  const size_t shown = std::min(rows.size(), max_text_rows);
  for (size_t r = 0; r < shown; ++r) {
    BIVOX_CHECK(rows[r].size() == columns.size());
    for (size_t c = 0; c < columns.size(); ++c) {
      widths[c] = std::max(widths[c], width_of(rows[r][c].text));
    }
  }
  const auto line = [&](const auto& text_of) {
    std::string out;
    for (size_t c = 0; c < columns.size(); ++c) {
      const std::string& text = text_of(c);
      const std::string blanks(widths[c] - width_of(text), ' ');
      if (c > 0) out += "  ";
      out += columns[c].numeric ? blanks + text : text + blanks;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
  };
  std::string out = title.empty() ? "" : title + '\n';
  out += line([&](size_t c) -> const std::string& { return columns[c].title; });
  for (size_t r = 0; r < shown; ++r) {
    out += line([&](size_t c) -> const std::string& { return rows[r][c].text; });
  }
  if (shown < rows.size()) out += fmt::format("... {} more rows\n", rows.size() - shown);
  if (!note.empty()) out += wrapped(note) + '\n';
  return out;
}

HtmlTable ReportTable::html() const {
  HtmlTable table;
  table.caption = note;
  table.filter = rows.size() > 12;
  for (const ReportColumn& column : columns) {
    table.columns.push_back({column.title, column.numeric, column.hint});
  }
  for (const std::vector<ReportCell>& row : rows) {
    std::vector<HtmlCell> cells;
    for (const ReportCell& cell : row) {
      HtmlCell html = HtmlCell::text(cell.text);
      html.key = cell.value;
      if (cell.mark) html.html = "<strong>" + html.html + "</strong>";
      cells.push_back(std::move(html));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::string Report::text() const {
  std::string out;
  for (const std::string& sentence : summary) out += wrapped(sentence) + '\n';
  for (const ReportSection& section : sections) {
    if (section.tables.empty()) continue;
    if (!out.empty()) out += '\n';
    out += section.title + '\n' + std::string(width_of(section.title), '=') + '\n';
    for (size_t i = 0; i < section.tables.size(); ++i) {
      if (i > 0) out += '\n';
      out += section.tables[i].text();
    }
  }
  return out;
}

std::string Report::json() const {
  using Json = nlohmann::ordered_json;
  Json document;
  document["title"] = title;
  document["summary"] = summary;
  document["facts"] = Json::object();
  for (const auto& [name, value] : facts) document["facts"][name] = value;
  document["tables"] = Json::object();
  for (const ReportSection& section : sections) {
    for (const ReportTable& table : section.tables) {
      Json rows = Json::array();
      for (const std::vector<ReportCell>& row : table.rows) {
        Json object = Json::object();
        for (size_t c = 0; c < table.columns.size(); ++c) {
          Json& field = object[table.columns[c].key];
          if (std::isfinite(row[c].value)) {
            const double value = row[c].value;
            if (value == std::floor(value) && std::fabs(value) < 1e15) {
              field = static_cast<int64_t>(value);
            } else {
              field = value;
            }
          } else if (!table.columns[c].numeric) {
            field = row[c].text;
          }
        }
        rows.push_back(std::move(object));
      }
      document["tables"][table.id] = std::move(rows);
    }
  }
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

HtmlPage Report::page() const {
  HtmlPage page(title, subtitle);
  page.summary(summary);
  for (const ReportSection& section : sections) {
    if (section.empty()) continue;
    page.section(section.title);
    if (!section.introduction.empty()) page.paragraph(section.introduction);
    if (!section.figures.empty()) page.add_html("<div class=\"figures\">");
    for (const ReportFigure& figure : section.figures) page.figure(figure.html, figure.caption);
    if (!section.figures.empty()) page.add_html("</div>\n");
    for (const ReportTable& table : section.tables) {
      if (!table.title.empty()) page.subheading(table.title);
      page.add(table.html());
    }
    if (!section.cards.cards.empty()) page.add(section.cards);
  }
  if (!facts.empty()) {
    page.section("How this was made");
    HtmlTable table;
    table.sortable = false;
    table.columns = {{"what"}, {"value"}};
    for (const auto& [name, value] : facts) {
      table.rows.push_back({HtmlCell::text(name), HtmlCell::text(value)});
    }
    page.add(table);
  }
  return page;
}

}  // namespace bivox
