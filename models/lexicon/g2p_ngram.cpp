#include "models/lexicon/g2p_ngram.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr int kCodes = 256;
/// More n-grams than any dictionary gives; a file that claims more is damaged.
constexpr size_t kMaxNodes = size_t{1} << 26;
/// Deflate cannot shrink by more than this: a claim beyond it is a lie, and is not allocated for.
constexpr size_t kMaxRatio = 1032;

[[noreturn]] void fail(std::string_view name, std::string_view what) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", name, what),
              "the file is damaged; copy or train the model again");
}

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

void put_varint(std::string& out, uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80U));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_u32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

/// Two sizes, then the bytes deflated.
void put_stream(std::string& out, const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string packed(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9);
  BIVOX_CHECK(status == Z_OK);
  put_u32(out, static_cast<uint32_t>(bytes.size()));
  put_u32(out, static_cast<uint32_t>(size));
  out.append(packed, 0, size);
}

uint32_t take_u32(std::string_view& bytes, std::string_view name) {
  if (bytes.size() < 4) fail(name, "the n-gram part is cut off");
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= static_cast<uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(4);
  return value;
}

std::string take_stream(std::string_view& bytes, std::string_view name) {
  const size_t size = take_u32(bytes, name);
  const size_t packed = take_u32(bytes, name);
  if (packed > bytes.size()) fail(name, "the n-gram part is cut off");
  if (size > packed * kMaxRatio) fail(name, "a compressed part claims an impossible size");
  std::string out(size, '\0');
  uLongf got = size;
  const int status =
      uncompress(reinterpret_cast<Bytef*>(out.data()), &got,
                 reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(packed));
  if (status != Z_OK || got != size) fail(name, "a compressed part does not inflate");
  bytes.remove_prefix(packed);
  return out;
}

uint32_t take_varint(std::string_view& bytes, std::string_view name) {
  uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += 7) {
    if (bytes.empty()) break;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint32_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
  fail(name, "the n-gram part ends within a number");
}

void put_codes(std::string& out, const std::array<float, kCodes>& codes) {
  for (const float code : codes) put_u32(out, std::bit_cast<uint32_t>(code));
}

std::array<float, kCodes> take_codes(std::string_view& bytes, std::string_view name) {
  std::array<float, kCodes> codes = {};
  for (float& code : codes) {
    code = std::bit_cast<float>(take_u32(bytes, name));
    // The negation also catches what is no number.
    if (!(std::abs(code) <= 1000.0F)) fail(name, "a log probability is out of range");
  }
  return codes;
}

}  // namespace

G2pNgram::G2pNgram(const std::vector<G2pNgramNode>& nodes, int num_symbols)
    : num_symbols_(num_symbols) {
  std::vector<float> probs;
  std::vector<float> backoffs;
  for (size_t n = 1; n < nodes.size(); ++n) {
    probs.push_back(nodes[n].log_prob);
    if (nodes[n].num_children > 0) backoffs.push_back(nodes[n].backoff);
  }
  probs_ = codebook(std::move(probs));
  backoffs_ = codebook(std::move(backoffs));
  uint32_t next_child = 1;
  for (const G2pNgramNode& node : nodes) {
    units_.push_back(node.unit);
    prob_codes_.push_back(nearest(probs_, node.log_prob));
    backoff_codes_.push_back(node.num_children > 0 ? nearest(backoffs_, node.backoff) : uint8_t{0});
    BIVOX_CHECK(node.num_children == 0 || node.first_child == next_child);
    first_child_.push_back(next_child);
    next_child += node.num_children;
    suffix_.push_back(node.suffix);
  }
  BIVOX_CHECK(next_child == nodes.size());
  BIVOX_CHECK(nodes[0].num_children == static_cast<uint32_t>(num_symbols));
  first_child_.push_back(next_child);
  connect();
}

void G2pNgram::connect() {
  // Suffixes are shorter, so they come first and are connected already.
  next_.assign(units_.size(), kRoot);
  exact_suffix_ = suffix_;
  for (size_t n = 1; n < units_.size(); ++n) {
    suffix_[n] = next_[suffix_[n]];
    next_[n] = first_child_[n] < first_child_[n + 1] ? static_cast<State>(n) : suffix_[n];
  }
}

uint32_t G2pNgram::lower_bound(State state, G2pUnit unit) const {
  if (state == kRoot) return 1U + unit;
  const G2pUnit* first = units_.data() + first_child_[state];
  const G2pUnit* last = units_.data() + first_child_[state + 1];
  return static_cast<uint32_t>(std::lower_bound(first, last, unit) - units_.data());
}

float G2pNgram::step(State state, G2pUnit unit, State& next) const {
  float weight = 0.0F;
  for (;;) {
    const uint32_t n = lower_bound(state, unit);
    if (n < first_child_[state + 1] && units_[n] == unit) {
      next = next_[n];
      return weight + probs_[prob_codes_[n]];
    }
    weight += backoffs_[backoff_codes_[state]];
    state = suffix_[state];
  }
}

void G2pNgram::write(std::string& out) const {
  std::string counts;
  std::string gaps;
  std::string backoffs;
  for (size_t n = 1; n < units_.size(); ++n) {
    const uint32_t first = first_child_[n];
    const uint32_t last = first_child_[n + 1];
    put_varint(counts, last - first);
    if (first == last) continue;
    backoffs.push_back(static_cast<char>(backoff_codes_[n]));
    uint32_t place = first_child_[exact_suffix_[n]];
    for (uint32_t child = first; child < last; ++child) {
      put_varint(gaps, exact_suffix_[child] - place);
      place = exact_suffix_[child] + 1;
    }
  }
  put_u32(out, static_cast<uint32_t>(units_.size()));
  put_codes(out, probs_);
  put_codes(out, backoffs_);
  put_stream(out, counts);
  put_stream(out, gaps);
  put_stream(out, std::string(prob_codes_.begin() + 1, prob_codes_.end()));
  put_stream(out, backoffs);
}

G2pNgram G2pNgram::read(std::string_view& bytes, int num_symbols, std::string_view name) {
  G2pNgram ngram;
  ngram.num_symbols_ = num_symbols;
  const size_t num_nodes = take_u32(bytes, name);
  ngram.probs_ = take_codes(bytes, name);
  ngram.backoffs_ = take_codes(bytes, name);
  const std::string counts_stream = take_stream(bytes, name);
  const std::string gaps_stream = take_stream(bytes, name);
  const std::string probs_stream = take_stream(bytes, name);
  const std::string backoffs_stream = take_stream(bytes, name);
  // One code a node but the root was really there, so the sizes below are paid for.
  if (num_nodes > kMaxNodes || probs_stream.size() + 1 != num_nodes ||
      num_nodes <= static_cast<size_t>(num_symbols)) {
    fail(name, "the number of n-grams is not that of their probabilities");
  }
  std::string_view counts = counts_stream;
  std::string_view gaps = gaps_stream;
  std::string_view backoffs = backoffs_stream;

  ngram.units_.assign(num_nodes, 0);
  ngram.prob_codes_.assign(num_nodes, 0);
  std::memcpy(ngram.prob_codes_.data() + 1, probs_stream.data(), probs_stream.size());
  ngram.backoff_codes_.assign(num_nodes, 0);
  ngram.first_child_.assign(num_nodes + 1, 0);
  ngram.suffix_.assign(num_nodes, 0);
  for (int u = 0; u < num_symbols; ++u) {
    ngram.units_[static_cast<size_t>(u) + 1] = static_cast<G2pUnit>(u);
  }
  ngram.first_child_[0] = 1;
  uint32_t next_child = 1 + static_cast<uint32_t>(num_symbols);
  for (size_t n = 1; n < num_nodes; ++n) {
    const uint32_t count = take_varint(counts, name);
    ngram.first_child_[n] = next_child;
    if (count == 0) continue;
    if (count > num_nodes - next_child || next_child <= n) {
      fail(name, "an n-gram has more successors than there are n-grams");
    }
    if (backoffs.empty()) fail(name, "a back-off weight is missing");
    ngram.backoff_codes_[n] = static_cast<uint8_t>(backoffs.front());
    backoffs.remove_prefix(1);
    const State suffix = ngram.suffix_[n];
    uint32_t place = ngram.first_child_[suffix];
    const uint32_t end = ngram.first_child_[suffix + 1];
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t gap = take_varint(gaps, name);
      if (gap >= end - std::min(place, end)) fail(name, "an n-gram lacks its suffix");
      place += gap;
      ngram.units_[next_child] = ngram.units_[place];
      ngram.suffix_[next_child] = place;
      ++place;
      ++next_child;
    }
  }
  if (next_child != num_nodes || !counts.empty() || !gaps.empty() || !backoffs.empty()) {
    fail(name, "n-grams are missing or left over");
  }
  ngram.first_child_[num_nodes] = next_child;
  ngram.connect();
  return ngram;
}

}  // namespace bivox
