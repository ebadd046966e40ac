#include "asr/search/minimum_bayes_risk.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace bivox {
namespace {

constexpr WordIndex kEmpty = -1;
// Arcs this improbable cannot change the result, but most arcs are.
constexpr double kMinPosterior = 1e-4;
// Makes an insertion a little dearer than a substitution plus a match, so that ties have one
// answer.
constexpr double kTie = 1e-5;
constexpr int kMaxRounds = 12;

struct Arc {
  uint32_t from;
  uint32_t to;
  WordIndex word;  // kEmpty for fillers and for the way to the end
  TreeWord tree_word;
  int start_frame;
  int end_frame;
  double score;   // scaled
  double weight;  // exp(alpha(from) + score - alpha(to))
};

// The lattice without improbable arcs, with one start and one end; sorted by `to`.
struct Graph {
  std::vector<Arc> arcs;
  uint32_t num_nodes = 0;
};

Graph make_graph(const SearchNetwork& network, const Lattice& lattice, double scale) {
  const std::vector<double> posteriors = arc_posteriors(lattice, scale);
  std::vector<bool> used(lattice.nodes.size(), false);
  used[0] = true;
  const auto keep = [&](size_t a) { return posteriors[a] > kMinPosterior; };
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    if (keep(a)) used[lattice.arcs[a].from] = used[lattice.arcs[a].to] = true;
  }
  Graph graph;
  std::vector<uint32_t> number(lattice.nodes.size(), 0);
  for (size_t n = 0; n < used.size(); ++n) {
    if (used[n]) number[n] = graph.num_nodes++;
  }
  for (size_t a = 0; a < lattice.arcs.size(); ++a) {
    if (!keep(a)) continue;
    const LatticeArc& arc = lattice.arcs[a];
    const bool filler = network.tree().is_filler(arc.word);
    graph.arcs.push_back({number[arc.from], number[arc.to],
                          filler ? kEmpty : network.tree().word(arc.word).word, arc.word,
                          lattice.nodes[arc.from].frame, lattice.nodes[arc.to].frame,
                          scale * lattice.score(arc), 0.0});
  }
  const uint32_t end = graph.num_nodes++;
  for (const Lattice::Final& final : lattice.finals) {
    if (!used[final.node]) continue;
    const int frame = lattice.nodes[final.node].frame;
    graph.arcs.push_back({number[final.node], end, kEmpty, 0, frame, frame,
                          scale * static_cast<double>(final.score), 0.0});
  }
  std::vector<double> alpha(graph.num_nodes, -std::numeric_limits<double>::infinity());
  alpha[0] = 0.0;
  const auto log_add = [](double a, double b) {
    if (a < b) std::swap(a, b);
    return std::isinf(b) ? a : a + std::log1p(std::exp(b - a));
  };
  for (const Arc& arc : graph.arcs) {
    alpha[arc.to] = log_add(alpha[arc.to], alpha[arc.from] + arc.score);
  }
  // A node may have lost all of the arcs that lead to it, each improbable by itself, and keep one
  // that they share; no path comes that way any more.
  for (Arc& arc : graph.arcs) {
    if (std::isinf(alpha[arc.from])) continue;
    arc.weight = std::exp(alpha[arc.from] + arc.score - alpha[arc.to]);
  }
  return graph;
}

double cost(WordIndex a, WordIndex b) { return a == b ? 0.0 : 1.0; }

// What the paths put into one place of R.
struct Share {
  double mass = 0.0;
  double start = 0.0;  // weighted by mass
  double end = 0.0;
  double heaviest = 0.0;  // mass of the likeliest arc, which names the pronunciation
  TreeWord tree_word = 0;
};
using Place = std::map<WordIndex, Share>;

class Aligner {
 public:
  Aligner(const Graph& graph, const std::vector<WordIndex>& reference)
      : graph_(graph), reference_(reference), width_(reference.size() + 1) {}

  // Expected words in each place of R, and the expected edit distance.
  std::vector<Place> align(double& distance) {
    forward();
    distance = distances_[(graph_.num_nodes - 1) * width_ + width_ - 1];
    return backward();
  }

 private:
  enum Move : uint8_t { kMatch, kSkipPath, kSkipReference };

  WordIndex r(size_t q) const { return reference_[q - 1]; }

  // Distances of paths that end with `arc` to prefixes of R; the moves that reach them.
  void arc_distances(const Arc& arc) {
    const double* from = &distances_[arc.from * width_];
    const double delete_cost = cost(arc.word, kEmpty) + (arc.word == kEmpty ? 0.0 : kTie);
    row_[0] = from[0] + delete_cost;
    for (size_t q = 1; q < width_; ++q) {
      const double match = from[q - 1] + cost(arc.word, r(q));
      const double skip_path = from[q] + delete_cost;
      const double skip_reference = row_[q - 1] + cost(kEmpty, r(q));
      move_[q] = kMatch;
      row_[q] = match;
      if (skip_path < row_[q]) {
        row_[q] = skip_path;
        move_[q] = kSkipPath;
      }
      if (skip_reference < row_[q]) {
        row_[q] = skip_reference;
        move_[q] = kSkipReference;
      }
    }
  }

  void forward() {
    distances_.assign(graph_.num_nodes * width_, 0.0);
    row_.assign(width_, 0.0);
    move_.assign(width_, kMatch);
    for (size_t q = 1; q < width_; ++q) distances_[q] = distances_[q - 1] + cost(kEmpty, r(q));
    for (const Arc& arc : graph_.arcs) {
      arc_distances(arc);
      double* to = &distances_[arc.to * width_];
      for (size_t q = 0; q < width_; ++q) to[q] += arc.weight * row_[q];
    }
  }

  std::vector<Place> backward() {
    std::vector<Place> places(width_ - 1);
    std::vector<double> flow(graph_.num_nodes * width_, 0.0);
    std::vector<double> arc_flow(width_, 0.0);
    flow[(graph_.num_nodes - 1) * width_ + width_ - 1] = 1.0;
    for (size_t a = graph_.arcs.size(); a-- > 0;) {
      const Arc& arc = graph_.arcs[a];
      arc_distances(arc);
      const double* to = &flow[arc.to * width_];
      double* from = &flow[arc.from * width_];
      for (size_t q = 0; q < width_; ++q) arc_flow[q] = arc.weight * to[q];
      for (size_t q = width_ - 1; q > 0; --q) {
        const double mass = arc_flow[q];
        if (mass <= 0.0) continue;
        switch (move_[q]) {
          case kMatch: {
            from[q - 1] += mass;
            Share& share = places[q - 1][arc.word];
            share.mass += mass;
            share.start += mass * arc.start_frame;
            share.end += mass * arc.end_frame;
            if (mass > share.heaviest) {
              share.heaviest = mass;
              share.tree_word = arc.tree_word;
            }
            break;
          }
          case kSkipPath:
            from[q] += mass;
            break;
          case kSkipReference:
            arc_flow[q - 1] += mass;
            places[q - 1][kEmpty].mass += mass;
            break;
        }
      }
      from[0] += arc_flow[0];
    }
    double skipped = 0.0;  // what is left at the start skipped the first places of R
    for (size_t q = width_ - 1; q > 0; --q) {
      skipped += flow[q];
      places[q - 1][kEmpty].mass += skipped;
    }
    return places;
  }

  const Graph& graph_;
  const std::vector<WordIndex>& reference_;
  size_t width_;
  std::vector<double> distances_;  // [node x prefix of R]: expected distance of paths to the node
  std::vector<double> row_;
  std::vector<Move> move_;
};

// (empty, w1, empty, ..., wn, empty)
std::vector<WordIndex> spread(const std::vector<WordIndex>& words) {
  std::vector<WordIndex> reference = {kEmpty};
  for (const WordIndex word : words) {
    if (word == kEmpty) continue;
    reference.push_back(word);
    reference.push_back(kEmpty);
  }
  return reference;
}

}  // namespace

float calibrate(double posterior, const Calibration& calibration) {
  // Beyond these odds the lattice knows nothing: what spoke against the word was pruned away.
  constexpr double kSure = 0.99;
  const double p = std::clamp(posterior, 1.0 - kSure, kSure);
  const double logit = std::log(p / (1.0 - p));
  return static_cast<float>(1.0 / (1.0 + std::exp(-(static_cast<double>(calibration.slope) * logit +
                                                    static_cast<double>(calibration.offset)))));
}

std::vector<DecodedWord> minimum_bayes_risk(const SearchNetwork& network, const Lattice& lattice,
                                            double posterior_scale,
                                            const Calibration& calibration) {
  if (lattice.nodes.empty() || lattice.finals.empty()) return {};
  std::vector<WordIndex> reference;
  for (const uint32_t a : best_path(lattice)) {
    const TreeWord word = lattice.arcs[a].word;
    if (!network.tree().is_filler(word)) reference.push_back(network.tree().word(word).word);
  }
  reference = spread(reference);
  const Graph graph = make_graph(network, lattice, posterior_scale);
  std::vector<Place> places;
  double best_distance = std::numeric_limits<double>::infinity();
  std::vector<WordIndex> best_reference = reference;
  std::vector<Place> best_places;
  for (int round = 0; round < kMaxRounds; ++round) {
    double distance = 0.0;
    places = Aligner(graph, reference).align(distance);
    if (distance >= best_distance - 1e-9) break;  // the approximation can also get worse
    best_distance = distance;
    best_reference = reference;
    best_places = places;
    std::vector<WordIndex> likeliest;
    for (const Place& place : places) {
      const auto best = std::max_element(
          place.begin(), place.end(),
          [](const auto& a, const auto& b) { return a.second.mass < b.second.mass; });
      likeliest.push_back(best == place.end() ? kEmpty : best->first);
    }
    reference = spread(likeliest);
  }

  std::vector<DecodedWord> words;
  for (size_t q = 0; q < best_reference.size(); ++q) {
    const WordIndex word = best_reference[q];
    if (word == kEmpty) continue;
    const Share& share = best_places[q][word];
    if (share.mass <= 0.0) continue;
    DecodedWord out;
    out.word = share.tree_word;
    out.start_frame = static_cast<int>(std::lround(share.start / share.mass));
    out.end_frame = static_cast<int>(std::lround(share.end / share.mass));
    if (!words.empty() && out.start_frame < words.back().end_frame) {
      // Means of different arcs may overlap by a few frames: meet in the middle.
      DecodedWord& before = words.back();
      const int middle = std::max((out.start_frame + before.end_frame) / 2, before.start_frame + 1);
      before.end_frame = middle;
      out.start_frame = middle;
    }
    out.end_frame = std::max(out.end_frame, out.start_frame + 1);
    out.confidence = calibrate(std::min(1.0, share.mass), calibration);
    words.push_back(out);
  }
  return words;
}

std::vector<DecodedWord> best_path_words(const SearchNetwork& network, const Lattice& lattice,
                                         double posterior_scale, const Calibration& calibration) {
  const PrefixTree& tree = network.tree();
  const std::vector<double> posteriors = arc_posteriors(lattice, posterior_scale);
  std::vector<DecodedWord> words;
  for (const uint32_t best : best_path(lattice)) {
    const LatticeArc& spoken = lattice.arcs[best];
    if (tree.is_filler(spoken.word)) continue;
    DecodedWord out;
    out.word = spoken.word;
    out.start_frame = lattice.nodes[spoken.from].frame;
    out.end_frame = lattice.nodes[spoken.to].frame;
    const int middle = (out.start_frame + out.end_frame) / 2;
    double posterior = 0.0;
    for (size_t a = 0; a < lattice.arcs.size(); ++a) {
      const LatticeArc& arc = lattice.arcs[a];
      const bool same =
          !tree.is_filler(arc.word) && tree.word(arc.word).word == tree.word(spoken.word).word;
      if (same && lattice.nodes[arc.from].frame <= middle && middle < lattice.nodes[arc.to].frame) {
        posterior += posteriors[a];
      }
    }
    out.confidence = calibrate(std::min(1.0, posterior), calibration);
    words.push_back(out);
  }
  return words;
}

}  // namespace bivox
