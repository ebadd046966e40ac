#include "asr/transcript/textgrid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace bivox {
namespace {

using Tier = std::vector<TimedLabel>;

double rounded_us(double seconds) { return std::round(seconds * 1e6) / 1e6; }

// Labels in order -> intervals without gaps over [0, duration].
Tier tiled(const Tier& labels, double duration_s) {
  Tier intervals;
  double cursor = 0.0;
  for (const TimedLabel& label : labels) {
    const double start = std::max(rounded_us(label.start_s), cursor);
    const double end = std::min(rounded_us(label.end_s), duration_s);
    if (end <= start) continue;
    if (start > cursor) intervals.push_back({"", cursor, start});
    intervals.push_back({label.name, start, end});
    cursor = end;
  }
  if (cursor < duration_s || intervals.empty()) intervals.push_back({"", cursor, duration_s});
  return intervals;
}

// Praat doubles a quote inside of a string.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

void write_tier(std::ostream& out, int number, std::string_view name, const Tier& labels,
                double duration_s) {
  const Tier intervals = tiled(labels, duration_s);
  out << fmt::format(
      "    item [{}]:\n        class = \"IntervalTier\"\n        name = {}\n"
      "        xmin = 0\n        xmax = {}\n        intervals: size = {}\n",
      number, quoted(name), duration_s, intervals.size());
  for (size_t i = 0; i < intervals.size(); ++i) {
    const TimedLabel& interval = intervals[i];
    out << fmt::format(
        "        intervals [{}]:\n            xmin = {}\n            xmax = {}\n"
        "            text = {}\n",
        i + 1, interval.start_s, interval.end_s, quoted(interval.name));
  }
}

}  // namespace

void write_textgrid(std::ostream& out, const Transcript& transcript) {
  Tier words;
  Tier phones;
  Tier states;
  for (const TranscriptSegment& segment : transcript.segments) {
    for (const TranscriptWord& word : segment.words) {
      words.push_back(word);
      for (const TimedPhone& phone : word.phones) {
        phones.push_back(phone);
        states.insert(states.end(), phone.states.begin(), phone.states.end());
      }
    }
  }
  double duration_s = rounded_us(transcript.duration_s);
  // Labels past a rounded or unknown duration stay inside of the grid.
  if (!words.empty()) duration_s = std::max(duration_s, rounded_us(words.back().end_s));

  const int num_tiers = 1 + (phones.empty() ? 0 : 1) + (states.empty() ? 0 : 1);
  out << fmt::format(
      "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {}\n"
      "tiers? <exists>\nsize = {}\nitem []:\n",
      duration_s, num_tiers);
  write_tier(out, 1, "words", words, duration_s);
  if (!phones.empty()) write_tier(out, 2, "phones", phones, duration_s);
  if (!states.empty()) write_tier(out, num_tiers, "states", states, duration_s);
}

}  // namespace bivox
