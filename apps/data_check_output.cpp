#include "apps/data_check_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "asr/evaluation/html_page.h"
#include "dsp/analysis/spectrogram_image.h"
#include "dsp/audio/audio_file.h"
#include "dsp/audio/resample.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSuspicious = 3.0;  // points
constexpr double kBadWordZ = -3.5;
constexpr size_t kTextColumns = 60;
constexpr size_t kTableRows = 20'000;    // of the page
constexpr double kPlayerSeconds = 60.0;  // of a recording, at most
constexpr int kPlayerRateHz = 16'000;

// No more of the text than fits, cut between characters of UTF-8.
std::string shortened(const std::string& text, size_t columns) {
  if (text.size() <= columns) return text;
  size_t end = columns - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

// Tabs and line ends would break a table's line.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

std::string names_of(const CheckedUtterance& checked) {
  std::string names;
  for (const Finding& finding : checked.findings) {
    names += (names.empty() ? "" : ",") + std::string(finding_name(finding.kind));
  }
  return names;
}

std::string details_of(const CheckedUtterance& checked) {
  std::string details;
  for (const Finding& finding : checked.findings) {
    details += fmt::format("{}{}{}{}", details.empty() ? "" : "; ", finding_name(finding.kind),
                           finding.detail.empty() ? "" : ": ", finding.detail);
  }
  return details;
}

size_t count_suspicious(const DataSetCheck& check) {
  return static_cast<size_t>(std::ranges::count_if(
      check.checked, [](const CheckedUtterance& c) { return c.suspicion >= kSuspicious; }));
}

std::string summary_of(const DataSetCheck& check) {
  return fmt::format("{} utterances, {:.2f} hours; {} suspicious ({:.1f} %)", check.facts.size(),
                     check.audio_s / 3600.0, count_suspicious(check),
                     100.0 * static_cast<double>(count_suspicious(check)) /
                         static_cast<double>(std::max<size_t>(1, check.facts.size())));
}

size_t rows_of(const DataSetCheck& check, size_t top) {
  return top == 0 ? check.checked.size() : std::min(top, check.checked.size());
}

}  // namespace

void write_check_table(std::ostream& out, const DataSetCheck& check, size_t top) {
  out << summary_of(check) << "\n\n";
  const std::vector<int> counts = count_findings(check.checked);
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] == 0) continue;
    out << fmt::format("{:>7}  {:<14} {}\n", counts[kind],
                       finding_name(static_cast<FindingKind>(kind)),
                       finding_meaning(static_cast<FindingKind>(kind)));
  }
  const size_t rows = top == 0 ? check.checked.size() : std::min(top, count_suspicious(check));
  if (rows == 0) return;
  size_t width = 2;
  for (size_t r = 0; r < rows; ++r) {
    width = std::max(width, check.facts[check.checked[r].index].id.size());
  }
  out << fmt::format("\n{:>6} {:>6}  {:<{}}  {:>7}  {}\n", "rank", "points", "id", width, "seconds",
                     "findings, text");
  for (size_t r = 0; r < rows; ++r) {
    const CheckedUtterance& checked = check.checked[r];
    const UtteranceFacts& facts = check.facts[checked.index];
    out << fmt::format("{:>6} {:>6.1f}  {:<{}}  {:>7.2f}  {}\n", r + 1, checked.suspicion, facts.id,
                       width, facts.audio.duration_s, one_line(details_of(checked)));
    out << fmt::format("{:>{}}{}\n", "", width + 26, one_line(shortened(facts.text, kTextColumns)));
  }
}

void write_check_tsv(std::ostream& out, const DataSetCheck& check,
                     const std::vector<UtteranceText>& utterances, size_t top) {
  out << "rank\tid\tpoints\tmisfit\tseconds\tphones_per_s\tfindings\tdetails\tpath\ttext\n";
  for (size_t r = 0; r < rows_of(check, top); ++r) {
    const CheckedUtterance& checked = check.checked[r];
    const UtteranceFacts& facts = check.facts[checked.index];
    out << fmt::format("{}\t{}\t{:.2f}\t{:.2f}\t{:.2f}\t{:.1f}\t{}\t{}\t{}\t{}\n", r + 1, facts.id,
                       checked.suspicion, checked.misfit, facts.audio.duration_s,
                       checked.phones_per_s, names_of(checked), one_line(details_of(checked)),
                       utterances[checked.index].audio.string(), one_line(facts.text));
  }
}

void write_check_json(std::ostream& out, const DataSetCheck& check,
                      const std::vector<UtteranceText>& utterances, size_t top) {
  Json document;
  document["utterances"] = check.facts.size();
  document["audio_s"] = check.audio_s;
  document["suspicious"] = count_suspicious(check);
  const std::vector<int> counts = count_findings(check.checked);
  document["findings"] = Json::object();
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    document["findings"][std::string(finding_name(static_cast<FindingKind>(kind)))] = counts[kind];
  }
  document["worst_first"] = Json::array();
  for (size_t r = 0; r < rows_of(check, top); ++r) {
    const CheckedUtterance& checked = check.checked[r];
    const UtteranceFacts& facts = check.facts[checked.index];
    Json one;
    one["rank"] = r + 1;
    one["id"] = facts.id;
    one["path"] = utterances[checked.index].audio.string();
    if (!facts.speaker.empty()) one["speaker"] = facts.speaker;
    one["points"] = checked.suspicion;
    one["misfit"] = checked.misfit;
    one["phones_per_s"] = checked.phones_per_s;
    one["findings"] = Json::array();
    for (const Finding& finding : checked.findings) {
      one["findings"].push_back({{"kind", finding_name(finding.kind)},
                                 {"severity", finding.severity},
                                 {"detail", finding.detail}});
    }
    one["text"] = facts.text;
    const AudioFacts& audio = facts.audio;
    one["audio"] = {{"seconds", audio.duration_s},
                    {"rate_hz", audio.sample_rate_hz},
                    {"peak", audio.peak},
                    {"clipped_share", audio.clipped_share},
                    {"speech_level_db", audio.speech_level_db},
                    {"noise_level_db", audio.noise_level_db},
                    {"speech_s", audio.speech_s},
                    {"bandwidth_hz", audio.bandwidth_hz}};
    one["words"] = Json::array();
    for (const WordFit& word : checked.words) {
      one["words"].push_back({{"word", facts.words[static_cast<size_t>(word.word)]},
                              {"start_s", word.start_s},
                              {"end_s", word.end_s},
                              {"z", word.z}});
    }
    document["worst_first"].push_back(std::move(one));
  }
  // Texts may be of any encoding; what is not UTF-8 is replaced.
  out << document.dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

namespace {

std::string card_html(const DataSetCheck& check, const CheckedUtterance& checked,
                      const UtteranceText& utterance) {
  const UtteranceFacts& facts = check.facts[checked.index];
  std::string html = "<ul>";
  for (const Finding& finding : checked.findings) {
    html += fmt::format("<li><b>{}</b> {}</li>", html_escape(finding_name(finding.kind)),
                        html_escape(finding.detail));
  }
  html += "</ul>";
  if (checked.words.empty()) {
    html += "<p>" + html_escape(facts.text) + "</p>";
  } else {
    html += "<p>";
    for (const WordFit& word : checked.words) {
      html += word_html(facts.words[static_cast<size_t>(word.word)],
                        word.z < kBadWordZ ? "sub" : "", word.start_s, word.end_s) +
              " ";
    }
    html += "</p>";
  }
  if (facts.unreadable.empty()) {
    try {
      AudioBuffer audio = resample(read_audio(utterance.audio), kPlayerRateHz);
      const auto most = static_cast<size_t>(kPlayerSeconds * kPlayerRateHz);
      if (audio.samples.size() > most) audio.samples.resize(most);
      html += audio_html(audio) + image_html(spectrogram_png(audio), "spectrogram");
    } catch (const Error& error) {
      html += "<p>" + html_escape(error.message()) + "</p>";
    }
  }
  html += fmt::format(
      "<p class=\"soft\">{:.2f} s, {} Hz, speech {:.0f} dB, noise {:.0f} dB, {:.1f} phones a "
      "second, misfit {:.1f}{}{}<br>{}</p>",
      facts.audio.duration_s, facts.audio.sample_rate_hz, facts.audio.speech_level_db,
      facts.audio.noise_level_db, checked.phones_per_s, checked.misfit,
      facts.speaker.empty() ? "" : ", speaker ", html_escape(facts.speaker),
      html_escape(utterance.audio.string()));
  return html;
}

HtmlTable findings_table(const DataSetCheck& check) {
  HtmlTable table;
  table.columns = {{"utterances", true}, {"finding"}, {"meaning"}};
  const std::vector<int> counts = count_findings(check.checked);
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] == 0) continue;
    table.rows.push_back({HtmlCell::number(counts[kind], std::to_string(counts[kind])),
                          HtmlCell::text(finding_name(static_cast<FindingKind>(kind))),
                          HtmlCell::text(finding_meaning(static_cast<FindingKind>(kind)))});
  }
  return table;
}

HtmlTable utterance_table(const DataSetCheck& check) {
  HtmlTable table;
  table.filter = true;
  table.columns = {{"rank", true},
                   {"points", true, "3 and more is suspicious, 10 is useless"},
                   {"id"},
                   {"speaker"},
                   {"seconds", true},
                   {"misfit", true, "how much worse the text fits than others"},
                   {"phones/s", true},
                   {"findings"},
                   {"text"}};
  for (size_t r = 0; r < std::min(kTableRows, check.checked.size()); ++r) {
    const CheckedUtterance& checked = check.checked[r];
    const UtteranceFacts& facts = check.facts[checked.index];
    const auto number = [](double value, int digits) {
      return HtmlCell::number(value, fmt::format("{:.{}f}", value, digits));
    };
    table.rows.push_back({number(static_cast<double>(r + 1), 0), number(checked.suspicion, 1),
                          HtmlCell::text(facts.id), HtmlCell::text(facts.speaker),
                          number(facts.audio.duration_s, 2), number(checked.misfit, 1),
                          number(checked.phones_per_s, 1), HtmlCell::text(names_of(checked)),
                          HtmlCell::text(shortened(facts.text, 2 * kTextColumns))});
  }
  return table;
}

}  // namespace

void write_check_page(const std::filesystem::path& path, const DataSetCheck& check,
                      const std::vector<UtteranceText>& utterances, size_t players) {
  HtmlPage page("Data check", summary_of(check));
  page.section("Findings");
  page.add(findings_table(check));
  page.section("Worst first");
  page.paragraph(
      "Coloured words fit badly. A click on a word plays from there. Three points are suspicious, "
      "ten make an utterance useless.");
  HtmlCards cards;
  cards.orders = {"points", "misfit", "phones a second", "seconds", "level"};
  for (size_t r = 0; r < std::min(players, check.checked.size()); ++r) {
    const CheckedUtterance& checked = check.checked[r];
    const UtteranceFacts& facts = check.facts[checked.index];
    cards.cards.push_back(
        {fmt::format("{}. {} ({:.1f} points)", r + 1, facts.id, checked.suspicion),
         card_html(check, checked, utterances[checked.index]),
         {checked.suspicion, checked.misfit, checked.phones_per_s, facts.audio.duration_s,
          facts.audio.speech_level_db}});
  }
  page.add(cards);
  page.section("All utterances");
  if (check.checked.size() > kTableRows) {
    page.paragraph(fmt::format("The {} worst of {}.", kTableRows, check.checked.size()));
  }
  page.add(utterance_table(check));
  page.write(path);
}

}  // namespace bivox
