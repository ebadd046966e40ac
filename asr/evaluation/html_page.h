// Reports as one self-contained HTML file: a page shell, tables and cards that sort and filter,
// images and audio clips inside of the file.
//
// The page fetches nothing (its content security policy forbids it), follows the reader's choice of
// light or dark, and is readable on a phone of 360 pixels: wide tables scroll by themselves.
// Everything that takes "text" escapes it; what takes "html" does not.
//
//   HtmlPage page("Data check", "corpus, 1,000 utterances");
//   page.section("Worst first");
//   page.add(table);
//   page.add(cards);
//   page.write("report.html");
//
// A word marked with word_html() seeks the player of its card when it is clicked, and lights up
// while it sounds. Plots: svg_plot.h. Thread rule: plain values, one thread.
// Test: tests/asr/evaluation/html_page_test.cpp.
#pragma once

#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/audio/audio_buffer.h"

namespace bivox {

/// & < > " ' become entities; control characters and bytes that are not UTF-8 become U+FFFD.
std::string html_escape(std::string_view text);
/// RFC 4648, with padding.
std::string base64(std::string_view bytes);
/// "data:<media type>;base64,...".
std::string data_uri(std::string_view media_type, std::string_view bytes);

/// A player with the sound inside. MP3, because browsers of phones play it, too (Ogg not on all);
/// rates that MP3 lacks are resampled to 16 kHz. Empty audio gives a short note.
std::string audio_html(AudioView audio);
/// A PNG image as wide as its container; `text` describes it for those who do not see it.
std::string image_html(std::string_view png, std::string_view text);

/// One word of a transcript with its time in the recording, in seconds; negative: unknown. `kind`
/// colours it: "" right, "sub" another word, "ins" too many, "del" left out.
std::string word_html(std::string_view word, std::string_view kind, double start_s = -1.0,
                      double end_s = -1.0);

struct HtmlCell {
  std::string html;
  /// What the column sorts by; not a number: the text of the cell.
  double key = std::numeric_limits<double>::quiet_NaN();

  static HtmlCell text(std::string_view text);
  /// A number right-aligned, shown as `text`.
  static HtmlCell number(double value, std::string_view text);
};

struct HtmlColumn {
  std::string title;
  bool numeric = false;
  std::string hint = {};  ///< Shown when the pointer rests on the title.
};

struct HtmlTable {
  std::string caption;
  std::vector<HtmlColumn> columns;
  std::vector<std::vector<HtmlCell>> rows;
  bool sortable = true;
  bool filter = false;  ///< A field that keeps the rows in which a text occurs.

  std::string html() const;
};

/// Boxes one below the other, such as one an utterance, with a choice of orders and a filter.
struct HtmlCards {
  struct Card {
    std::string title;         ///< Text.
    std::string html;          ///< The inside.
    std::vector<double> keys;  ///< One for each of `orders`.
  };
  std::vector<std::string> orders;  ///< Names; the first, largest first, is the order of loading.
  std::vector<Card> cards;

  std::string html() const;
};

class HtmlPage {
 public:
  explicit HtmlPage(std::string title, std::string subtitle = "");

  /// What the page comes to, listed below its title.
  void summary(std::span<const std::string> sentences);
  /// Begins a section; its heading is listed in the contents.
  void section(std::string_view heading);
  void subheading(std::string_view text);
  void paragraph(std::string_view text);
  void add(const HtmlTable& table) { add_html(table.html()); }
  void add(const HtmlCards& cards) { add_html(cards.html()); }
  /// An image, a plot: anything with a line of text below it.
  void figure(std::string_view html, std::string_view caption);
  void add_html(std::string_view html) { body_ += html; }

  /// The whole file.
  std::string html() const;
  /// Replaces `path` at once or not at all.
  void write(const std::filesystem::path& path) const;

 private:
  std::string title_;
  std::string subtitle_;
  std::string summary_;
  std::string body_;
  std::vector<std::string> headings_;
};

}  // namespace bivox
