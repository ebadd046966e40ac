#include "models/lm/kneser_ney.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

/// How many n-grams of an order have a = 1, 2, 3, 4.
struct CountsOfCounts {
  std::array<uint64_t, 5> of = {};
  void add(uint32_t count) {
    if (count < of.size()) ++of[count];
  }
};

std::optional<Discounts> estimate_discounts(const CountsOfCounts& counts, std::string& reason) {
  const auto t = [&](size_t j) { return static_cast<double>(counts.of[j]); };
  for (size_t j = 1; j <= 3; ++j) {
    if (counts.of[j] == 0) {
      reason = fmt::format("none of them has the adjusted count {}", j);
      return std::nullopt;
    }
  }
  const double y = t(1) / (t(1) + 2.0 * t(2));
  Discounts discounts = {};
  for (size_t j = 1; j <= 3; ++j) {
    const auto number = static_cast<double>(j);
    discounts[j] = number - (number + 1.0) * y * t(j + 1) / t(j);
    if (discounts[j] < 0.0 || discounts[j] > number) {
      reason = fmt::format("the discount for adjusted count {} is {:.3f}, out of range", j,
                           discounts[j]);
      return std::nullopt;
    }
  }
  return discounts;
}

double discount(const Discounts& discounts, uint32_t count) {
  return discounts[std::min<uint32_t>(count, 3)];
}

/// Replaces the counts of all orders but the highest by those of different words before.
/// Returns the occurrences, which go.
std::vector<std::vector<uint32_t>> adjust_counts(NgramCounts& counts) {
  std::vector<std::vector<uint32_t>> occurrences;
  // The n-grams that begin with <s>: one range of entries in every level.
  size_t begin = kTextBegin;
  size_t end = begin + 1;
  for (size_t k = 0; k < counts.levels.size(); ++k) {
    const NgramCountLevel& longer = counts.levels[k];
    std::vector<uint32_t>& of_level = k == 0 ? counts.unigrams : counts.levels[k - 1].counts;
    std::vector<uint32_t> adjusted(of_level.size(), 0);
    for (size_t e = 0; e < longer.words.size(); ++e) ++adjusted[longer.suffix(e)];
    for (size_t e = begin; e < end; ++e) adjusted[e] = of_level[e];
    begin = longer.begins[begin];
    end = longer.begins[end];
    of_level.swap(adjusted);
    occurrences.push_back(std::move(adjusted));
  }
  counts.unigrams[kTextBegin] = 0;  // it is never predicted
  return occurrences;
}

class Estimator {
 public:
  Estimator(NgramCounts counts, const KneserNeyOptions& options)
      : counts_(std::move(counts)), options_(options) {}

  KneserNeyModel estimate(const std::vector<std::string>& words) {
    result_.trie.set_words(words);
    result_.counts = adjust_counts(counts_);
    estimate_all_discounts();
    estimate_unigrams();
    for (size_t k = 0; k < counts_.levels.size(); ++k) estimate_level(k);
    to_logs();
    return std::move(result_);
  }

 private:
  void estimate_all_discounts() {
    for (size_t k = 0; k <= counts_.levels.size(); ++k) {
      CountsOfCounts counts_of_counts;
      const std::vector<uint32_t>& counts =
          k == 0 ? counts_.unigrams : counts_.levels[k - 1].counts;
      for (const uint32_t count : counts) counts_of_counts.add(count);
      std::string reason;
      std::optional<Discounts> found = estimate_discounts(counts_of_counts, reason);
      if (!found && !options_.allow_fallback) {
        throw Error(ErrorCode::kInput,
                    fmt::format("the Kneser-Ney discounts of the {}-grams cannot be estimated: {}",
                                k + 1, reason),
                    "the text is too small or artificial: use more of it, a smaller order, or "
                    "--discount-fallback");
      }
      if (!found) {
        found = options_.fallback;
        result_.fallback_orders.push_back(static_cast<int>(k) + 1);
      }
      result_.discounts.push_back(*found);
    }
  }

  /// Sum of the counts and the mass that the discounts take from them.
  struct Mass {
    double total = 0.0;
    double discounted = 0.0;
    void add(const Discounts& discounts, uint32_t count) {
      total += static_cast<double>(count);
      discounted += discount(discounts, count);
    }
    double weight() const { return total > 0.0 ? discounted / total : 1.0; }
  };

  void estimate_unigrams() {
    const Discounts& discounts = result_.discounts[0];
    Mass mass;
    for (const uint32_t count : counts_.unigrams) mass.add(discounts, count);
    const double uniform = mass.weight() / static_cast<double>(counts_.unigrams.size() - 1);
    std::vector<float>& probs = result_.trie.unigram_log_probs;
    probs.reserve(counts_.unigrams.size());
    for (const uint32_t count : counts_.unigrams) {
      double prob = uniform;
      if (count > 0) {
        prob += (static_cast<double>(count) - discount(discounts, count)) / mass.total;
      }
      probs.push_back(static_cast<float>(prob));
    }
    probs[kTextBegin] = 0.0F;
    result_.trie.unigram_backoffs.assign(probs.size(), 1.0F);
  }

  void estimate_level(size_t k) {
    NgramCountLevel& counts = counts_.levels[k];
    const Discounts& discounts = result_.discounts[k + 1];
    BackoffLevel level;
    level.words = std::move(counts.words);
    level.begins = std::move(counts.begins);
    level.suffixes = std::move(counts.suffixes);
    level.log_probs.resize(level.words.size());
    const std::vector<float>& lower = result_.trie.log_probs(static_cast<int>(k) + 1);
    std::vector<float>& backoffs = result_.trie.backoffs(static_cast<int>(k) + 1);
    for (size_t c = 0; c + 1 < level.begins.size(); ++c) {
      const uint32_t begin = level.begins[c];
      const uint32_t end = level.begins[c + 1];
      if (begin == end) continue;
      Mass mass;
      for (uint32_t e = begin; e < end; ++e) mass.add(discounts, counts.counts[e]);
      const double weight = mass.weight();
      backoffs[c] = static_cast<float>(weight);
      for (uint32_t e = begin; e < end; ++e) {
        const uint32_t count = counts.counts[e];
        const double kept = static_cast<double>(count) - discount(discounts, count);
        level.log_probs[e] = static_cast<float>(
            kept / mass.total + weight * static_cast<double>(lower[level.suffix(e)]));
      }
    }
    if (k + 1 < counts_.levels.size()) level.backoffs.assign(level.words.size(), 1.0F);
    std::vector<uint32_t>().swap(counts.counts);
    result_.trie.levels.push_back(std::move(level));
  }

  static void to_logs(std::vector<float>& values) {
    for (float& value : values) value = value > 0.0F ? std::log(value) : kLogZero;
  }
  void to_logs() {
    to_logs(result_.trie.unigram_log_probs);
    to_logs(result_.trie.unigram_backoffs);
    for (BackoffLevel& level : result_.trie.levels) {
      to_logs(level.log_probs);
      to_logs(level.backoffs);
    }
  }

  NgramCounts counts_;
  KneserNeyOptions options_;
  KneserNeyModel result_;
};

}  // namespace

KneserNeyModel estimate_kneser_ney(NgramCounts counts, const std::vector<std::string>& words,
                                   const KneserNeyOptions& options) {
  BIVOX_CHECK(words.size() == counts.unigrams.size() && words.size() > kTextEnd);
  uint64_t total = 0;
  for (const uint32_t count : counts.unigrams) total += count;
  if (total == 0) {
    throw Error(ErrorCode::kInput, "the text holds no words", "one sentence a line is expected");
  }
  return Estimator(std::move(counts), options).estimate(words);
}

}  // namespace bivox
