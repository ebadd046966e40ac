#include "asr/transcript/captions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <span>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// Code points, not bytes: continuation bytes of UTF-8 are not counted.
int characters(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Greedy filling; it uses the fewest lines that are possible for this width.
std::vector<std::string> fill_lines(std::span<const TranscriptWord> words, int width) {
  std::vector<std::string> lines;
  int used = 0;
  for (const TranscriptWord& word : words) {
    const int length = characters(word.name);
    if (!lines.empty() && used + 1 + length <= width) {
      lines.back() += ' ' + word.name;
      used += 1 + length;
    } else {
      lines.push_back(word.name);
      used = length;
    }
  }
  return lines;
}

// The narrowest width that still needs no more lines gives the most even ones.
std::vector<std::string> even_lines(std::span<const TranscriptWord> words, int width) {
  std::vector<std::string> best = fill_lines(words, width);
  for (int narrower = width - 1; narrower > 0; --narrower) {
    std::vector<std::string> lines = fill_lines(words, narrower);
    if (lines.size() > best.size()) break;
    best = std::move(lines);
  }
  return best;
}

std::string clock_time(double seconds, char decimal_mark) {
  const int64_t ms = std::llround(std::max(seconds, 0.0) * 1e3);
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     decimal_mark, ms % 1000);
}

std::string escape_vtt(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::vector<Caption> make_captions(const Transcript& transcript, const CaptionOptions& options) {
  BIVOX_CHECK(options.max_line_characters > 0 && options.max_lines > 0 &&
              options.max_duration_s > 0.0);
  std::vector<Caption> captions;
  for (const TranscriptSegment& segment : transcript.segments) {
    const std::span<const TranscriptWord> words = segment.words;
    size_t begin = 0;
    while (begin < words.size()) {
      size_t end = begin + 1;
      while (end < words.size() &&
             words[end].end_s - words[begin].start_s <= options.max_duration_s &&
             static_cast<int>(
                 fill_lines(words.subspan(begin, end + 1 - begin), options.max_line_characters)
                     .size()) <= options.max_lines) {
        ++end;
      }
      Caption caption;
      caption.start_s = words[begin].start_s;
      // One word can be longer than the limit, when a pause was taken for a part of it.
      caption.end_s = std::min(words[end - 1].end_s, caption.start_s + options.max_duration_s);
      caption.lines = even_lines(words.subspan(begin, end - begin), options.max_line_characters);
      captions.push_back(std::move(caption));
      begin = end;
    }
  }
  return captions;
}

void write_srt(std::ostream& out, const std::vector<Caption>& captions) {
  int number = 0;
  for (const Caption& caption : captions) {
    out << fmt::format("{}\n{} --> {}\n", ++number, clock_time(caption.start_s, ','),
                       clock_time(caption.end_s, ','));
    for (const std::string& line : caption.lines) out << line << '\n';
    out << '\n';
  }
}

void write_vtt(std::ostream& out, const std::vector<Caption>& captions) {
  out << "WEBVTT\n\n";
  for (const Caption& caption : captions) {
    out << fmt::format("{} --> {}\n", clock_time(caption.start_s, '.'),
                       clock_time(caption.end_s, '.'));
    for (const std::string& line : caption.lines) out << escape_vtt(line) << '\n';
    out << '\n';
  }
}

}  // namespace bivox
