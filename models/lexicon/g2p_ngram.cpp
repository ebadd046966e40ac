#include "models/lexicon/g2p_ngram.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dsp/core/check.h"
#include "models/lexicon/g2p_bytes.h"

namespace bivox {
namespace {

constexpr int kCodes = 256;
/// More n-grams than any dictionary gives; a file that claims more is damaged.
constexpr size_t kMaxNodes = size_t{1} << 26;
/// Codebook of at most 256 values: quantiles of those given, each the mean of its part, ascending.
std::array<float, kCodes> codebook(std::vector<float> values) {
  std::array<float, kCodes> codes = {};
  if (values.empty()) return codes;
  std::sort(values.begin(), values.end());
  std::vector<float> distinct = values;
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() <= kCodes) {
    codes.fill(distinct.back());
    std::copy(distinct.begin(), distinct.end(), codes.begin());
    return codes;
  }
  for (size_t c = 0; c < kCodes; ++c) {
    const size_t first = values.size() * c / kCodes;
    const size_t last = std::max(first + 1, values.size() * (c + 1) / kCodes);
    double sum = 0.0;
    for (size_t i = first; i < last; ++i) sum += values[i];
    codes[c] = static_cast<float>(sum / static_cast<double>(last - first));
  }
  return codes;
}

uint8_t nearest(const std::array<float, kCodes>& codes, float value) {
  const auto above = std::lower_bound(codes.begin(), codes.end(), value);
  if (above == codes.begin()) return 0;
  const auto below = above - 1;
  const bool take_below = above == codes.end() || value - *below <= *above - value;
  return static_cast<uint8_t>((take_below ? below : above) - codes.begin());
}

void put_codes(std::string& out, const std::array<float, kCodes>& codes) {
  for (const float code : codes) put_f32(out, code);
}

std::array<float, kCodes> take_codes(ByteReader& reader) {
  std::array<float, kCodes> codes = {};
  for (float& code : codes) code = reader.take_f32(1000.0F);
  return codes;
}

}  // namespace

G2pNgram::G2pNgram(const std::vector<G2pNgramNode>& nodes, int num_symbols) {
  BIVOX_CHECK(nodes[0].num_children == static_cast<uint32_t>(num_symbols));
  std::vector<float> probs;
  std::vector<float> backoffs;
  for (size_t n = 1; n < nodes.size(); ++n) {
    probs.push_back(nodes[n].log_prob);
    if (nodes[n].num_children > 0) backoffs.push_back(nodes[n].backoff);
  }
  const auto prob_book = codebook(std::move(probs));
  const auto backoff_book = codebook(std::move(backoffs));
  std::string counts;
  std::string gaps;
  std::string prob_codes;
  std::string backoff_codes;
  uint32_t next_child = 1 + nodes[0].num_children;
  for (size_t n = 1; n < nodes.size(); ++n) {
    const G2pNgramNode& node = nodes[n];
    prob_codes.push_back(static_cast<char>(nearest(prob_book, node.log_prob)));
    put_varint(counts, node.num_children);
    if (node.num_children == 0) continue;
    BIVOX_CHECK(node.first_child == next_child);
    next_child += node.num_children;
    backoff_codes.push_back(static_cast<char>(nearest(backoff_book, node.backoff)));
    uint32_t place = nodes[node.suffix].first_child;
    for (uint32_t child = node.first_child; child < next_child; ++child) {
      put_varint(gaps, nodes[child].suffix - place);
      place = nodes[child].suffix + 1;
    }
  }
  BIVOX_CHECK(next_child == nodes.size());
  std::string bytes;
  put_u32(bytes, static_cast<uint32_t>(nodes.size()));
  put_codes(bytes, prob_book);
  put_codes(bytes, backoff_book);
  put_deflated(bytes, counts);
  put_deflated(bytes, gaps);
  put_deflated(bytes, prob_codes);
  put_deflated(bytes, backoff_codes);
  std::string_view rest = bytes;
  *this = read(rest, num_symbols, "the model just estimated");
}

float G2pNgram::step(State state, G2pUnit unit, State& next) const {
  float weight = 0.0F;
  for (;;) {
    const uint32_t a = lower_bound(state, unit);
    if (a < contexts_[state + 1].first_arc && arcs_[a].unit == unit) {
      next = arcs_[a].next;
      return weight + probs_[arcs_[a].prob_code];
    }
    weight += contexts_[state].backoff;
    state = contexts_[state].suffix;
  }
}

G2pNgram G2pNgram::read(std::string_view& bytes, int num_symbols, std::string_view name) {
  ByteReader reader(bytes, name);
  const size_t num_nodes = reader.take_u32();
  const std::array<float, kCodes> probs = take_codes(reader);
  const std::array<float, kCodes> backoffs = take_codes(reader);
  const std::string counts_bytes = reader.take_deflated();
  const std::string gaps_bytes = reader.take_deflated();
  const std::string prob_codes = reader.take_deflated();
  const std::string backoff_codes = reader.take_deflated();
  // One code a node but the root was really there, so the sizes below are paid for.
  if (num_nodes > kMaxNodes || prob_codes.size() + 1 != num_nodes ||
      num_nodes <= static_cast<size_t>(num_symbols)) {
    reader.fail("the number of n-grams is not that of their probabilities");
  }
  ByteReader counts(counts_bytes, name);
  ByteReader gaps(gaps_bytes, name);

  // Nodes are numbered in order of the file, the root 0; the arc of a node is one before it.
  G2pNgram ngram;
  ngram.num_symbols_ = num_symbols;
  ngram.probs_ = probs;
  ngram.arcs_.resize(num_nodes - 1);
  ngram.contexts_.reserve(backoff_codes.size() + 2);
  std::vector<uint32_t> first_child(num_nodes + 1, 0);
  std::vector<uint32_t> suffix(num_nodes, 0);
  std::vector<State> state_of(num_nodes, kRoot);  // the node itself, or its longest suffix
  for (int u = 0; u < num_symbols; ++u) {
    ngram.arcs_[static_cast<size_t>(u)].unit = static_cast<G2pUnit>(u);
  }
  ngram.contexts_.push_back({0, kRoot, 0.0F});
  first_child[0] = 1;
  uint32_t next_child = 1 + static_cast<uint32_t>(num_symbols);
  for (size_t n = 1; n < num_nodes; ++n) {
    first_child[n] = next_child;
    Arc& arc = ngram.arcs_[n - 1];
    arc.prob_code = static_cast<uint8_t>(prob_codes[n - 1]);
    const uint32_t count = counts.take_varint();
    if (count > num_nodes - next_child || (count > 0 && next_child <= n)) {
      reader.fail("an n-gram has more successors than there are n-grams");
    }
    // Suffixes are shorter, so they came before.
    state_of[n] = arc.next = state_of[suffix[n]];
    if (count == 0) continue;
    const size_t state = ngram.contexts_.size();
    if (state > backoff_codes.size()) reader.fail("a back-off weight is missing");
    ngram.contexts_.push_back(
        {next_child - 1, arc.next, backoffs[static_cast<uint8_t>(backoff_codes[state - 1])]});
    state_of[n] = arc.next = static_cast<State>(state);
    uint32_t place = first_child[suffix[n]];
    const uint32_t end = first_child[suffix[n] + 1];
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t gap = gaps.take_varint();
      if (gap >= end - std::min(place, end)) reader.fail("an n-gram lacks its suffix");
      place += gap;
      ngram.arcs_[next_child - 1].unit = ngram.arcs_[place - 1].unit;
      suffix[next_child] = place;
      ++place;
      ++next_child;
    }
  }
  if (next_child != num_nodes || !counts.rest().empty() || !gaps.rest().empty() ||
      ngram.contexts_.size() != backoff_codes.size() + 1) {
    reader.fail("n-grams are missing or left over");
  }
  ngram.contexts_.push_back({next_child - 1, kRoot, 0.0F});
  ngram.file_ = bytes.substr(0, bytes.size() - reader.rest().size());
  bytes = reader.rest();
  return ngram;
}

}  // namespace bivox
