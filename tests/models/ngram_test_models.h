// Small random back-off models for the tests of models/lm: normalised by construction, evaluated by
// the textbook recursion over a map, and written as ARPA text or as the trie file of CMU Sphinx.
// All of it is written from the definitions, without a line of the code under test.
#pragma once

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "models/lm/ngram.h"

namespace bivox::test {

using Ngram = std::vector<uint32_t>;  // oldest word first

struct Weights {
  double log10_prob = 0.0;
  double log10_backoff = 0.0;
};

struct RandomModel {
  size_t order = 0;
  std::vector<std::string> words;  // 0 is <s>, 1 is </s>
  std::vector<std::map<Ngram, Weights>> levels;

  /// log10 P(word | history), by the recursion of Katz.
  double log10_prob(Ngram history, uint32_t word) const {
    if (history.size() > order - 1) {
      history.erase(history.begin(), history.end() - static_cast<long>(order - 1));
    }
    Ngram whole = history;
    whole.push_back(word);
    const auto found = levels[whole.size() - 1].find(whole);
    if (found != levels[whole.size() - 1].end()) return found->second.log10_prob;
    const auto context = levels[history.size() - 1].find(history);
    const double backoff =
        context == levels[history.size() - 1].end() ? 0.0 : context->second.log10_backoff;
    return backoff + log10_prob(Ngram(history.begin() + 1, history.end()), word);
  }

  std::string arpa() const {
    std::string text = "\\data\\\n";
    for (size_t k = 0; k < order; ++k) {
      text += fmt::format("ngram {}={}\n", k + 1, levels[k].size());
    }
    for (size_t k = 0; k < order; ++k) {
      text += fmt::format("\n\\{}-grams:\n", k + 1);
      for (const auto& [ngram, weights] : levels[k]) {
        text += fmt::format("{:.9g}\t", weights.log10_prob);
        for (const uint32_t word : ngram) text += words[word] + ' ';
        if (k + 1 < order && weights.log10_backoff != 0.0) {
          text += fmt::format("\t{:.9g}", weights.log10_backoff);
        }
        text += "\n";
      }
    }
    return text + "\n\\end\\\n";
  }

  std::string sphinx_trie() const;
};

/// Every context lists some words, a part of those that its suffix lists, so that all contexts and
/// suffixes are n-grams themselves; the rest of the probability goes to backing off.
inline RandomModel make_random_model(size_t order, uint32_t num_words, uint32_t seed,
                                     double density = 0.5) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0.05, 1.0);
  RandomModel model;
  model.order = order;
  model.levels.resize(order);
  for (uint32_t w = 0; w < num_words; ++w) {
    model.words.push_back(w == 0 ? std::string("<s>") : w == 1 ? "</s>" : fmt::format("w{}", w));
  }
  std::vector<double> share(num_words);
  double total = 0.0;
  for (uint32_t w = 1; w < num_words; ++w) total += share[w] = uniform(random);
  for (uint32_t w = 0; w < num_words; ++w) {
    model.levels[0][{w}].log10_prob = w == 0 ? -99.0 : std::log10(share[w] / total);
  }
  for (size_t k = 1; k < order; ++k) {
    for (auto& [context, weights] : model.levels[k - 1]) {
      if (context.back() == 1 || uniform(random) > density + 0.2) continue;
      const Ngram shorter(context.begin() + 1, context.end());
      std::vector<uint32_t> listed;
      for (uint32_t w = 1; w < num_words; ++w) {
        Ngram suffix = shorter;
        suffix.push_back(w);
        if (model.levels[k - 1].count(suffix) > 0 && uniform(random) < density) listed.push_back(w);
      }
      if (listed.empty() || listed.size() + 1 == num_words) continue;
      total = 0.0;
      double lower = 0.0;
      for (const uint32_t w : listed) {
        total += share[w] = uniform(random);
        lower += std::pow(10.0, model.log10_prob(shorter, w));
      }
      const double mass = 0.3 + 0.6 * uniform(random);
      for (const uint32_t w : listed) {
        Ngram whole = context;
        whole.push_back(w);
        model.levels[k][whole].log10_prob = std::log10(mass * share[w] / total);
      }
      weights.log10_backoff = std::log10((1.0 - mass) / (1.0 - lower));
    }
  }
  return model;
}

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

inline std::string gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::vector<Bytef> in(text.begin(), text.end());
  stream.next_in = in.data();
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// Bits from the lowest of the first byte on.
class BitWriter {
 public:
  void write(uint64_t value, uint32_t width) {
    for (uint32_t i = 0; i < width; ++i, ++bit_) {
      if (bit_ / 8 >= bytes_.size()) bytes_.push_back('\0');
      if ((value >> i & 1) != 0) bytes_[bit_ / 8] |= static_cast<char>(1 << bit_ % 8);
    }
  }
  std::string padded(size_t size) const {
    std::string out = bytes_;
    out.resize(size, '\0');
    return out;
  }

 private:
  std::string bytes_;
  size_t bit_ = 0;
};

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::string RandomModel::sphinx_trie() const {
  const double to_sphinx = std::log(10.0) / std::log(1.0001);
  // Reversed: predicted word first.
  std::vector<std::map<Ngram, Weights>> reversed(order);
  for (size_t k = 0; k < order; ++k) {
    for (const auto& [ngram, weights] : levels[k]) {
      reversed[k][Ngram(ngram.rbegin(), ngram.rend())] = weights;
    }
  }
  const auto codebook = [&](size_t k, bool of_probs) {
    std::set<float> values;
    for (const auto& [ngram, weights] : reversed[k]) {
      const double value = of_probs ? weights.log10_prob : weights.log10_backoff;
      values.insert(static_cast<float>(value * to_sphinx));
    }
    std::vector<float> bins(values.begin(), values.end());
    bins.resize(65536, bins.empty() ? 0.0F : bins.back());
    return bins;
  };
  const auto code = [&](const std::vector<float>& bins, double value) {
    const auto scaled = static_cast<float>(value * to_sphinx);
    return static_cast<uint64_t>(std::lower_bound(bins.begin(), bins.end(), scaled) - bins.begin());
  };
  const auto first_child = [&](size_t k, const Ngram& ngram) {
    const auto begin = reversed[k + 1].begin();
    return static_cast<uint32_t>(std::distance(begin, reversed[k + 1].lower_bound(ngram)));
  };

  std::string out = "Trie Language Model";
  out += static_cast<char>(order);
  for (const auto& level : reversed) out += raw(static_cast<uint32_t>(level.size()));
  if (order > 1) out += raw(int32_t{1});
  for (size_t k = 1; k < order; ++k) {
    for (const float value : codebook(k, true)) out += raw(value);
    if (k + 1 == order) break;
    for (const float value : codebook(k, false)) out += raw(value);
  }
  for (const auto& [ngram, weights] : reversed[0]) {
    out += raw(static_cast<float>(weights.log10_prob * to_sphinx));
    out += raw(static_cast<float>(weights.log10_backoff * to_sphinx));
    out += raw(order > 1 ? first_child(0, ngram) : 0U);
  }
  out += raw(0.0F) + raw(0.0F) + raw(order > 1 ? static_cast<uint32_t>(reversed[1].size()) : 0U);
  const auto word_bits = static_cast<uint32_t>(std::bit_width(words.size()));
  for (size_t k = 1; k < order; ++k) {
    const std::vector<float> probs = codebook(k, true);
    const std::vector<float> backoffs = codebook(k, false);
    const bool is_highest = k + 1 == order;
    const auto next_bits =
        is_highest ? 0 : static_cast<uint32_t>(std::bit_width(reversed[k + 1].size()));
    BitWriter bits;
    for (const auto& [ngram, weights] : reversed[k]) {
      bits.write(ngram.back(), word_bits);
      if (!is_highest) bits.write(code(backoffs, weights.log10_backoff), 16);
      bits.write(code(probs, weights.log10_prob), 16);
      if (!is_highest) bits.write(first_child(k, ngram), next_bits);
    }
    const uint32_t row_bits = word_bits + (is_highest ? 16 : 32) + next_bits;
    if (!is_highest) {
      bits.write(0, row_bits - next_bits);
      bits.write(reversed[k + 1].size(), next_bits);
    }
    out += bits.padded(((reversed[k].size() + 1) * row_bits + 7) / 8 + 8);
  }
  std::string list;
  for (const std::string& word : words) list += word + '\0';
  return out + raw(static_cast<uint32_t>(list.size())) + list;
}

}  // namespace bivox::test
