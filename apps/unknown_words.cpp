#include "apps/unknown_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "apps/model_finder.h"
#include "dsp/core/error.h"
#include "models/lexicon/g2p.h"

namespace bivox {
namespace {

// Of one word; less likely ones than this share of the best confuse more than they help.
constexpr int kMaxPronunciations = 3;
constexpr float kLikelyShare = 0.3F;

// Nothing where the acoustic model lacks a phone.
std::vector<PhoneId> phones_of(const G2pResult& result, const PhoneSet& phones) {
  std::vector<PhoneId> ids;
  for (const std::string& name : result.phones) {
    const std::optional<PhoneId> id = phones.find_dropping_stress(name);
    if (!id) return {};
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace

CompletedWords complete_lexicon(Lexicon& lexicon, const PhoneSet& phones,
                                std::span<const std::string> words) {
  CompletedWords completed;
  std::shared_ptr<const G2pModel> model;
  for (const std::string& word : words) {
    if (lexicon.find(word)) continue;
    if (model == nullptr) {
      try {
        model = G2pModel::load(find_bundled_model("g2p-en"));
      } catch (const Error& error) {
        throw Error(error.code(),
                    fmt::format("'{}' is not in the dictionary, and nothing can pronounce it: {}",
                                word, error.message()),
                    error.hint());
      }
    }
    float best = 0.0F;
    for (const G2pResult& result : model->pronounce(word, kMaxPronunciations)) {
      const std::vector<PhoneId> ids = phones_of(result, phones);
      if (ids.empty() || result.confidence < kLikelyShare * best) continue;
      if (best == 0.0F) {
        completed.pronounced.push_back({word, result.phones, result.confidence});
        best = result.confidence;
      }
      lexicon.add(word, ids);
    }
    if (!lexicon.find(word) && std::find(completed.silent.begin(), completed.silent.end(), word) ==
                                   completed.silent.end()) {
      completed.silent.push_back(word);
    }
  }
  return completed;
}

std::string describe(std::span<const PronouncedWord> words, size_t count) {
  std::string text;
  for (const PronouncedWord& word : words.first(std::min(count, words.size()))) {
    text +=
        fmt::format("{}{} ({})", text.empty() ? "" : ", ", word.word, fmt::join(word.phones, " "));
  }
  if (words.size() > count) text += fmt::format(" and {} more", words.size() - count);
  return text;
}

}  // namespace bivox
