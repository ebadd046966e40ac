#include "asr/evaluation/html_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "asr/evaluation/html_assets.h"
#include "dsp/audio/audio_bytes.h"
#include "dsp/audio/resample.h"
#include "dsp/core/check.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

// Length of the UTF-8 sequence at the front of `text`, 0 if it is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size_t length = 1;
  if (first >= 0xC2 && first < 0xE0) length = 2;
  if (first >= 0xE0 && first < 0xF0) length = 3;
  if (first >= 0xF0 && first < 0xF5) length = 4;
  if ((first >= 0x80 && length == 1) || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  // Overlong forms, surrogates and numbers beyond Unicode.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) >= 0xA0) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) >= 0x90) return 0;
  return length;
}

std::string key_attribute(double key) {
  return std::isfinite(key) ? fmt::format(" data-k=\"{:.10g}\"", key) : "";
}

// Rates of MPEG-1, 2 and 2.5 layer III.
bool mp3_holds(int rate_hz) {
  for (const int rate : {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}) {
    if (rate == rate_hz) return true;
  }
  return false;
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0 ||
        (length == 1 && static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') ||
        c == '\x7f') {
      out += "\xEF\xBF\xBD";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8U | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += j <= count ? kDigits[group >> (18U - 6U * static_cast<uint32_t>(j)) & 63U] : '=';
    }
  }
  return out;
}

std::string data_uri(std::string_view media_type, std::string_view bytes) {
  return fmt::format("data:{};base64,{}", media_type, base64(bytes));
}

std::string audio_html(AudioView audio) {
  if (audio.samples.empty()) return "<p class=\"soft\">no audio</p>";
  if (!mp3_holds(audio.sample_rate_hz)) {
    const AudioBuffer other = resample(audio, 16'000);
    return audio_html(other);
  }
  return fmt::format("<audio controls preload=\"metadata\" src=\"{}\"></audio>",
                     data_uri("audio/mpeg", encode_audio(audio, "mp3")));
}

std::string image_html(std::string_view png, std::string_view text) {
  return fmt::format("<img alt=\"{}\" src=\"{}\">", html_escape(text), data_uri("image/png", png));
}

std::string word_html(std::string_view word, std::string_view kind, double start_s, double end_s) {
  std::string attributes;
  if (start_s >= 0.0) {
    attributes = fmt::format(
        " data-s=\"{0:.2f}\" data-e=\"{1:.2f}\" title=\"{0:.2f} to {1:.2f} s\"", start_s, end_s);
  }
  return fmt::format("<span class=\"w{}{}\"{}>{}</span>", kind.empty() ? "" : " ", kind, attributes,
                     html_escape(word));
}

HtmlCell HtmlCell::text(std::string_view text) { return {html_escape(text)}; }

HtmlCell HtmlCell::number(double value, std::string_view text) {
  return {html_escape(text), value};
}

std::string HtmlTable::html() const {
  // Ids within a page; a table that is put into two pages may have the same in both.
  static std::atomic<int> next_id = 0;
  const int id = next_id++;
  std::string out;
  if (filter) {
    out += fmt::format(
        "<div class=\"bar\" data-table=\"t{}\"><input type=\"search\" placeholder=\"filter\" "
        "aria-label=\"filter the table\"><output class=\"soft\">{} shown</output></div>",
        id, rows.size());
  }
  out += fmt::format("<div class=\"scroll\"><table id=\"t{}\"{}>", id,
                     sortable ? " class=\"sort\"" : "");
  out += "<thead><tr>";
  for (const HtmlColumn& column : columns) {
    const std::string title = html_escape(column.title);
    out += fmt::format(
        "<th scope=\"col\"{}{}>{}</th>", column.numeric ? " class=\"n\"" : "",
        column.hint.empty() ? "" : " title=\"" + html_escape(column.hint) + "\"",
        sortable && !title.empty() ? "<button type=\"button\">" + title + "</button>" : title);
  }
  out += "</tr></thead><tbody>";
  for (const std::vector<HtmlCell>& row : rows) {
    BIVOX_CHECK(row.size() <= columns.size());
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      out += fmt::format("<td{}{}>{}</td>", columns[i].numeric ? " class=\"n\"" : "",
                         key_attribute(row[i].key), row[i].html);
    }
    out += "</tr>";
  }
  out += "</tbody></table></div>\n";
  // Outside of what scrolls, so that a phone breaks its lines.
  if (!caption.empty()) out += "<p class=\"soft\">" + html_escape(caption) + "</p>\n";
  return out;
}

std::string HtmlCards::html() const {
  std::string out =
      "<div class=\"bar\"><input type=\"search\" placeholder=\"filter\" "
      "aria-label=\"filter the list\">";
  if (!orders.empty()) {
    out += "<select aria-label=\"order\">";
    for (size_t i = 0; i < orders.size(); ++i) {
      const std::string name = html_escape(orders[i]);
      out += fmt::format(
          "<option value=\"{0} down\">{1}, most first</option><option value=\"{0} up\">{1}, least "
          "first</option>",
          i, name);
    }
    out += "</select>";
  }
  out += fmt::format("<output class=\"soft\">{} shown</output></div><div class=\"cards\">\n",
                     cards.size());
  for (const Card& card : cards) {
    BIVOX_CHECK(card.keys.size() == orders.size());
    std::string keys;
    for (const double key : card.keys) {
      if (!keys.empty()) keys += ' ';
      keys += fmt::format("{:.10g}", std::isfinite(key) ? key : -1e300);
    }
    out += fmt::format("<article class=\"card\" data-keys=\"{}\"><h3>{}</h3>{}</article>\n", keys,
                       html_escape(card.title), card.html);
  }
  return out + "</div>\n";
}

HtmlPage::HtmlPage(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void HtmlPage::section(std::string_view heading) {
  body_ += fmt::format("<h2 id=\"s{}\">{}</h2>\n", headings_.size(), html_escape(heading));
  headings_.emplace_back(heading);
}

void HtmlPage::subheading(std::string_view text) {
  body_ += "<h3>" + html_escape(text) + "</h3>\n";
}

void HtmlPage::paragraph(std::string_view text) { body_ += "<p>" + html_escape(text) + "</p>\n"; }

void HtmlPage::figure(std::string_view html, std::string_view caption) {
  body_ +=
      fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", html, html_escape(caption));
}

void HtmlPage::summary(std::span<const std::string> sentences) {
  for (const std::string& sentence : sentences)
    summary_ += "<li>" + html_escape(sentence) + "</li>";
}

std::string HtmlPage::html() const {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; media-src data:\">\n"
      "<title>{0}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{1}</style></head>\n"
      "<body>\n<header><h1>{0}</h1>",
      html_escape(title_), html_style());
  if (!subtitle_.empty()) out += "<p class=\"soft\">" + html_escape(subtitle_) + "</p>";
  if (!summary_.empty()) out += "<ul class=\"sum\">" + summary_ + "</ul>";
  if (headings_.size() > 1) {
    out += "<nav aria-label=\"contents\"><ul>";
    for (size_t i = 0; i < headings_.size(); ++i) {
      out += fmt::format("<li><a href=\"#s{}\">{}</a></li>", i, html_escape(headings_[i]));
    }
    out += "</ul></nav>";
  }
  out += "</header>\n<main>\n";
  out += body_;
  out += "</main>\n<script>";
  out += html_script();
  return out + "</script></body></html>\n";
}

void HtmlPage::write(const std::filesystem::path& path) const {
  AtomicFile file(path);
  file.stream() << html();
  file.commit();
}

}  // namespace bivox
