// Seeded random numbers that are the same on every machine and for every thread count.
//
// The generator is SplitMix64: state += golden gamma; output = mix(state). Sixty-four bits of state
// make it cheap to give every example, room or mask a generator of its own, seeded by what it is
// for rather than by when it is asked:
//
//   Random random(mix_seeds(run_seed, epoch, example_index));
//
// The distributions are written out here, as those of the standard library differ between
// implementations. Not for cryptography. Thread rule: one generator per thread.
// Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
// Test: tests/dsp/random_test.cpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <utility>

namespace bivox {

/// A bijection of 64 bits in which every input bit changes about half of the output bits.
constexpr uint64_t mix_bits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// One seed out of several numbers; the order matters.
template <typename... Rest>
constexpr uint64_t mix_seeds(uint64_t first, Rest... rest) {
  uint64_t seed = mix_bits(first + 0x9e3779b97f4a7c15ULL);
  ((seed = mix_bits((seed ^ static_cast<uint64_t>(rest)) + 0x9e3779b97f4a7c15ULL)), ...);
  return seed;
}

class Random {
 public:
  explicit Random(uint64_t seed = 0) : state_(seed) {}

  uint64_t next() { return mix_bits(state_ += 0x9e3779b97f4a7c15ULL); }
  /// In [0, 1), 53 random bits.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// In [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, count); count > 0. The bias is below count / 2^64.
  uint64_t below(uint64_t count) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<uint64_t>((static_cast<Wide>(next()) * count) >> 64);
  }
  /// Mean 0, variance 1 (Box & Muller 1958; one of the pair is used, so that calls are independent
  /// of each other).
  double gaussian() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// Every order is equally likely (Fisher & Yates).
  template <typename T>
  void shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  uint64_t state_;
};

}  // namespace bivox
