#include "asr/search/lattice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace bivox {
namespace {

Lattice random_lattice(uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value(-3.0F, 2.0F);
  Lattice lattice;
  lattice.language_weight = 2.0F;
  for (int i = 0; i < 7; ++i) lattice.nodes.push_back({i * 5});
  for (uint32_t to = 1; to < 7; ++to) {
    for (uint32_t from = 0; from < to; ++from) {
      if ((from * 7 + to + seed) % 3 == 0 || from + 1 == to) {
        lattice.arcs.push_back({from, to, from * 10 + to, value(random), value(random), -0.5F});
      }
    }
  }
  lattice.finals = {{5, -1.0F}, {6, -2.0F}};
  return lattice;
}

// Calls f(path, score) for every complete path.
void for_each_path(const Lattice& lattice,
                   const std::function<void(const std::vector<uint32_t>&, double)>& f) {
  std::vector<uint32_t> path;
  const std::function<void(uint32_t, double)> walk = [&](uint32_t node, double score) {
    for (const Lattice::Final& final : lattice.finals) {
      if (final.node == node) f(path, score + static_cast<double>(final.score));
    }
    for (uint32_t a = 0; a < lattice.arcs.size(); ++a) {
      if (lattice.arcs[a].from != node) continue;
      path.push_back(a);
      walk(lattice.arcs[a].to, score + lattice.score(lattice.arcs[a]));
      path.pop_back();
    }
  };
  walk(0, 0.0);
}

TEST(Lattice, BestPathAndPosteriorsEqualEnumeration) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    const Lattice lattice = random_lattice(seed);
    constexpr double kScale = 0.7;
    std::vector<double> mass(lattice.arcs.size(), 0.0);
    double total = 0.0;
    double best_score = -1e30;
    std::vector<uint32_t> best;
    for_each_path(lattice, [&](const std::vector<uint32_t>& path, double score) {
      const double p = std::exp(kScale * score);
      total += p;
      for (const uint32_t a : path) mass[a] += p;
      if (score > best_score) {
        best_score = score;
        best = path;
      }
    });
    EXPECT_EQ(best_path(lattice), best);
    const std::vector<double> posteriors = arc_posteriors(lattice, kScale);
    for (size_t a = 0; a < mass.size(); ++a) EXPECT_NEAR(posteriors[a], mass[a] / total, 1e-9);
  }
}

TEST(Lattice, EmptyLatticeHasNoPath) {
  EXPECT_TRUE(best_path(Lattice{}).empty());
  EXPECT_TRUE(arc_posteriors(Lattice{}, 1.0).empty());
}

}  // namespace
}  // namespace bivox
