#include "asr/evaluation/utterance_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>

#include "asr/evaluation/word_errors.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

struct Line {
  size_t number = 0;  // 1-based
  std::string_view text;
};

std::vector<Line> split_lines(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);  // byte order mark
  std::vector<Line> lines;
  for (size_t number = 1; !content.empty(); ++number) {
    const size_t end = content.find('\n');
    std::string_view text = content.substr(0, end);
    if (text.ends_with('\r')) text.remove_suffix(1);
    lines.push_back({number, text});
    if (end == std::string_view::npos) break;
    content.remove_prefix(end + 1);
  }
  return lines;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string_view> split_tabs(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t tab = line.find('\t');
    fields.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return fields;
    line.remove_prefix(tab + 1);
  }
}

bool is_comment(std::string_view line) { return line.starts_with(";;"); }

// `text (id)` -> id and text.
std::optional<UtteranceText> parse_trn(std::string_view line) {
  line = trimmed(line);
  const size_t open = line.rfind('(');
  if (!line.ends_with(')') || open == std::string_view::npos) return std::nullopt;
  const std::string_view id = trimmed(line.substr(open + 1, line.size() - open - 2));
  if (id.empty() || id.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
  return UtteranceText{std::string(id), std::string(trimmed(line.substr(0, open))), "", ""};
}

bool is_manifest_header(std::string_view line) {
  const std::vector<std::string_view> names = split_tabs(line);
  return names[0] == "id" && std::find(names.begin(), names.end(), "text") != names.end();
}

UtteranceForm guess_form(const std::vector<Line>& lines) {
  if (!lines.empty() && is_manifest_header(lines[0].text)) return UtteranceForm::kManifest;
  bool all_trn = true;
  bool all_tabs = true;
  bool all_ids = true;
  std::set<std::string_view> firsts;
  size_t count = 0;
  for (const Line& line : lines) {
    if (is_blank(line.text)) continue;
    if (is_comment(line.text)) continue;
    ++count;
    all_trn = all_trn && parse_trn(line.text).has_value();
    all_tabs = all_tabs && line.text.find('\t') != std::string_view::npos;
    const std::string_view text = trimmed(line.text);
    const std::string_view first = text.substr(0, text.find_first_of(" \t"));
    all_ids = all_ids && first.find_first_of("0123456789") != std::string_view::npos &&
              firsts.insert(first).second;
  }
  if (count == 0) return UtteranceForm::kText;
  if (all_trn) return UtteranceForm::kTrn;
  return all_tabs || all_ids ? UtteranceForm::kIdText : UtteranceForm::kText;
}

[[noreturn]] void fail(const std::filesystem::path& name, size_t line, std::string_view reason,
                       std::string hint = "") {
  throw Error(ErrorCode::kInput, fmt::format("{}:{}: {}", name.string(), line, reason),
              std::move(hint));
}

// A manifest's columns may stand in any order; only id and text are needed.
class ManifestReader {
 public:
  ManifestReader(const Line& header, const std::filesystem::path& name) : name_(name) {
    const std::vector<std::string_view> names = split_tabs(header.text);
    for (size_t i = 0; i < names.size(); ++i) columns_[std::string(names[i])] = i;
    if (!columns_.contains("id") || !columns_.contains("text")) {
      fail(name, header.number, "expected a header line with the columns id and text",
           "a manifest begins with: id path split speaker gender seconds text (tab-separated)");
    }
    num_columns_ = names.size();
  }

  // The utterance of a line, unless it is of another split.
  std::optional<UtteranceText> read(const Line& line, std::string_view split) const {
    const std::vector<std::string_view> fields = split_tabs(line.text);
    if (fields.size() != num_columns_) {
      fail(name_, line.number, fmt::format("{} columns, expected {}", fields.size(), num_columns_),
           "columns are separated by single tabs");
    }
    if (!split.empty() && field(fields, "split") != split) return std::nullopt;
    UtteranceText utterance;
    utterance.id = field(fields, "id");
    utterance.text = trimmed(field(fields, "text"));
    utterance.speaker = field(fields, "speaker");
    utterance.gender = field(fields, "gender");
    const std::string_view path = field(fields, "path");
    if (!path.empty()) utterance.audio = name_.parent_path() / path;
    return utterance;
  }

 private:
  std::string_view field(const std::vector<std::string_view>& fields, const char* column) const {
    const auto found = columns_.find(column);
    return found == columns_.end() ? std::string_view() : fields[found->second];
  }

  const std::filesystem::path& name_;
  std::map<std::string, size_t, std::less<>> columns_;
  size_t num_columns_ = 0;
};

UtteranceText read_line(const Line& line, UtteranceForm form, const std::filesystem::path& name) {
  if (form == UtteranceForm::kTrn) {
    std::optional<UtteranceText> utterance = parse_trn(line.text);
    if (!utterance) fail(name, line.number, "expected the form `text (id)`");
    return *std::move(utterance);
  }
  if (form == UtteranceForm::kIdText) {
    const std::string_view text =
        line.text.substr(std::min(line.text.find_first_not_of(" \t"), line.text.size()));
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    return {std::string(text.substr(0, end)), std::string(trimmed(text.substr(end))), "", ""};
  }
  return {std::to_string(line.number), std::string(trimmed(line.text)), "", ""};
}

}  // namespace

std::vector<UtteranceText> parse_utterance_texts(std::string_view content,
                                                 const std::filesystem::path& name,
                                                 UtteranceForm form, std::string_view split) {
  const std::vector<Line> lines = split_lines(content);
  if (form == UtteranceForm::kAuto) form = guess_form(lines);
  std::optional<ManifestReader> manifest;
  if (form == UtteranceForm::kManifest) {
    manifest.emplace(lines.empty() ? Line{1, ""} : lines[0], name);
  }
  std::vector<UtteranceText> utterances;
  std::unordered_set<std::string> ids;
  for (const Line& line : lines) {
    // An empty line of plain text is an utterance without words; elsewhere it is nothing.
    if (form != UtteranceForm::kText && is_blank(line.text)) continue;
    if (form == UtteranceForm::kTrn && is_comment(line.text)) continue;
    std::optional<UtteranceText> utterance;
    if (manifest) {
      if (line.number == 1) continue;
      utterance = manifest->read(line, split);
      if (!utterance) continue;
    } else {
      utterance = read_line(line, form, name);
    }
    if (!ids.insert(utterance->id).second) {
      fail(name, line.number, fmt::format("the id {} comes a second time", utterance->id));
    }
    utterances.push_back(*std::move(utterance));
  }
  if (utterances.empty() && !split.empty() && manifest) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: no utterance has the split '{}'", name.string(), split));
  }
  return utterances;
}

std::vector<UtteranceText> read_utterance_texts(const std::filesystem::path& path,
                                                UtteranceForm form, std::string_view split) {
  return parse_utterance_texts(read_file(path), path, form, split);
}

UtteranceForm parse_utterance_form(std::string_view name) {
  if (name == "auto") return UtteranceForm::kAuto;
  if (name == "trn") return UtteranceForm::kTrn;
  if (name == "id-text") return UtteranceForm::kIdText;
  if (name == "manifest") return UtteranceForm::kManifest;
  if (name == "text") return UtteranceForm::kText;
  throw Error(ErrorCode::kUsage, fmt::format("unknown form of texts '{}'", name),
              "use one of: auto, trn, id-text, manifest, text");
}

}  // namespace bivox
