// Plots as inline SVG for HtmlPage: lines with error bars, scatter, and bars.
//
// Colours come from the page's style, so that plots follow light and dark; each series has a shape
// of its own beside its colour. Sizes suit a phone: text stays readable at 330 pixels of width.
// Points that are not finite are left out. Thread rule: pure functions.
// Test: tests/asr/evaluation/svg_plot_test.cpp.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace bivox {

struct PlotPoint {
  double x = 0.0;
  double y = 0.0;
  /// Ends of the error bar; not a number: none.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  std::string label = {};  ///< Shown when the pointer rests on the point.
};

struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;
  bool line = true;  ///< Points joined in their order; false: scatter.
};

struct PlotAxis {
  std::string title;
  bool logarithmic = false;  ///< Base 10; values <= 0 are left out.
  bool from_zero = false;    ///< The axis includes 0.
  /// Marks in the place of the computed ones: value and text.
  std::vector<std::pair<double, std::string>> ticks;
};

struct XyPlot {
  std::string title;  ///< For those who do not see the plot.
  PlotAxis x;
  PlotAxis y;
  std::vector<PlotSeries> series;
  bool diagonal = false;  ///< The line y = x, for one system against another.

  std::string svg() const;
};

/// Groups of bars, one bar a series: values[group][series].
struct BarPlot {
  struct Bar {
    double value = 0.0;
    double low = std::numeric_limits<double>::quiet_NaN();
    double high = std::numeric_limits<double>::quiet_NaN();
  };
  std::string title;
  std::string y_title;
  std::vector<std::string> series;
  std::vector<std::string> groups;
  bool colour_groups = false;  ///< With one series: each group has the colour of a series.
  std::vector<std::vector<Bar>> values;

  std::string svg() const;
};

/// Round numbers that cover [low, high], about `count` of them: steps of 1, 2 or 5 times 10^n.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace bivox
