#include "asr/search/lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bivox {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  if (b == kNever) return a;
  return a + std::log1p(std::exp(b - a));
}

}  // namespace

std::vector<uint32_t> best_path(const Lattice& lattice) {
  constexpr uint32_t kNoArc = 0xffffffffU;
  std::vector<double> best(lattice.nodes.size(), kNever);
  std::vector<uint32_t> back(lattice.nodes.size(), kNoArc);
  if (best.empty()) return {};
  best[0] = 0.0;
  for (uint32_t a = 0; a < lattice.arcs.size(); ++a) {
    const LatticeArc& arc = lattice.arcs[a];
    const double score = best[arc.from] + lattice.score(arc);
    if (score > best[arc.to]) {
      best[arc.to] = score;
      back[arc.to] = a;
    }
  }
  double best_final = kNever;
  uint32_t node = 0;
  for (const Lattice::Final& final : lattice.finals) {
    const double score = best[final.node] + static_cast<double>(final.score);
    if (score > best_final) {
      best_final = score;
      node = final.node;
    }
  }
  std::vector<uint32_t> path;
  while (back[node] != kNoArc) {
    path.push_back(back[node]);
    node = lattice.arcs[back[node]].from;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

double best_path_score(const Lattice& lattice) {
  std::vector<double> best(lattice.nodes.size(), kNever);
  if (best.empty()) return kNever;
  best[0] = 0.0;
  for (const LatticeArc& arc : lattice.arcs) {
    best[arc.to] = std::max(best[arc.to], best[arc.from] + lattice.score(arc));
  }
  double best_final = kNever;
  for (const Lattice::Final& final : lattice.finals) {
    best_final = std::max(best_final, best[final.node] + static_cast<double>(final.score));
  }
  return best_final;
}

std::vector<double> arc_posteriors(const Lattice& lattice, double scale) {
  std::vector<double> forward(lattice.nodes.size(), kNever);
  std::vector<double> backward(lattice.nodes.size(), kNever);
  std::vector<double> posterior(lattice.arcs.size(), 0.0);
  if (forward.empty()) return posterior;
  forward[0] = 0.0;
  for (const LatticeArc& arc : lattice.arcs) {
    forward[arc.to] = log_add(forward[arc.to], forward[arc.from] + scale * lattice.score(arc));
  }
  double total = kNever;
  for (const Lattice::Final& final : lattice.finals) {
    const double score = scale * static_cast<double>(final.score);
    backward[final.node] = log_add(backward[final.node], score);
    total = log_add(total, forward[final.node] + score);
  }
  if (total == kNever) return posterior;
  for (size_t i = lattice.arcs.size(); i-- > 0;) {
    const LatticeArc& arc = lattice.arcs[i];
    const double through = scale * lattice.score(arc) + backward[arc.to];
    backward[arc.from] = log_add(backward[arc.from], through);
    posterior[i] = std::min(1.0, std::exp(forward[arc.from] + through - total));
  }
  return posterior;
}

}  // namespace bivox
