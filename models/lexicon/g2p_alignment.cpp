#include "models/lexicon/g2p_alignment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {
namespace {

struct Shape {
  int letters;
  int phones;
};
constexpr std::array<Shape, 4> kShapes = {Shape{1, 0}, Shape{1, 1}, Shape{1, 2}, Shape{2, 1}};

/// One word's lattice of cuts: node (i, j) has i letters and j phones behind it.
class Aligner {
 public:
  Aligner(size_t num_phones, const G2pAlignmentOptions& options)
      : phones_(num_phones + 1), options_(options) {
    const size_t size = static_cast<size_t>(kG2pLetters) * (kG2pLetters + 1) * phones_ * phones_;
    weights_.assign(size, 1.0F);
    counts_.assign(size, 0.0);
    for (size_t s = 0; s < kShapes.size(); ++s) {
      const int extra = std::max(0, kShapes[s].letters + kShapes[s].phones - 2);
      penalties_[s] = std::pow(options.size_penalty, extra);
    }
  }

  /// Adds the expected counts of one word; nothing if it cannot be cut.
  void expect(const G2pEntry& entry) {
    prepare(entry);
    forward(entry);
    const double total = alpha_[cell(rows_ - 1, columns_ - 1)];
    if (total <= 0.0) return;
    std::fill(beta_.begin(), beta_.end(), 0.0);
    beta_[cell(rows_ - 1, columns_ - 1)] = 1.0;
    for (int i = rows_ - 1; i >= 0; --i) {
      for (int j = columns_ - 1; j >= 0; --j) {
        const double after = beta_[cell(i, j)];
        if (after == 0.0) continue;
        for (size_t s = 0; s < kShapes.size(); ++s) {
          if (i < kShapes[s].letters || j < kShapes[s].phones) continue;
          const size_t pair = index(entry, i, j, kShapes[s]);
          const size_t from = cell(i - kShapes[s].letters, j - kShapes[s].phones);
          const double weight = weights_[pair] * penalties_[s];
          counts_[pair] += alpha_[from] * weight * after / total;
          beta_[from] += weight * after;
        }
      }
    }
  }

  /// The M step.
  void maximize() {
    double sum = 0.0;
    for (const double count : counts_) sum += count;
    if (sum <= 0.0) return;
    for (size_t i = 0; i < counts_.size(); ++i) {
      weights_[i] = static_cast<float>(counts_[i] / sum);
      counts_[i] = 0.0;
    }
  }

  /// Letters and phones of each pair of the best cut, in order.
  std::vector<Shape> best(const G2pEntry& entry) {
    prepare(entry);
    std::vector<uint8_t> back(alpha_.size(), 0);
    alpha_[0] = 1.0;
    for (int i = 0; i < rows_; ++i) {
      for (int j = 0; j < columns_; ++j) {
        for (size_t s = 0; s < kShapes.size(); ++s) {
          if (i < kShapes[s].letters || j < kShapes[s].phones) continue;
          const size_t from = cell(i - kShapes[s].letters, j - kShapes[s].phones);
          const double score =
              alpha_[from] * weights_[index(entry, i, j, kShapes[s])] * penalties_[s];
          if (score > alpha_[cell(i, j)]) {
            alpha_[cell(i, j)] = score;
            back[cell(i, j)] = static_cast<uint8_t>(s);
          }
        }
      }
    }
    std::vector<Shape> shapes;
    if (alpha_[cell(rows_ - 1, columns_ - 1)] <= 0.0) return shapes;
    for (int i = rows_ - 1, j = columns_ - 1; i > 0;) {
      shapes.push_back(kShapes[back[cell(i, j)]]);
      i -= shapes.back().letters;
      j -= shapes.back().phones;
    }
    std::reverse(shapes.begin(), shapes.end());
    return shapes;
  }

 private:
  size_t cell(int i, int j) const {
    return static_cast<size_t>(i) * static_cast<size_t>(columns_) + static_cast<size_t>(j);
  }

  /// The place in the table of the pair that ends after i letters and j phones.
  size_t index(const G2pEntry& entry, int i, int j, Shape shape) const {
    const auto letter = [&](int back) { return entry.letters[static_cast<size_t>(i - back)]; };
    const auto phone = [&](int back) { return entry.phones[static_cast<size_t>(j - back)] + 1U; };
    const size_t first = letter(shape.letters);
    const size_t second = shape.letters == 2 ? letter(1) + 1U : 0U;
    const size_t p = shape.phones == 0 ? 0 : phone(shape.phones);
    const size_t q = shape.phones == 2 ? phone(1) : 0;
    return ((first * (kG2pLetters + 1) + second) * phones_ + p) * phones_ + q;
  }

  void prepare(const G2pEntry& entry) {
    rows_ = static_cast<int>(entry.letters.size()) + 1;
    columns_ = static_cast<int>(entry.phones.size()) + 1;
    alpha_.assign(static_cast<size_t>(rows_) * static_cast<size_t>(columns_), 0.0);
    beta_.resize(alpha_.size());
  }

  void forward(const G2pEntry& entry) {
    alpha_[0] = 1.0;
    for (int i = 0; i < rows_; ++i) {
      for (int j = 0; j < columns_; ++j) {
        for (size_t s = 0; s < kShapes.size(); ++s) {
          if (i < kShapes[s].letters || j < kShapes[s].phones) continue;
          alpha_[cell(i, j)] += alpha_[cell(i - kShapes[s].letters, j - kShapes[s].phones)] *
                                weights_[index(entry, i, j, kShapes[s])] * penalties_[s];
        }
      }
    }
  }

  size_t phones_;
  G2pAlignmentOptions options_;
  std::array<double, kShapes.size()> penalties_ = {};
  std::vector<float> weights_;  // P(pair), by index()
  std::vector<double> counts_;  // expected, by index()
  std::vector<double> alpha_;   // by cell(); the best instead of the sum in best()
  std::vector<double> beta_;
  int rows_ = 0;
  int columns_ = 0;
};

}  // namespace

std::vector<G2pAlignment> align_g2p(const std::vector<G2pEntry>& entries,
                                    const std::vector<std::string>& phones,
                                    const G2pAlignmentOptions& options,
                                    const std::function<void(int, int)>& progress) {
  BIVOX_CHECK(phones.size() <= static_cast<size_t>(kG2pMaxPhones));
  const std::vector<uint8_t> bare_of = bare_phones(phones);
  std::vector<G2pEntry> bare = entries;
  for (G2pEntry& entry : bare) {
    for (uint8_t& phone : entry.phones) phone = bare_of[phone];
  }

  Aligner aligner(phones.size(), options);
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    for (const G2pEntry& entry : bare) aligner.expect(entry);
    aligner.maximize();
    if (progress) progress(iteration + 1, options.iterations);
  }

  std::vector<G2pAlignment> alignments(entries.size());
  for (size_t e = 0; e < entries.size(); ++e) {
    size_t i = 0;
    size_t j = 0;
    for (const Shape shape : aligner.best(bare[e])) {
      G2pPair pair;
      for (int k = 0; k < shape.letters; ++k) {
        pair.letters[static_cast<size_t>(k)] = entries[e].letters[i++];
      }
      for (int k = 0; k < shape.phones; ++k) {
        pair.phones[static_cast<size_t>(k)] = entries[e].phones[j++];
      }
      alignments[e].push_back(pair);
    }
  }
  return alignments;
}

}  // namespace bivox
