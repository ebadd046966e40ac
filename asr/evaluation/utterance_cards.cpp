// The utterances of a comparison, one card each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "asr/evaluation/comparison_report.h"
#include "dsp/analysis/spectrogram_image.h"

namespace bivox {
namespace {

constexpr double kPixelsASecond = 100.0;

// The words of a system, errors coloured, with the words that it left out in their places.
std::string words_html(const ComparedUtterance& utterance, const SystemHypothesis& hypothesis,
                       const std::vector<AlignedPair>& alignment) {
  const auto reference = split_words(utterance.reference);
  std::string out;
  for (const AlignedPair& pair : alignment) {
    if (!out.empty()) out += ' ';
    if (pair.hypothesis < 0) {
      out += word_html(reference[static_cast<size_t>(pair.reference)], "del");
      continue;
    }
    const HypothesisWord& word = hypothesis.words[static_cast<size_t>(pair.hypothesis)];
    const char* kind = pair.correct ? "" : pair.reference < 0 ? "ins" : "sub";
    out += word_html(word.text, kind, word.start_s, word.end_s);
  }
  if (!hypothesis.failure.empty()) {
    out += fmt::format(" <span class=\"bad\">{}</span>", html_escape(hypothesis.failure));
  }
  return out;
}

// The same words where they were heard, below the spectrogram.
std::string strip_html(std::string_view system, const SystemHypothesis& hypothesis,
                       const std::vector<AlignedPair>& alignment, double duration_s) {
  std::string out;
  for (const AlignedPair& pair : alignment) {
    if (pair.hypothesis < 0) continue;
    const HypothesisWord& word = hypothesis.words[static_cast<size_t>(pair.hypothesis)];
    if (word.start_s < 0.0) continue;
    const char* kind = pair.correct ? "" : pair.reference < 0 ? " ins" : " sub";
    out += fmt::format(
        "<span class=\"w{0}\" data-s=\"{1:.2f}\" data-e=\"{2:.2f}\" title=\"{5}: {1:.2f} to "
        "{2:.2f} "
        "s\" style=\"left:{3:.2f}%;width:{4:.2f}%\">{5}</span>",
        kind, word.start_s, word.end_s, 100.0 * word.start_s / duration_s,
        100.0 * (word.end_s - word.start_s) / duration_s, html_escape(word.text));
  }
  if (out.empty()) return "";
  return fmt::format("<div class=\"who\">{}</div><div class=\"strip\">{}</div>",
                     html_escape(system), out);
}

}  // namespace

ReportSection utterance_section(const Comparison& comparison, const UtteranceCardOptions& options) {
  ReportSection section;
  section.title = "Utterances";
  section.introduction =
      "Click a word or the picture to hear it from there. Red: another word; underlined: too many; "
      "struck out: left out.";
  const size_t num_systems = comparison.systems.size();
  section.cards.orders = {"difference of errors"};
  for (const SystemErrors& system : comparison.systems) {
    section.cards.orders.push_back("errors of " + system.name);
  }
  section.cards.orders.emplace_back("length");

  const size_t count = comparison.utterances.size();
  std::vector<int64_t> difference(count, 0);
  std::vector<int64_t> errors(count, 0);
  for (size_t i = 0; i < count; ++i) {
    int64_t fewest = INT64_MAX;
    int64_t most = 0;
    for (const SystemErrors& system : comparison.systems) {
      fewest = std::min(fewest, system.words[i].errors());
      most = std::max(most, system.words[i].errors());
      errors[i] += system.words[i].errors();
    }
    difference[i] = num_systems > 0 ? most - fewest : 0;
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) {
    return difference[x] != difference[y] ? difference[x] > difference[y] : errors[x] > errors[y];
  });

  for (size_t rank = 0; rank < count; ++rank) {
    const size_t i = order[rank];
    const ComparedUtterance& utterance = comparison.utterances[i];
    HtmlCards::Card card;
    card.title = utterance.id;
    card.keys.push_back(static_cast<double>(difference[i]));
    for (const SystemErrors& system : comparison.systems) {
      card.keys.push_back(static_cast<double>(system.words[i].errors()));
    }
    card.keys.push_back(utterance.duration_s);

    std::string facts = fmt::format("{:.2f} s", utterance.duration_s);
    if (!utterance.speaker.empty()) facts += ", speaker " + utterance.speaker;
    for (const auto& [trait, value] : utterance.traits) facts += ", " + trait + " " + value;
    card.html = "<p class=\"soft\">" + html_escape(facts) + "</p>";
    if (options.audio != nullptr && rank < options.max_clips) {
      const AudioBuffer audio = options.audio(utterance);
      if (!audio.samples.empty()) {
        card.html += audio_html(audio);
        // As wide as words need to be read; narrow screens scroll it.
        card.html += fmt::format(
            "<div class=\"time\"><div class=\"in\" data-d=\"{:.3f}\" style=\"min-width:{:.0f}px\">",
            audio.duration_s(), kPixelsASecond * audio.duration_s());
        card.html += image_html(spectrogram_png(audio), "spectrogram of " + utterance.id);
        for (size_t s = 0; s < num_systems; ++s) {
          card.html +=
              strip_html(comparison.systems[s].name, comparison.hypotheses[s].utterances[i],
                         comparison.systems[s].alignments[i], audio.duration_s());
        }
        card.html += "<i class=\"head\"></i></div></div>";
      }
    }
    card.html += "<div class=\"lines\"><b>reference</b><span>" + html_escape(utterance.reference) +
                 "</span>";
    for (size_t s = 0; s < num_systems; ++s) {
      const ErrorCounts& words = comparison.systems[s].words[i];
      card.html += fmt::format("<b>{} ({})</b><span>{}</span>",
                               html_escape(comparison.systems[s].name), words.errors(),
                               words_html(utterance, comparison.hypotheses[s].utterances[i],
                                          comparison.systems[s].alignments[i]));
    }
    card.html += "</div>";
    section.cards.cards.push_back(std::move(card));
  }
  return section;
}

}  // namespace bivox
