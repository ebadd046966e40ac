#include "asr/evaluation/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "asr/evaluation/html_page.h"
#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr double kWidth = 440.0;
constexpr double kHeight = 300.0;
constexpr double kLeft = 52.0;
constexpr double kRight = 428.0;
constexpr double kTop = 12.0;
constexpr double kBottom = 252.0;
constexpr double kLegendLine = 16.0;
constexpr size_t kNumColours = 8;

std::string colour(size_t series) { return fmt::format("var(--c{})", series % kNumColours); }

// An axis from values to places in the drawing.
class Scale {
 public:
  Scale(double low, double high, double begin, double end, bool logarithmic)
      : low_(low), high_(high), begin_(begin), end_(end), logarithmic_(logarithmic) {}

  bool shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0.0); }
  double operator()(double value) const {
    const double v = logarithmic_ ? std::log10(value) : value;
    return begin_ + (end_ - begin_) * (v - low_) / (high_ - low_);
  }

 private:
  double low_;  // log10 of the value where logarithmic
  double high_;
  double begin_;
  double end_;
  bool logarithmic_;
};

struct Axis {
  Scale scale;
  std::vector<std::pair<double, std::string>> ticks;
};

std::string tick_text(double value) {
  return std::fabs(value) < 1e-12 ? "0" : fmt::format("{:.6g}", value);
}

Axis make_axis(const PlotAxis& axis, std::vector<double> values, double begin, double end) {
  std::erase_if(values,
                [&](double v) { return !std::isfinite(v) || (axis.logarithmic && v <= 0.0); });
  if (axis.logarithmic) {
    for (double& value : values) value = std::log10(value);
  } else if (axis.from_zero) {
    values.push_back(0.0);
  }
  double low = 0.0;
  double high = 1.0;
  if (!values.empty()) {
    low = *std::min_element(values.begin(), values.end());
    high = *std::max_element(values.begin(), values.end());
  }
  if (high - low < 1e-9 * std::max(1.0, std::fabs(high))) {
    low -= axis.from_zero ? 0.0 : 0.5;
    high += 0.5;
  }
  std::vector<std::pair<double, std::string>> ticks = axis.ticks;
  if (ticks.empty() && axis.logarithmic) {
    for (double power = std::floor(low); power <= std::ceil(high); ++power) {
      for (const double step : {1.0, 2.0, 5.0}) {
        const double value = step * std::pow(10.0, power);
        const double place = std::log10(value);
        if (place < low - 0.1 || place > high + 0.1) continue;
        if (high - low > 3.0 && step > 1.0) continue;
        ticks.emplace_back(value, tick_text(value));
        low = std::min(low, place);
        high = std::max(high, place);
      }
    }
  } else if (ticks.empty()) {
    for (const double value : round_ticks(low, high, 5))
      ticks.emplace_back(value, tick_text(value));
    low = std::min(low, ticks.front().first);
    high = std::max(high, ticks.back().first);
  } else {
    // Room at both sides, so that points at the ends do not lie on the frame.
    const double room = 0.06 * (high - low);
    low -= room;
    high += room;
  }
  return {Scale(low, high, begin, end, axis.logarithmic), std::move(ticks)};
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view text,
                    std::string_view more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor,
                     more, html_escape(text));
}

std::string line_at(double x0, double y0, double x1, double y1, std::string_view attributes) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>", x0, y0,
                     x1, y1, attributes);
}

// One shape a series, so that colours are not all there is to tell them apart.
std::string marker(size_t series, double x, double y, double size) {
  const std::string fill = fmt::format("fill=\"{}\"", colour(series));
  switch (series % 4) {
    case 0:
      return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" {}>", x, y, size, fill);
    case 1:
      return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\" {}>", x - size,
                         y - size, 2 * size, 2 * size, fill);
    case 2:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l{} {}h{}z\" {}>", x, y - 1.3 * size, 1.2 * size,
                         2.2 * size, -2.4 * size, fill);
    default:
      return fmt::format("<path d=\"M{:.1f} {:.1f}l{} {}l{} {}l{} {}z\" {}>", x, y - 1.4 * size,
                         1.4 * size, 1.4 * size, -1.4 * size, 1.4 * size, -1.4 * size, -1.4 * size,
                         fill);
  }
}

std::string_view marker_end(size_t series) {
  constexpr std::string_view kEnds[] = {"</circle>", "</rect>", "</path>", "</path>"};
  return kEnds[series % 4];
}

std::string error_bar(double x, double y0, double y1, std::string_view stroke) {
  const std::string style = fmt::format("stroke=\"{}\" stroke-width=\"1.3\"", stroke);
  return line_at(x, y0, x, y1, style) + line_at(x - 3, y0, x + 3, y0, style) +
         line_at(x - 3, y1, x + 3, y1, style);
}

std::string open_svg(std::string_view title, size_t legend_lines) {
  return fmt::format("<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">", kWidth,
                     kHeight + kLegendLine * static_cast<double>(legend_lines), html_escape(title));
}

std::string y_axis(const Axis& axis, std::string_view title) {
  std::string out;
  for (const auto& [value, text] : axis.ticks) {
    if (!axis.scale.shows(value)) continue;
    const double y = axis.scale(value);
    out += line_at(kLeft, y, kRight, y, "class=\"g\"") +
           text_at(kLeft - 6, y + 4, "end", text, " class=\"t\"");
  }
  out += text_at(0, 0, "middle", title,
                 fmt::format(" class=\"t\" transform=\"translate(12 {:.0f}) rotate(-90)\"",
                             (kTop + kBottom) / 2));
  return out;
}

// Names below the plot, one a line: a phone has no room beside it.
std::string legend(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    const double y = kHeight + kLegendLine * static_cast<double>(i) + 4;
    out += marker(i, kLeft + 6, y - 4, 4.0) + std::string(marker_end(i)) +
           text_at(kLeft + 18, y, "start", names[i]);
  }
  return out;
}

std::string series_svg(const PlotSeries& series, size_t index, const Axis& x, const Axis& y) {
  std::string path;
  std::string marks;
  for (const PlotPoint& point : series.points) {
    if (!x.scale.shows(point.x) || !y.scale.shows(point.y)) continue;
    const double px = x.scale(point.x);
    const double py = y.scale(point.y);
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", px, py);
    if (y.scale.shows(point.low) && y.scale.shows(point.high)) {
      marks += error_bar(px, y.scale(point.low), y.scale(point.high), colour(index));
    }
    marks += marker(index, px, py, series.line ? 3.5 : 3.0);
    marks += fmt::format(
        "<title>{}</title>{}",
        html_escape(point.label.empty()
                        ? fmt::format("{}: {:.4g}, {:.4g}", series.name, point.x, point.y)
                        : point.label),
        marker_end(index));
  }
  std::string out;
  if (series.line && !path.empty()) {
    out = fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>", path,
                      colour(index));
  }
  return out + (series.line ? marks : "<g fill-opacity=\"0.65\">" + marks + "</g>");
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  BIVOX_CHECK(count > 0 && std::isfinite(low) && std::isfinite(high) && low <= high);
  if (low == high) high = low + 1.0;
  const double raw = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10.0 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1.0 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string XyPlot::svg() const {
  std::vector<double> xs;
  std::vector<double> ys;
  std::vector<std::string> names;
  for (const PlotSeries& one : series) {
    names.push_back(one.name);
    for (const PlotPoint& point : one.points) {
      xs.push_back(point.x);
      for (const double value : {point.y, point.low, point.high}) ys.push_back(value);
    }
  }
  const Axis x_axis = make_axis(x, std::move(xs), kLeft, kRight);
  const Axis vertical = make_axis(y, std::move(ys), kBottom, kTop);
  std::string out = open_svg(title, names.size() > 1 ? names.size() : 0);
  out += y_axis(vertical, y.title);
  for (const auto& [value, text] : x_axis.ticks) {
    if (!x_axis.scale.shows(value)) continue;
    const double px = x_axis.scale(value);
    if (px < kLeft - 1 || px > kRight + 1) continue;
    out += line_at(px, kBottom, px, kBottom + 4, "class=\"a\"") +
           text_at(px, kBottom + 17, "middle", text, " class=\"t\"");
  }
  out += line_at(kLeft, kBottom, kRight, kBottom, "class=\"a\"");
  out += text_at((kLeft + kRight) / 2, kBottom + 34, "middle", x.title, " class=\"t\"");
  if (diagonal) {
    const double from = std::max(x_axis.ticks.front().first, vertical.ticks.front().first);
    const double to = std::min(x_axis.ticks.back().first, vertical.ticks.back().first);
    if (from < to) {
      out += line_at(x_axis.scale(from), vertical.scale(from), x_axis.scale(to), vertical.scale(to),
                     "class=\"a\" stroke-dasharray=\"4 4\"");
    }
  }
  for (size_t i = 0; i < series.size(); ++i) out += series_svg(series[i], i, x_axis, vertical);
  if (names.size() > 1) out += legend(names);
  return out + "</svg>";
}

std::string BarPlot::svg() const {
  BIVOX_CHECK(values.size() == groups.size());
  std::vector<double> ys = {0.0};
  for (const std::vector<Bar>& group : values) {
    BIVOX_CHECK(group.size() == series.size());
    for (const Bar& bar : group) {
      for (const double value : {bar.value, bar.low, bar.high}) ys.push_back(value);
    }
  }
  const Axis vertical = make_axis({y_title, false, true, {}}, std::move(ys), kBottom, kTop);
  std::string out = open_svg(title, series.size() > 1 ? series.size() : 0);
  out += y_axis(vertical, y_title);
  const double group_width =
      (kRight - kLeft) / static_cast<double>(std::max<size_t>(1, groups.size()));
  const double bar_width =
      std::min(46.0, 0.8 * group_width / static_cast<double>(std::max<size_t>(1, series.size())));
  // Names of groups that would run into each other take turns on two lines.
  const bool crowded = std::any_of(groups.begin(), groups.end(), [&](const std::string& name) {
    return 6.5 * static_cast<double>(name.size()) > group_width;
  });
  for (size_t g = 0; g < groups.size(); ++g) {
    const double middle = kLeft + group_width * (static_cast<double>(g) + 0.5);
    out += text_at(middle, kBottom + 17 + (crowded && g % 2 == 1 ? 14 : 0), "middle", groups[g],
                   " class=\"t\"");
    for (size_t s = 0; s < series.size(); ++s) {
      const Bar& bar = values[g][s];
      if (!vertical.scale.shows(bar.value)) continue;
      const double left =
          middle + bar_width * (static_cast<double>(s) - 0.5 * static_cast<double>(series.size()));
      const double y0 = vertical.scale(0.0);
      const double y1 = vertical.scale(bar.value);
      out += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" "
          "fill-opacity=\"0.85\"><title>{}: {:.4g}</title></rect>",
          left + 1, std::min(y0, y1), std::max(1.0, bar_width - 2), std::fabs(y0 - y1),
          colour(colour_groups ? g : s), html_escape(groups[g] + ", " + series[s]), bar.value);
      if (vertical.scale.shows(bar.low) && vertical.scale.shows(bar.high)) {
        out += error_bar(left + bar_width / 2, vertical.scale(bar.low), vertical.scale(bar.high),
                         "var(--fg)");
      }
    }
  }
  out += line_at(kLeft, vertical.scale(0.0), kRight, vertical.scale(0.0), "class=\"a\"");
  if (series.size() > 1) out += legend(series);
  return out + "</svg>";
}

}  // namespace bivox
