#include "tts/text/ssml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "dsp/core/error.h"
#include "tts/text/characters.h"
#include "tts/text/clean_text.h"
#include "tts/text/say_as.h"

namespace bivox {
namespace {

constexpr size_t kMaxDepth = 100;
constexpr float kMaxPause = 60.0F;

struct Attribute {
  std::string name;
  std::string value;
  size_t at = 0;
};

struct Element {
  std::string name;
  std::vector<Attribute> attributes;
  size_t at = 0;       ///< Of the tag in the input.
  ProsodyStyle style;  ///< Within it.
};

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

template <class Value, size_t N>
std::optional<Value> value_named(const std::array<Named<Value>, N>& table, std::string_view name) {
  for (const Named<Value>& entry : table) {
    if (entry.name == name) return entry.value;
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The number that `text` begins with, and the rest; nullopt where there is none.
std::optional<std::pair<float, std::string_view>> number_and_rest(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  float value = 0.0F;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return std::pair{value, text.substr(static_cast<size_t>(end - text.data()))};
}

std::vector<std::string> split_blanks(std::string_view text) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && (is_blank(text[at]) || text[at] == '.' || text[at] == '-')) ++at;
    const size_t begin = at;
    while (at < text.size() && !is_blank(text[at]) && text[at] != '.' && text[at] != '-') ++at;
    if (at > begin) parts.emplace_back(text.substr(begin, at - begin));
  }
  return parts;
}

class SsmlReader {
 public:
  SsmlReader(std::string_view input, const Normalizer& normalizer)
      : input_(input), normalizer_(normalizer) {}

  MarkedText run() {
    if (input_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < input_.size()) {
      if (input_[at_] == '<') {
        markup();
      } else {
        characters();
      }
    }
    if (!open_.empty()) {
      fail(open_.back().at, fmt::format("<{}> is never closed", open_.back().name));
    }
    if (!seen_root_) fail(0, "there is no <speak>");
    out_.source.push_back(static_cast<uint32_t>(input_.size()));
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(size_t at, const std::string& what) const {
    const std::string_view before = input_.substr(0, std::min(at, input_.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t newline = before.rfind('\n');
    const size_t column = newline == std::string_view::npos ? at + 1 : at - newline;
    throw Error(ErrorCode::kInput, fmt::format("SSML line {}, column {}: {}", line, column, what),
                "mend the markup, or give the text without <speak> to read it as it is");
  }

  // --- What is spoken --------------------------------------------------------------------------

  const ProsodyStyle& style() const {
    static const ProsodyStyle kPlain;
    return open_.empty() ? kPlain : open_.back().style;
  }

  void styled(size_t begin) {
    if (style() == ProsodyStyle() || out_.text.size() == begin) return;
    if (!out_.styles.empty() && out_.styles.back().end == begin &&
        out_.styles.back().style == style()) {
      out_.styles.back().end = out_.text.size();
    } else {
      out_.styles.push_back({begin, out_.text.size(), style()});
    }
  }

  void put_text(std::string_view text, size_t source) {
    if (captured_depth_ > 0) {
      if (captured_.empty()) captured_at_ = source;
      captured_ += text;
      return;
    }
    if (open_.empty()) {
      if (!trimmed(text).empty()) fail(source, "text outside of <speak>");
      return;
    }
    const size_t begin = out_.text.size();
    append_characters(text, source, out_);
    styled(begin);
  }

  void put_plain(std::string_view text, size_t source) {
    out_.text += text;
    out_.source.resize(out_.text.size(), static_cast<uint32_t>(source));
    out_.source_end.resize(out_.text.size(), static_cast<uint32_t>(source));
  }

  void end_sentence(size_t source) {
    if (captured_depth_ == 0 && !out_.text.empty() && out_.text.back() != '\n') {
      put_plain("\n", source);
    }
  }

  void put_atom(TextAtom atom) {
    if (atom.words.empty() && atom.phones.empty()) return;
    const size_t begin = out_.text.size();
    put_plain({&kAtomMark, 1}, atom.source_begin);
    out_.atoms.push_back(std::move(atom));
    styled(begin);
  }

  // --- The syntax --------------------------------------------------------------------------------

  void characters() {
    const size_t end = std::min(input_.find_first_of("<&", at_), input_.size());
    if (end > at_) put_text(input_.substr(at_, end - at_), at_);
    at_ = end;
    if (at_ < input_.size() && input_[at_] == '&') {
      const size_t begin = at_;
      put_text(entity(), begin);
    }
  }

  /// The characters of the entity at at_, which moves behind it.
  std::string entity() {
    const size_t semicolon = input_.substr(at_, 12).find(';');
    if (semicolon == std::string_view::npos) {
      fail(at_, "'&' begins no entity; write &amp; for the sign itself");
    }
    const std::string_view name = input_.substr(at_ + 1, semicolon - 1);
    static constexpr std::array<Named<std::string_view>, 5> kNamed = {
        {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}};
    const size_t begin = at_;
    at_ += semicolon + 1;
    if (const auto known = value_named(kNamed, name)) return std::string(*known);
    if (name.starts_with('#')) {
      const bool hex = name.size() > 1 && name[1] == 'x';
      const std::string_view digits = name.substr(hex ? 2 : 1);
      uint32_t code = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (error == std::errc() && end == digits.data() + digits.size() && code > 0 &&
          code <= 0x10FFFF && !(code >= 0xD800 && code < 0xE000)) {
        return utf8(code);
      }
    }
    fail(begin, fmt::format("&{}; is no entity that is known here", name));
  }

  static std::string utf8(uint32_t code) {
    std::string text;
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0U | (code >> 6U));
      text += static_cast<char>(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
      text += static_cast<char>(0xE0U | (code >> 12U));
      text += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
      text += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
      text += static_cast<char>(0xF0U | (code >> 18U));
      text += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
      text += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
      text += static_cast<char>(0x80U | (code & 0x3FU));
    }
    return text;
  }

  void skip_to(std::string_view end, std::string_view what) {
    const size_t found = input_.find(end, at_);
    if (found == std::string_view::npos) fail(at_, fmt::format("{} does not end", what));
    at_ = found + end.size();
  }

  void markup() {
    const std::string_view rest = input_.substr(at_);
    if (rest.starts_with("<!--")) return skip_to("-->", "a comment");
    if (rest.starts_with("<?")) return skip_to("?>", "a processing instruction");
    if (rest.starts_with("<![CDATA[")) {
      const size_t begin = at_ + 9;
      skip_to("]]>", "CDATA");
      return put_text(input_.substr(begin, at_ - 3 - begin), begin);
    }
    if (rest.starts_with("<!")) {
      const size_t begin = at_;
      skip_to(">", "a declaration");
      if (input_.substr(begin, at_ - begin).find('[') != std::string_view::npos) {
        fail(begin, "document types with definitions are not read");
      }
      return;
    }
    if (rest.starts_with("</")) return end_tag();
    start_tag();
  }

  static bool is_name_character(char c) {
    return is_alnum(c) || c == '-' || c == '_' || c == ':' || c == '.' || c < 0;
  }

  std::string_view name() {
    const size_t begin = at_;
    while (at_ < input_.size() && is_name_character(input_[at_])) ++at_;
    return input_.substr(begin, at_ - begin);
  }

  void skip_blanks() {
    while (at_ < input_.size() && is_blank(input_[at_])) ++at_;
  }

  void end_tag() {
    const size_t begin = at_;
    at_ += 2;
    const std::string_view closed = name();
    skip_blanks();
    if (at_ >= input_.size() || input_[at_] != '>') fail(begin, "a closing tag without '>'");
    ++at_;
    if (open_.empty()) fail(begin, fmt::format("</{}> closes nothing", closed));
    if (open_.back().name != closed) {
      fail(begin, fmt::format("</{}> where </{}> is expected", closed, open_.back().name));
    }
    end_element(at_);
  }

  void start_tag() {
    const size_t begin = at_++;
    Element element;
    element.at = begin;
    element.name = name();
    if (element.name.empty()) fail(begin, "'<' begins no tag; write &lt; for the sign itself");
    bool closed = false;
    while (true) {
      skip_blanks();
      if (at_ >= input_.size()) fail(begin, fmt::format("the tag <{}> does not end", element.name));
      if (input_[at_] == '>') {
        ++at_;
        break;
      }
      if (input_.substr(at_, 2) == "/>") {
        at_ += 2;
        closed = true;
        break;
      }
      element.attributes.push_back(attribute());
      if (element.attributes.size() > kMaxDepth) fail(begin, "too many attributes");
    }
    if (open_.size() >= kMaxDepth)
      fail(begin, fmt::format("more than {} elements inside of each other", kMaxDepth));
    if (open_.empty()) {
      if (element.name != "speak")
        fail(begin, fmt::format("<{}> outside of <speak>", element.name));
      if (seen_root_) fail(begin, "a second <speak>");
      seen_root_ = true;
    }
    begin_element(std::move(element));
    if (closed) end_element(at_);
  }

  Attribute attribute() {
    Attribute result;
    result.at = at_;
    result.name = name();
    if (result.name.empty()) fail(at_, "an attribute's name is expected");
    skip_blanks();
    if (at_ >= input_.size() || input_[at_] != '=') {
      fail(result.at, fmt::format("the attribute {} has no value", result.name));
    }
    ++at_;
    skip_blanks();
    if (at_ >= input_.size() || (input_[at_] != '"' && input_[at_] != '\'')) {
      fail(result.at, fmt::format("the value of {} stands without quotes", result.name));
    }
    const char quote = input_[at_++];
    while (at_ < input_.size() && input_[at_] != quote) {
      if (input_[at_] == '<') fail(at_, fmt::format("'<' in the value of {}", result.name));
      if (input_[at_] == '&') {
        result.value += entity();
      } else {
        result.value += input_[at_++];
      }
    }
    if (at_ >= input_.size())
      fail(result.at, fmt::format("the value of {} does not end", result.name));
    ++at_;
    return result;
  }

  // --- The elements ------------------------------------------------------------------------------

  const Attribute* find(const Element& element, std::string_view attribute_name) const {
    for (const Attribute& attribute : element.attributes) {
      if (attribute.name == attribute_name) return &attribute;
    }
    return nullptr;
  }

  [[noreturn]] void bad_value(const Attribute& attribute, std::string_view expected) const {
    fail(attribute.at,
         fmt::format("{}=\"{}\"; expected {}", attribute.name, attribute.value, expected));
  }

  static bool is_captured(std::string_view element) {
    return element == "say-as" || element == "sub" || element == "phoneme";
  }

  void begin_element(Element element) {
    element.style = style();
    if (captured_depth_ > 0) {
      ++captured_depth_;
    } else if (is_captured(element.name)) {
      captured_depth_ = 1;
      captured_.clear();
      captured_at_ = at_;
    } else if (element.name == "p" || element.name == "s") {
      end_sentence(element.at);
    } else if (element.name == "prosody") {
      prosody(element);
    } else if (element.name == "emphasis") {
      const Attribute* level = find(element, "level");
      element.style.emphasis =
          level == nullptr || (level->value != "none" && level->value != "reduced");
    } else if (element.name == "break") {
      pause(element);
    } else if (element.name == "mark") {
      const Attribute* mark = find(element, "name");
      if (mark == nullptr || mark->value.empty()) fail(element.at, "<mark> without a name");
      out_.events.push_back({out_.text.size(), std::nullopt, mark->value});
    }
    open_.push_back(std::move(element));
  }

  void end_element(size_t end) {
    const Element element = std::move(open_.back());
    open_.pop_back();
    if (captured_depth_ > 0) {
      if (--captured_depth_ == 0) captured(element, end);
      return;
    }
    if (element.name == "p" || element.name == "s") end_sentence(end);
  }

  void captured(const Element& element, size_t end) {
    TextAtom atom;
    atom.source_begin = element.at;
    atom.source_end = end;
    MarkedText plain;
    append_characters(captured_, captured_at_, plain);
    const std::string_view content = trimmed(plain.text);
    std::string words;
    if (element.name == "sub") {
      const Attribute* alias = find(element, "alias");
      if (alias == nullptr) fail(element.at, "<sub> without an alias");
      words = normalizer_.words_of(alias->value);
    } else if (element.name == "say-as") {
      const Attribute* as = find(element, "interpret-as");
      const Attribute* format = find(element, "format");
      if (as == nullptr) fail(element.at, "<say-as> without interpret-as");
      words = say_as_words(as->value, format != nullptr ? format->value : "", content, normalizer_);
    } else {
      atom.phones = phoneme(element);
      words = content;
      if (words.empty()) words = "phonemes";
      atom.words.push_back(words);
      return put_atom(std::move(atom));
    }
    size_t at = 0;
    while (at < words.size()) {
      const size_t blank = std::min(words.find(' ', at), words.size());
      if (blank > at) atom.words.push_back(words.substr(at, blank - at));
      at = blank + 1;
    }
    put_atom(std::move(atom));
  }

  std::vector<std::string> phoneme(const Element& element) const {
    const Attribute* ph = find(element, "ph");
    if (ph == nullptr) fail(element.at, "<phoneme> without ph");
    const Attribute* alphabet = find(element, "alphabet");
    const std::string_view name = alphabet != nullptr ? std::string_view(alphabet->value) : "ipa";
    static constexpr std::array<std::string_view, 4> kCmu = {"x-cmu", "cmu", "x-arpabet",
                                                             "arpabet"};
    if (std::find(kCmu.begin(), kCmu.end(), name) != kCmu.end()) {
      std::vector<std::string> phones = split_blanks(ph->value);
      for (std::string& phone : phones) {
        std::transform(phone.begin(), phone.end(), phone.begin(), to_upper);
      }
      if (!are_phones(phones)) bad_value(*ph, "ARPAbet phones with a vowel, as \"HH AH0 L OW1\"");
      return phones;
    }
    if (name != "ipa") bad_value(*alphabet, "ipa or x-cmu");
    std::string unknown;
    std::vector<std::string> phones = phones_of_ipa(ph->value, unknown);
    if (!unknown.empty()) bad_value(*ph, fmt::format("sounds of English; '{}' is none", unknown));
    if (!are_phones(phones)) bad_value(*ph, "at least one vowel");
    return phones;
  }

  void pause(const Element& element) {
    float seconds = 0.4F;
    if (const Attribute* strength = find(element, "strength")) {
      static constexpr std::array<Named<float>, 6> kStrengths = {{{"none", 0.0F},
                                                                  {"x-weak", 0.1F},
                                                                  {"weak", 0.2F},
                                                                  {"medium", 0.4F},
                                                                  {"strong", 0.7F},
                                                                  {"x-strong", 1.2F}}};
      const auto known = value_named(kStrengths, strength->value);
      if (!known) bad_value(*strength, "none, x-weak, weak, medium, strong or x-strong");
      seconds = *known;
    }
    if (const Attribute* time = find(element, "time")) {
      const auto number = number_and_rest(trimmed(time->value));
      if (!number || number->first < 0.0F || (number->second != "s" && number->second != "ms")) {
        bad_value(*time, "a time as 500ms or 1.5s");
      }
      seconds = number->second == "s" ? number->first : number->first / 1000.0F;
      if (seconds > kMaxPause) bad_value(*time, "at most 60s");
    }
    out_.events.push_back({out_.text.size(), seconds, {}});
    // "one<break/>two" are two words.
    put_plain(" ", element.at);
  }

  void prosody(Element& element) {
    if (const Attribute* rate = find(element, "rate")) {
      static constexpr std::array<Named<float>, 6> kRates = {{{"x-slow", 0.5F},
                                                              {"slow", 0.75F},
                                                              {"medium", 1.0F},
                                                              {"default", 1.0F},
                                                              {"fast", 1.4F},
                                                              {"x-fast", 1.8F}}};
      float factor = 1.0F;
      if (const auto known = value_named(kRates, rate->value)) {
        factor = *known;
      } else {
        const std::string_view value = trimmed(rate->value);
        const auto number = number_and_rest(value);
        if (!number || (number->second != "%" && !number->second.empty())) {
          bad_value(*rate, "x-slow to x-fast, a percentage or a factor");
        }
        const bool change = value.starts_with('+') || value.starts_with('-');
        factor =
            number->second == "%" ? number->first / 100.0F + (change ? 1.0F : 0.0F) : number->first;
      }
      if (!(factor >= 0.2F && factor <= 5.0F)) bad_value(*rate, "20% to 500%");
      element.style.rate = std::clamp(element.style.rate * factor, 0.2F, 5.0F);
    }
    if (const Attribute* pitch = find(element, "pitch")) {
      static constexpr std::array<Named<float>, 6> kPitches = {{{"x-low", -6.0F},
                                                                {"low", -3.0F},
                                                                {"medium", 0.0F},
                                                                {"default", 0.0F},
                                                                {"high", 3.0F},
                                                                {"x-high", 6.0F}}};
      float semitones = 0.0F;
      if (const auto known = value_named(kPitches, pitch->value)) {
        semitones = *known;
      } else {
        const auto number = number_and_rest(trimmed(pitch->value));
        if (!number || (number->second != "%" && number->second != "st")) {
          bad_value(*pitch, "x-low to x-high, semitones (+2st) or a percentage (+10%)");
        }
        const bool percent = number->second == "%";
        if (percent && number->first <= -100.0F) bad_value(*pitch, "more than -100%");
        semitones = percent ? 12.0F * std::log2(1.0F + number->first / 100.0F) : number->first;
      }
      if (!(std::abs(semitones) <= 24.0F)) bad_value(*pitch, "two octaves at most");
      element.style.pitch_semitones =
          std::clamp(element.style.pitch_semitones + semitones, -24.0F, 24.0F);
    }
    if (const Attribute* volume = find(element, "volume")) {
      static constexpr std::array<Named<float>, 7> kVolumes = {{{"silent", -100.0F},
                                                                {"x-soft", -12.0F},
                                                                {"soft", -6.0F},
                                                                {"medium", 0.0F},
                                                                {"default", 0.0F},
                                                                {"loud", 4.0F},
                                                                {"x-loud", 8.0F}}};
      float decibels = 0.0F;
      if (const auto known = value_named(kVolumes, volume->value)) {
        decibels = *known;
      } else {
        const auto number = number_and_rest(trimmed(volume->value));
        if (!number || number->second != "dB" || !(std::abs(number->first) <= 100.0F)) {
          bad_value(*volume, "silent, x-soft to x-loud or decibels (+6dB)");
        }
        decibels = number->first;
      }
      element.style.volume_db = std::clamp(element.style.volume_db + decibels, -100.0F, 100.0F);
    }
  }

  std::string_view input_;
  const Normalizer& normalizer_;
  size_t at_ = 0;
  bool seen_root_ = false;
  std::vector<Element> open_;
  size_t captured_depth_ = 0;  // elements open from the one whose content is captured on
  std::string captured_;
  size_t captured_at_ = 0;
  MarkedText out_;
};

}  // namespace

bool looks_like_ssml(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  if (text.starts_with("<?xml")) return true;
  return text.starts_with("<speak") && text.size() > 6 &&
         (text[6] == '>' || text[6] == '/' || is_blank(text[6]));
}

MarkedText read_ssml(std::string_view text, const Normalizer& normalizer) {
  if (text.size() >= std::numeric_limits<uint32_t>::max()) {
    throw Error(ErrorCode::kInput,
                fmt::format("a text of {} bytes; at most 4 GiB can be read", text.size()));
  }
  return SsmlReader(text, normalizer).run();
}

std::vector<std::string> phones_of_ipa(std::string_view ipa, std::string& unknown) {
  // The longer of two signs that begin alike comes first.
  static constexpr std::array<Named<std::string_view>, 63> kSigns = {{
      {"tʃ", "CH"}, {"t͡ʃ", "CH"}, {"dʒ", "JH"}, {"d͡ʒ", "JH"}, {"aʊ", "AW"}, {"aɪ", "AY"},
      {"eɪ", "EY"}, {"oʊ", "OW"}, {"əʊ", "OW"}, {"ɔɪ", "OY"}, {"ɝ", "ER"},  {"ɚ", "ER"},
      {"ɜr", "ER"}, {"ɜɹ", "ER"}, {"ɜ", "ER"},  {"ər", "ER"}, {"əɹ", "ER"}, {"ɑ", "AA"},
      {"ɒ", "AA"},  {"æ", "AE"},  {"ʌ", "AH"},  {"ə", "AH"},  {"ɐ", "AH"},  {"ɔ", "AO"},
      {"ɛ", "EH"},  {"e", "EY"},  {"ɪ", "IH"},  {"ɨ", "IH"},  {"i", "IY"},  {"o", "OW"},
      {"ʊ", "UH"},  {"u", "UW"},  {"a", "AA"},  {"b", "B"},   {"d", "D"},   {"ð", "DH"},
      {"f", "F"},   {"ɡ", "G"},   {"g", "G"},   {"h", "HH"},  {"k", "K"},   {"l", "L"},
      {"ɫ", "L"},   {"m", "M"},   {"n", "N"},   {"ŋ", "NG"},  {"p", "P"},   {"ɹ", "R"},
      {"r", "R"},   {"s", "S"},   {"ʃ", "SH"},  {"t", "T"},   {"ɾ", "D"},   {"θ", "TH"},
      {"v", "V"},   {"w", "W"},   {"j", "Y"},   {"z", "Z"},   {"ʒ", "ZH"},  {"ʔ", "T"},
      {"ˈ", "1"},   {"ˌ", "2"},   {"'", "1"},
  }};
  static constexpr std::array<std::string_view, 8> kNothing = {"ː", ".", " ", "͡",
                                                               "ʰ", "̩",  "/", "ˑ"};
  std::vector<std::string> phones;
  char stress = '0';
  bool marked = false;
  unknown.clear();
  while (!ipa.empty()) {
    const auto sign = std::find_if(kSigns.begin(), kSigns.end(),
                                   [&](const auto& entry) { return ipa.starts_with(entry.name); });
    if (sign == kSigns.end()) {
      const auto nothing =
          std::find_if(kNothing.begin(), kNothing.end(),
                       [&](std::string_view entry) { return ipa.starts_with(entry); });
      if (nothing == kNothing.end()) {
        unknown = ipa.substr(0, first_character(ipa).length);
        return {};
      }
      ipa.remove_prefix(nothing->size());
      continue;
    }
    ipa.remove_prefix(sign->name.size());
    if (sign->value == "1" || sign->value == "2") {
      stress = sign->value[0];
      marked = true;
      continue;
    }
    std::string phone(sign->value);
    static constexpr std::string_view kVowelLetters = "AEIOU";
    if (kVowelLetters.find(phone[0]) != std::string_view::npos) {
      phone += stress;
      stress = '0';
    }
    phones.push_back(std::move(phone));
  }
  if (!marked) {
    for (std::string& phone : phones) {
      if (phone.back() == '0') {
        phone.back() = '1';
        break;
      }
    }
  }
  return phones;
}

}  // namespace bivox
