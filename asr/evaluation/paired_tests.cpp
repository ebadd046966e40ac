#include "asr/evaluation/paired_tests.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr int kGoodWords = 2;  // that both have right on each side of a segment

double rate(int64_t errors, int64_t reference) {
  return static_cast<double>(errors) / static_cast<double>(std::max<int64_t>(reference, 1));
}

// Both systems' errors at each place of the reference: at word i and, before it, insertions.
struct Place {
  int errors_a = 0;
  int errors_b = 0;
};

// [2 * words + 1] places: insertions before word 0, word 0, insertions before word 1, ...
void add_errors(std::span<const AlignedPair> alignment, int Place::*errors,
                std::vector<Place>& places) {
  size_t word = 0;
  for (const AlignedPair& pair : alignment) {
    if (pair.reference < 0) {
      ++(places[2 * word].*errors);
    } else {
      if (!pair.correct) ++(places[2 * word + 1].*errors);
      ++word;
    }
  }
}

size_t reference_words(std::span<const AlignedPair> alignment) {
  return static_cast<size_t>(
      std::count_if(alignment.begin(), alignment.end(),
                    [](const AlignedPair& pair) { return pair.reference >= 0; }));
}

}  // namespace

PairedBootstrap paired_bootstrap(std::span<const ErrorCounts> a, std::span<const ErrorCounts> b,
                                 const BootstrapOptions& options) {
  BIVOX_CHECK(a.size() == b.size());
  PairedBootstrap result;
  if (a.empty()) return result;
  const auto difference_of = [&](const std::vector<size_t>& drawn) {
    int64_t errors_a = 0;
    int64_t errors_b = 0;
    int64_t reference = 0;
    for (const size_t i : drawn) {
      errors_a += a[i].errors();
      errors_b += b[i].errors();
      reference += a[i].reference;
    }
    return rate(errors_a, reference) - rate(errors_b, reference);
  };
  std::vector<size_t> all(a.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  result.difference = difference_of(all);

  std::vector<double> differences;
  differences.reserve(static_cast<size_t>(options.num_resamples));
  double better = 0.0;
  draw_resamples(a.size(), options, [&](const std::vector<size_t>& drawn) {
    const double d = difference_of(drawn);
    differences.push_back(d);
    if (d > 0.0) {
      better += 1.0;
    } else if (d == 0.0) {
      better += 0.5;
    }
  });
  result.probability = better / static_cast<double>(options.num_resamples);
  result.interval = middle_interval(std::move(differences), options.confidence);
  return result;
}

void append_error_segments(std::span<const AlignedPair> a, std::span<const AlignedPair> b,
                           std::vector<ErrorSegment>& segments) {
  const size_t words = reference_words(a);
  BIVOX_CHECK(words == reference_words(b));
  std::vector<Place> places(2 * words + 1);
  add_errors(a, &Place::errors_a, places);
  add_errors(b, &Place::errors_b, places);
  ErrorSegment segment;
  int good_words = kGoodWords;  // since the last error
  const auto close = [&] {
    if (segment.errors_a + segment.errors_b > 0) segments.push_back(segment);
    segment = {};
  };
  for (size_t i = 0; i < places.size(); ++i) {
    const Place& place = places[i];
    if (place.errors_a + place.errors_b > 0) {
      segment.errors_a += place.errors_a;
      segment.errors_b += place.errors_b;
      good_words = 0;
    } else if (i % 2 == 1 && ++good_words == kGoodWords) {
      close();
    }
  }
  close();
}

MatchedPairs matched_pairs(std::span<const ErrorSegment> segments) {
  MatchedPairs result;
  result.segments = static_cast<int64_t>(segments.size());
  if (segments.empty()) return result;
  const auto n = static_cast<double>(segments.size());
  for (const ErrorSegment& segment : segments) result.mean += segment.errors_a - segment.errors_b;
  result.mean /= n;
  double squares = 0.0;
  for (const ErrorSegment& segment : segments) {
    const double d = segment.errors_a - segment.errors_b - result.mean;
    squares += d * d;
  }
  if (squares == 0.0 || segments.size() < 2) return result;
  result.z = result.mean / std::sqrt(squares / (n - 1.0) / n);
  result.p = std::erfc(std::fabs(result.z) / std::numbers::sqrt2);
  return result;
}

McNemar mcnemar(std::span<const ErrorCounts> a, std::span<const ErrorCounts> b) {
  BIVOX_CHECK(a.size() == b.size());
  McNemar result;
  for (size_t i = 0; i < a.size(); ++i) {
    const bool a_right = a[i].errors() == 0;
    const bool b_right = b[i].errors() == 0;
    if (a_right && b_right) {
      ++result.both_right;
    } else if (a_right) {
      ++result.only_a_right;
    } else if (b_right) {
      ++result.only_b_right;
    } else {
      ++result.both_wrong;
    }
  }
  const int64_t n = result.only_a_right + result.only_b_right;
  const int64_t fewer = std::min(result.only_a_right, result.only_b_right);
  if (n == 0 || 2 * fewer == n) return result;
  // P(X <= fewer) for X ~ Binomial(n, 1/2), in logarithms: n may be thousands.
  const double log_all = std::lgamma(static_cast<double>(n) + 1.0);
  double tail = 0.0;
  for (int64_t k = 0; k <= fewer; ++k) {
    const auto x = static_cast<double>(k);
    tail +=
        std::exp(log_all - std::lgamma(x + 1.0) - std::lgamma(static_cast<double>(n) - x + 1.0) -
                 static_cast<double>(n) * std::numbers::ln2);
  }
  result.p = std::min(1.0, 2.0 * tail);
  return result;
}

}  // namespace bivox
