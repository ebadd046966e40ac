#include "asr/evaluation/html_page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "asr/evaluation/svg_plot.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(HtmlPage, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(html_escape("a<b>&\"c\"'d'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
  EXPECT_EQ(html_escape("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80");
}

TEST(HtmlPage, ReplacesBytesThatAreNoText) {
  const std::string sign = "\xEF\xBF\xBD";
  EXPECT_EQ(html_escape("a\xFFz"), "a" + sign + "z");
  EXPECT_EQ(html_escape("\xC3"), sign);                        // cut off
  EXPECT_EQ(html_escape("\xC0\xAF"), sign + sign);             // overlong
  EXPECT_EQ(html_escape("\xED\xA0\x80"), sign + sign + sign);  // a surrogate
  EXPECT_EQ(html_escape(std::string("a\0\x01\n", 4)), "a" + sign + sign + "\n");
}

TEST(HtmlPage, Base64AsRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

TEST(HtmlPage, TablesCarryTheirSortKeys) {
  HtmlTable table;
  table.columns = {{"name"}, {"rate", true, "lower is better"}};
  table.rows = {{HtmlCell::text("<x>"), HtmlCell::number(12.5, "12.50 %")}};
  table.filter = true;
  const std::string html = table.html();
  EXPECT_TRUE(holds(html, "<td>&lt;x&gt;</td>"));
  EXPECT_TRUE(holds(html, "<td class=\"n\" data-k=\"12.5\">12.50 %</td>"));
  EXPECT_TRUE(holds(html, "title=\"lower is better\""));
  EXPECT_TRUE(holds(html, "type=\"search\""));
  EXPECT_NE(html, table.html());  // the ids differ: a table may come twice in a page
}

TEST(HtmlPage, CardsCarryOneKeyForEachOrder) {
  HtmlCards cards;
  cards.orders = {"errors", "length"};
  cards.cards.push_back({"utt & 1", "<b>inside</b>", {3.0, 1.25}});
  const std::string html = cards.html();
  EXPECT_TRUE(holds(html, "data-keys=\"3 1.25\""));
  EXPECT_TRUE(holds(html, "<h3>utt &amp; 1</h3><b>inside</b>"));
  EXPECT_TRUE(holds(html, "value=\"1 up\""));
}

TEST(HtmlPage, WordsCarryTheirTimes) {
  EXPECT_EQ(word_html("a", "sub", 1.0, 1.5),
            "<span class=\"w sub\" data-s=\"1.00\" data-e=\"1.50\" title=\"1.00 to 1.50 "
            "s\">a</span>");
  EXPECT_EQ(word_html("b", ""), "<span class=\"w\">b</span>");
}

TEST(HtmlPage, IsOneFileThatFetchesNothing) {
  HtmlPage page("A <title>", "sub");
  page.section("One & two");
  page.section("Three");
  const std::vector<float> samples(1600, 0.1F);
  page.add_html(audio_html({samples, 16'000}));
  page.add_html(image_html("\x89PNG", "a \"picture\""));
  const std::string html = page.html();
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(holds(html, "<title>A &lt;title&gt;</title>"));
  EXPECT_TRUE(holds(html, "<a href=\"#s0\">One &amp; two</a>"));
  EXPECT_TRUE(holds(html, "<h2 id=\"s1\">Three</h2>"));
  EXPECT_TRUE(holds(html, "src=\"data:audio/mpeg;base64,"));
  EXPECT_TRUE(holds(html, "alt=\"a &quot;picture&quot;\" src=\"data:image/png;base64,"));
  EXPECT_TRUE(holds(html, "default-src 'none'"));
  EXPECT_TRUE(holds(html, "prefers-color-scheme:dark"));
  for (const char* outside : {"http:", "https:", "//cdn", "url(", "@import"}) {
    EXPECT_FALSE(holds(html, outside)) << outside;
  }
}

TEST(HtmlPage, RatesThatMp3LacksAreResampled) {
  const std::vector<float> samples(4410, 0.1F);
  EXPECT_TRUE(holds(audio_html({samples, 44'056}), "data:audio/mpeg"));
  EXPECT_FALSE(holds(audio_html({{}, 16'000}), "<audio"));
}

TEST(HtmlPage, WritesAtOnce) {
  const auto path = std::filesystem::temp_directory_path() / "bivox_html_page_test.html";
  const HtmlPage page("T");
  page.write(path);
  EXPECT_EQ(read_file(path), page.html());
  std::filesystem::remove(path);
}

TEST(SvgPlot, TicksAreRoundAndCover) {
  EXPECT_EQ(round_ticks(0.0, 10.0, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(round_ticks(3.0, 47.0, 5), (std::vector<double>{0, 10, 20, 30, 40, 50}));
  EXPECT_EQ(round_ticks(-1.0, 1.0, 4), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
}

TEST(SvgPlot, LinesBarsAndPointsThatAreNoNumbers) {
  XyPlot plot;
  plot.title = "WER & noise";
  plot.x = {"SNR", false, false, {{0.0, "clean"}, {1.0, "20"}}};
  plot.y = {"WER %", false, true, {}};
  plot.series = {{"one", {{0.0, 10.0, 8.0, 12.0, "ten"}, {1.0, 20.0}}},
                 {"two", {{0.0, std::nan("")}, {1.0, 30.0}}}};
  const std::string svg = plot.svg();
  EXPECT_TRUE(holds(svg, "aria-label=\"WER &amp; noise\""));
  EXPECT_TRUE(holds(svg, "<title>ten</title>"));
  EXPECT_TRUE(holds(svg, ">clean</text>"));
  EXPECT_FALSE(holds(svg, "nan"));
  // The y axis begins at 0 at the bottom (252) and ends at 30 at the top (12); 10 is a third up.
  EXPECT_TRUE(holds(svg, "cy=\"172.0\""));
}

TEST(SvgPlot, LogarithmicAxesLeaveOutWhatHasNoLogarithm) {
  XyPlot plot;
  plot.x = {"hours", true, false, {}};
  plot.series = {{"one", {{0.0, 1.0}, {1.0, 2.0}, {10.0, 3.0}, {100.0, 4.0}}}};
  const std::string svg = plot.svg();
  EXPECT_FALSE(holds(svg, "inf"));
  EXPECT_TRUE(holds(svg, "cx=\"240.0\""));  // 10 is in the middle of 1 ... 100: (52 + 428) / 2
}

TEST(SvgPlot, BarsStandOnZero) {
  BarPlot plot;
  plot.y_title = "%";
  plot.series = {"a"};
  plot.groups = {"g"};
  plot.values = {{{10.0, 9.0, 11.0}}};
  const std::string svg = plot.svg();
  // Axis 0 ... 15 over 240 pixels: 160 for 10, its foot at 252.
  EXPECT_TRUE(holds(svg, "y=\"92.0\" width=\"44.0\" height=\"160.0\"")) << svg;
  plot.groups.clear();
  plot.values.clear();
  EXPECT_TRUE(holds(plot.svg(), "</svg>"));
}

}  // namespace
}  // namespace bivox
