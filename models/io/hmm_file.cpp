#include "models/io/hmm_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/json_text.h"
#include "models/topology.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;
using Subject = ContextQuestion::Subject;

// As HmmSet has them.
constexpr size_t kMaxPhones = 255;
constexpr int kMaxStatesPerHmm = 32;
constexpr size_t kMaxFillerWords = 1000;
constexpr float kUnlikely = -std::numeric_limits<float>::infinity();
constexpr const char* kPositions[] = {"internal", "begin", "end", "single"};
constexpr std::pair<Subject, const char*> kSubjects[] = {
    {Subject::kLeft, "left"}, {Subject::kRight, "right"}, {Subject::kPosition, "position"}};

template <class Scale, class Visit>
void visit_scale(Scale& scale, Visit&& visit) {
  visit("language_weight", scale.language_weight);
  visit("word_penalty", scale.word_penalty);
  visit("silence_penalty", scale.silence_penalty);
  visit("filler_penalty", scale.filler_penalty);
  visit("beam", scale.beam);
  visit("word_beam", scale.word_beam);
  visit("leaf_beam", scale.leaf_beam);
  visit("posterior_scale", scale.posterior_scale);
  visit("confidence_slope", scale.confidence_slope);
  visit("confidence_offset", scale.confidence_offset);
}

// Where the row of a phone's state begins in a transition matrix array.
size_t transition_row(PhoneId phone, int state, int states) {
  return (static_cast<size_t>(phone) * static_cast<size_t>(states) + static_cast<size_t>(state)) *
         static_cast<size_t>(states + 1);
}

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  HmmFile read(const Json& json) const;

 private:
  [[noreturn]] void fail(std::string_view key, std::string_view problem) const {
    throw Error(ErrorCode::kModel, fmt::format("{}: \"{}\": {}", source_, key, problem));
  }
  const Json& value(const Json& json, const char* key, Json::value_t type) const {
    const auto found = json.is_object() ? json.find(key) : json.end();
    if (found == json.end()) fail(key, "expected, but is not there");
    if (found->type() != type) {
      fail(key, fmt::format("found {}, expected {}", json_excerpt(*found), Json(type).type_name()));
    }
    return *found;
  }
  const std::string& text(const Json& json, const char* key) const {
    if (!json.is_string()) fail(key, fmt::format("found {}, expected a name", json_excerpt(json)));
    return json.get_ref<const std::string&>();
  }
  PhoneId phone(const Json& json, const char* key, const PhoneSet& phones) const {
    const auto found = phones.find(text(json, key));
    if (!found) fail(key, fmt::format("{} is not among the phones", json_excerpt(json)));
    return *found;
  }
  int whole(const Json& json, const char* key, int least, int most) const {
    if (!json.is_number_integer() || json.get<int64_t>() < least || json.get<int64_t>() > most ||
        (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(most))) {
      fail(key, fmt::format("found {}, expected a whole number from {} to {}", json_excerpt(json),
                            least, most));
    }
    return json.get<int>();
  }
  float number(const Json& json, const char* key) const {
    if (!json.is_number() || !std::isfinite(json.get<float>())) {
      fail(key, fmt::format("found {}, expected a finite number", json_excerpt(json)));
    }
    return json.get<float>();
  }

  PhoneSet read_phones(const Json& json) const;
  ContextQuestion read_question(const Json& json, const PhoneSet& phones) const;
  void read_trees(const Json& json, StateTree& tree) const;
  void read_transitions(const Json& json, HmmFile& hmm) const;
  void read_fillers(const Json& json, HmmFile& hmm) const;
  void read_scale(const Json& json, ScoreScale& scale) const;

  std::string_view source_;
};

PhoneSet Reader::read_phones(const Json& json) const {
  const Json& names = value(json, "phones", Json::value_t::array);
  const Json& fillers = value(json, "filler_phones", Json::value_t::array);
  if (names.empty() || names.size() > kMaxPhones) {
    fail("phones", fmt::format("{} names, expected 1 to {}", names.size(), kMaxPhones));
  }
  PhoneSet phones;
  for (const Json& name : names) {
    const std::string& known = text(name, "phones");
    if (known.empty() || phones.find(known)) {
      fail("phones", fmt::format("{} is empty or comes twice", json_excerpt(name)));
    }
    phones.add(known, std::ranges::find(fillers, name) != fillers.end());
  }
  if (fillers.empty()) fail("filler_phones", "expected at least silence");
  for (const Json& name : fillers) phone(name, "filler_phones", phones);
  return phones;
}

ContextQuestion Reader::read_question(const Json& json, const PhoneSet& phones) const {
  if (!json.is_object() || json.size() != 1) {
    fail("questions",
         fmt::format("found {}, expected left, right or position with a list", json_excerpt(json)));
  }
  ContextQuestion question;
  const std::string& key = json.begin().key();
  const auto* subject = std::ranges::find_if(kSubjects, [&](auto& s) { return s.second == key; });
  if (subject == std::end(kSubjects) || !json.begin()->is_array()) {
    fail("questions",
         fmt::format("found {}, expected left, right or position with a list", json_excerpt(json)));
  }
  question.subject = subject->first;
  if (question.subject == Subject::kPosition) {
    question.members.assign(std::size(kPositions), false);
    for (const Json& name : *json.begin()) {
      const auto* position = std::ranges::find(kPositions, text(name, "questions"));
      if (position == std::end(kPositions)) {
        fail("questions", fmt::format("unknown position {}", json_excerpt(name)));
      }
      question.members[static_cast<size_t>(position - kPositions)] = true;
    }
    return question;
  }
  question.members.assign(static_cast<size_t>(phones.size()), false);
  for (const Json& name : *json.begin()) {
    question.members[static_cast<size_t>(phone(name, "questions", phones))] = true;
  }
  return question;
}

void Reader::read_trees(const Json& json, StateTree& tree) const {
  for (const Json& question : value(json, "questions", Json::value_t::array)) {
    tree.add_question(read_question(question, tree.phones()));
  }
  constexpr int kMost = std::numeric_limits<int>::max();
  for (const Json& split : value(json, "splits", Json::value_t::array)) {
    if (!split.is_array() || split.size() != 4) {
      fail("splits",
           fmt::format("found {}, expected [centre, state, leaf, question]", json_excerpt(split)));
    }
    StateTree::Split wanted;
    wanted.centre = phone(split[0], "splits", tree.phones());
    wanted.state = static_cast<int16_t>(whole(split[1], "splits", 0, kMaxStatesPerHmm));
    wanted.leaf = whole(split[2], "splits", 0, kMost);
    wanted.question = whole(split[3], "splits", 0, kMost);
    if (!tree.can_split(wanted)) {
      fail("splits", fmt::format("{}: no such leaf or question", json_excerpt(split)));
    }
    tree.split(wanted.centre, wanted.state, wanted.leaf, wanted.question);
  }
}

void Reader::read_transitions(const Json& json, HmmFile& hmm) const {
  const Json& all = value(json, "transitions", Json::value_t::object);
  const PhoneSet& phones = hmm.tree.phones();
  const int states = hmm.tree.states_per_hmm();
  for (PhoneId p = 0; p < static_cast<PhoneId>(phones.size()); ++p) {
    const Json& rows = value(all, phones.name(p).c_str(), Json::value_t::array);
    if (rows.size() != static_cast<size_t>(states)) {
      fail("transitions",
           fmt::format("{}: {} rows for {} states", phones.name(p), rows.size(), states));
    }
    for (int state = 0; state < states; ++state) {
      const Json& row = rows[static_cast<size_t>(state)];
      if (!row.is_array() || row.size() != 3) {
        fail("transitions", fmt::format("{}: found {}, expected [ln stay, ln next, ln skip]",
                                        phones.name(p), json_excerpt(row)));
      }
      float* out = hmm.transitions.data() + transition_row(p, state, states);
      std::fill_n(out, states + 1, kUnlikely);
      bool leaves = false;
      for (int step = 0; step < 3; ++step) {
        const Json& found = row[static_cast<size_t>(step)];
        if (found.is_null()) continue;
        const float log_prob = number(found, "transitions");
        if (log_prob > 0.0F) fail("transitions", fmt::format("found ln probability {}", log_prob));
        if (state + step > states) fail("transitions", "skips out of the HMM");
        out[state + step] = log_prob;
        leaves = leaves || step > 0;
      }
      if (!leaves) {
        fail("transitions", fmt::format("{}: state {} is never left", phones.name(p), state));
      }
    }
  }
}

void Reader::read_fillers(const Json& json, HmmFile& hmm) const {
  hmm.fillers.clear();
  const Json& words = value(json, "filler_words", Json::value_t::array);
  if (words.size() > kMaxFillerWords) fail("filler_words", "too many");
  for (const Json& word : words) {
    FillerWord filler;
    filler.name = value(word, "word", Json::value_t::string).get<std::string>();
    filler.phone =
        phone(value(word, "phone", Json::value_t::string), "filler_words", hmm.tree.phones());
    if (filler.name.empty() || !hmm.tree.phones().is_filler(filler.phone)) {
      fail("filler_words",
           fmt::format("{}: expected a name and a filler phone", json_excerpt(word)));
    }
    hmm.fillers.push_back(std::move(filler));
  }
}

void Reader::read_scale(const Json& json, ScoreScale& scale) const {
  size_t known = 0;
  visit_scale(scale, [&](const char* key, float& field) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    field = number(*found, key);
    ++known;
  });
  if (known != json.size()) fail("score_scale", "has an unknown key");
  for (const float beam : {scale.beam, scale.word_beam, scale.leaf_beam, scale.language_weight,
                           scale.posterior_scale}) {
    if (!(beam > 0.0F)) fail("score_scale", "beams, weight and scale are above 0");
  }
}

HmmFile Reader::read(const Json& json) const {
  PhoneSet phones = read_phones(json);
  const int states = whole(value(json, "states_per_hmm", Json::value_t::number_unsigned),
                           "states_per_hmm", 1, kMaxStatesPerHmm);
  StateTree tree(std::move(phones), states);
  read_trees(json, tree);
  HmmFile hmm(std::move(tree));
  read_transitions(json, hmm);
  read_fillers(json, hmm);
  read_scale(value(json, "score_scale", Json::value_t::object), hmm.score_scale);
  return hmm;
}

Json question_json(const ContextQuestion& question, const PhoneSet& phones) {
  Json members = Json::array();
  for (size_t i = 0; i < question.members.size(); ++i) {
    if (!question.members[i]) continue;
    members.push_back(question.subject == Subject::kPosition
                          ? std::string(kPositions[i])
                          : phones.name(static_cast<PhoneId>(i)));
  }
  const auto* subject =
      std::ranges::find_if(kSubjects, [&](auto& s) { return s.first == question.subject; });
  return Json{{subject->second, std::move(members)}};
}

// One element a line where there are many: trees of 2,000 states fill 40 KB.
std::string lines_of(const Json& list, const char* open, const char* close) {
  std::string out = open;
  for (const auto& [key, element] : list.items()) {
    out += out.size() > 1 ? ",\n    " : "\n    ";
    if (list.is_object()) out += Json(key).dump() + ": ";
    out += element.dump();
  }
  return out + "\n  " + close;
}

}  // namespace

HmmFile::HmmFile(StateTree state_tree) : tree(std::move(state_tree)) {
  const std::vector<float> one = left_to_right_transitions({tree.states_per_hmm(), 0.6F, 0.0F});
  for (int p = 0; p < tree.phones().size(); ++p) {
    transitions.insert(transitions.end(), one.begin(), one.end());
  }
  fillers = {FillerWord{"<sil>", tree.phones().silence()}};
}

std::string write_hmm_json(const HmmFile& hmm) {
  const PhoneSet& phones = hmm.tree.phones();
  const int states = hmm.tree.states_per_hmm();
  BIVOX_CHECK(hmm.transitions.size() ==
              transition_row(static_cast<PhoneId>(phones.size()), 0, states));
  Json names = Json::array();
  Json filler_phones = Json::array();
  Json transitions = Json::object();
  for (PhoneId p = 0; p < static_cast<PhoneId>(phones.size()); ++p) {
    names.push_back(phones.name(p));
    if (phones.is_filler(p)) filler_phones.push_back(phones.name(p));
    Json rows = Json::array();
    for (int state = 0; state < states; ++state) {
      const float* row = hmm.transitions.data() + transition_row(p, state, states);
      Json steps = Json::array();
      for (int step = 0; step < 3; ++step) {
        const bool allowed = state + step <= states && std::isfinite(row[state + step]);
        steps.push_back(allowed ? json_number(row[state + step]) : Json());
      }
      rows.push_back(std::move(steps));
    }
    transitions[phones.name(p)] = std::move(rows);
  }
  Json questions = Json::array();
  for (int q = 0; q < hmm.tree.num_questions(); ++q) {
    questions.push_back(question_json(hmm.tree.question(q), phones));
  }
  Json splits = Json::array();
  for (const StateTree::Split& split : hmm.tree.splits()) {
    splits.push_back({phones.name(split.centre), split.state, split.leaf, split.question});
  }
  Json fillers = Json::array();
  for (const FillerWord& filler : hmm.fillers) {
    fillers.push_back({{"word", filler.name}, {"phone", phones.name(filler.phone)}});
  }
  Json scale = Json::object();
  visit_scale(hmm.score_scale,
              [&](const char* key, float field) { scale[key] = json_number(field); });
  return fmt::format(
      "{{\n  \"phones\": {},\n  \"filler_phones\": {},\n  \"states_per_hmm\": {},\n"
      "  \"filler_words\": {},\n  \"score_scale\": {},\n  \"transitions\": {},\n"
      "  \"questions\": {},\n  \"splits\": {}\n}}\n",
      names.dump(), filler_phones.dump(), states, fillers.dump(), scale.dump(),
      lines_of(transitions, "{", "}"), lines_of(questions, "[", "]"), lines_of(splits, "[", "]"));
}

HmmFile parse_hmm_json(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  if (!json.is_object()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected a JSON object", source));
  }
  return Reader(source).read(json);
}

}  // namespace bivox
