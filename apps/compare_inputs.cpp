#include "apps/compare_inputs.h"

#include <fmt/format.h>

#include <cmath>
#include <sstream>
#include <unordered_map>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// "0003/age6" as speechocean762 has it: the class of age of what stands behind "age".
std::string age_class(const std::string& speaker) {
  const size_t at = speaker.rfind("/age");
  if (at == std::string::npos) return "";
  int age = 0;
  try {
    age = std::stoi(speaker.substr(at + 4));
  } catch (const std::exception&) {
    return "";
  }
  if (age < 10) return "under 10";
  if (age < 18) return "10 to 17";
  return age < 40 ? "18 to 39" : "40 and over";
}

}  // namespace

std::vector<ComparedUtterance> compared_utterances(const std::vector<UtteranceText>& utterances,
                                                   const TextNormalization& normalization) {
  std::vector<ComparedUtterance> result;
  for (const UtteranceText& utterance : utterances) {
    ComparedUtterance one;
    one.id = utterance.id;
    one.speaker = utterance.speaker;
    one.reference = normalize_text(utterance.text, normalization);
    if (!utterance.gender.empty()) one.traits["gender"] = utterance.gender;
    const std::string age = age_class(utterance.speaker);
    if (!age.empty()) one.traits["age"] = age;
    result.push_back(std::move(one));
  }
  return result;
}

std::pair<std::string, std::string> split_name(const std::string& text, std::string_view option) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
    throw Error(ErrorCode::kUsage, fmt::format("{} {}: expected NAME=FILE", option, text));
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

SystemRun read_hypotheses(const std::string& name, const std::string& path,
                          const std::vector<UtteranceText>& utterances,
                          const TextNormalization& normalization, Console& console) {
  const std::vector<UtteranceText> lines = read_utterance_texts(path);
  std::unordered_map<std::string_view, const UtteranceText*> by_id;
  for (const UtteranceText& line : lines) by_id[line.id] = &line;
  SystemRun run;
  run.hypotheses.name = name;
  run.measures.name = name;
  run.measures.model = path;
  run.measures.kind = "file of hypotheses";
  size_t missing = 0;
  for (const UtteranceText& utterance : utterances) {
    const auto found = by_id.find(utterance.id);
    SystemHypothesis hypothesis;
    if (found == by_id.end()) {
      ++missing;
      hypothesis.failure = "not in " + path;
    } else {
      hypothesis.words = hypothesis_words(found->second->text, normalization);
    }
    run.hypotheses.utterances.push_back(std::move(hypothesis));
  }
  if (missing == utterances.size()) {
    throw Error(
        ErrorCode::kInput,
        fmt::format("{}: has none of the {} utterances (its first id is {}, theirs {})", path,
                    utterances.size(), lines.empty() ? "none" : lines[0].id, utterances[0].id));
  }
  if (missing > 0) {
    console.warning(fmt::format("{}: {} of {} utterances are missing; counted as deletions", path,
                                missing, utterances.size()));
  }
  return run;
}

std::vector<double> parse_ratios(const std::string& text, bool& clean) {
  std::vector<double> ratios;
  clean = false;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (part == "clean") {
      clean = true;
      continue;
    }
    try {
      size_t used = 0;
      const double ratio = std::stod(part, &used);
      if (used == part.size() && std::isfinite(ratio)) {
        ratios.push_back(ratio);
        continue;
      }
    } catch (const std::exception&) {
      // Said below.
    }
    throw Error(ErrorCode::kUsage, fmt::format("--snr: '{}' is no ratio", part),
                "give decibels and the word clean, such as clean,20,10,0");
  }
  return ratios;
}

Noises read_noises(const std::string& noise, const std::string& unseen_noise, int rate_hz) {
  Noises noises;
  if (noise.empty()) {
    if (!unseen_noise.empty()) {
      noises.pools.emplace_back(unseen_noise, "", "", rate_hz);
      noises.last_unseen = true;
    }
    return noises;
  }
  const bool is_class = !unseen_noise.empty() && noise_has_class(noise, unseen_noise);
  noises.pools.emplace_back(noise, "", is_class ? unseen_noise : "", rate_hz);
  if (is_class) {
    noises.pools.emplace_back(noise, unseen_noise, "", rate_hz);
  } else if (!unseen_noise.empty()) {
    noises.pools.emplace_back(unseen_noise, "", "", rate_hz);
  }
  noises.last_unseen = !unseen_noise.empty();
  return noises;
}

}  // namespace bivox
