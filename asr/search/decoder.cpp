#include "asr/search/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "asr/search/lm_lookahead.h"
#include "asr/search/minimum_bayes_risk.h"
#include "asr/search/rescoring.h"
#include "asr/search/trace.h"
#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

void validate(const DecoderOptions& options) {
  const auto require = [](bool ok, const char* name, double found, const char* expected) {
    if (!ok) {
      throw Error(ErrorCode::kUsage, fmt::format("{} is {}, expected {}", name, found, expected));
    }
  };
  require(options.language_weight > 0.0F, "language weight", options.language_weight,
          "more than 0");
  require(options.beam > 0.0F, "beam", options.beam, "more than 0");
  require(options.word_beam > 0.0F, "word beam", options.word_beam, "more than 0");
  require(options.max_active >= 1, "max-active", options.max_active, "at least 1");
  require(options.max_word_ends >= 1, "max word ends", options.max_word_ends, "at least 1");
  require(options.posterior_scale > 0.0F, "posterior scale", options.posterior_scale,
          "more than 0");
}

}  // namespace

class Decoder::Core {
 public:
  virtual ~Core() = default;
  virtual void begin() = 0;
  virtual void advance(AcousticScores& scores) = 0;
  /// All but the words, which come from the lattice.
  virtual DecoderResult finish() = 0;
  virtual std::vector<DecodedWord> partial() const = 0;
  virtual Counts counts() const = 0;
};

// One frame is: Viterbi step of all tokens -> threshold -> drop tokens below it -> leave HMMs (into
// children, or as word ends) -> recombine word ends into traces -> enter first phones and fillers.
// Scores in tokens are relative to the best of the frame before, so that float keeps its precision
// on long audio; base_ holds the rest in double.
template <int kStates>
class Decoder::TypedCore final : public Decoder::Core {
 public:
  TypedCore(const SearchNetwork& network, const DecoderOptions& options)
      : network_(network),
        tree_(network.tree()),
        options_(options),
        lookahead_(network.tree(), network.lm()) {
    const HmmSet& hmms = network.hmms();
    rows_.resize(static_cast<size_t>(hmms.num_hmms()));
    for (HmmId hmm = 0; hmm < hmms.num_hmms(); ++hmm) {
      Row& row = rows_[static_cast<size_t>(hmm)];
      std::copy_n(hmms.states(hmm).begin(), kStates, row.states.begin());
      row.transitions = hmms.transitions(hmm);
    }
    transitions_.resize(static_cast<size_t>(hmms.num_transitions()));
    for (int t = 0; t < hmms.num_transitions(); ++t) {
      std::copy_n(hmms.transition_log_probs(t).begin(), kStates * (kStates + 1),
                  transitions_[static_cast<size_t>(t)].begin());
    }
    scores_.resize(static_cast<size_t>(hmms.num_states()));
    const std::vector<FillerWord>& fillers = network.fillers();
    for (const FillerWord& filler : fillers) {
      filler_penalties_.push_back(filler.phone == tree_.silence() ? options.silence_penalty
                                                                  : options.filler_penalty);
    }
    begin();
  }

  void begin() override {
    tokens_.clear();
    frame_ = 0;
    base_ = 0.0;
    best_ = 0.0F;
    counts_ = {};
    traces_.reset(network_.lm().begin_state(), tree_.silence(), tree_.any_right());
    last_traces_.assign(1, 0);
    clear_index();
    threshold_ = kNever;
    enter_words(0, 0.0F);
    // Without a frame there is nothing to prune by yet; the entries themselves set the measure.
    for (const Token& token : tokens_) best_ = std::max(best_, token.in);
  }

  void advance(AcousticScores& scores) override {
    BIVOX_CHECK(scores.num_states() == network_.hmms().num_states());
    while (frame_ < scores.frames_ready()) {
      scores.score(frame_, {}, scores_);
      step();
    }
  }

  DecoderResult finish() override;

  std::vector<DecodedWord> partial() const override {
    TraceIndex best_trace = 0;
    float best = kNever;
    for (const Token& token : tokens_) {
      for (int j = 0; j < kStates; ++j) {
        if (token.score[j] > best) {
          best = token.score[j];
          best_trace = token.trace[j];
        }
      }
    }
    return words_of(best_trace);
  }

  Counts counts() const override { return counts_; }

 private:
  struct Row {
    std::array<StateId, kStates> states;
    int transitions;
  };
  using Transitions = std::array<float, static_cast<size_t>(kStates) * (kStates + 1)>;
  struct Token {
    float score[kStates];
    TraceIndex trace[kStates];
    float in;  // score of entering at the next frame
    TraceIndex in_trace;
    uint32_t node;
    LookaheadSlot slot;
    HmmId hmm;
    float lookahead;  // weighted; contained in all scores of the token
  };
  // A word end before recombination.
  struct WordEnd {
    float score;  // relative, without look-ahead, with the exact language model
    float language;
    float penalty;
    LmState state;
    PhoneId last_phone;
    uint16_t right_set;
    TreeWord word;
    TraceIndex from;
  };
  // A leaf's HMM was left: before the words in it are looked at.
  struct Exit {
    float score;  // relative, look-ahead included
    uint32_t token;
    TraceIndex trace;
  };

  void step();
  void viterbi();
  void set_threshold();
  void drop_tokens();
  void leave_hmms();
  void end_words();
  void enter_words(TraceIndex trace, float score);
  void enter(uint32_t node, LookaheadSlot slot, float score, TraceIndex trace, float lookahead);
  void collect();
  float exit_score(const Token& token, TraceIndex& trace) const;
  std::vector<DecodedWord> words_of(TraceIndex last) const;

  // Index of tokens by (node, slot): open addressing; rebuilt every frame.
  static uint32_t hash(uint32_t node, LookaheadSlot slot) {
    return (node * 0x9E3779B1U) ^ ((slot * 0x85EBCA77U) >> 3U);
  }
  void clear_index() {
    size_t size = index_.size();
    while (size < 4 * (tokens_.size() + 1024)) size = std::max<size_t>(2 * size, 1U << 14U);
    index_.assign(size, kNoToken);
  }
  void grow_index() {
    index_.assign(2 * index_.size(), kNoToken);
    for (uint32_t i = 0; i < tokens_.size(); ++i) *find(tokens_[i].node, tokens_[i].slot) = i;
  }
  uint32_t* find(uint32_t node, LookaheadSlot slot) {
    const uint32_t mask = static_cast<uint32_t>(index_.size() - 1);
    for (uint32_t i = (hash(node, slot) >> 4U) & mask;; i = (i + 1) & mask) {
      uint32_t& at = index_[i];
      if (at == kNoToken || (tokens_[at].node == node && tokens_[at].slot == slot)) return &at;
    }
  }

  static constexpr uint32_t kNoToken = 0xffffffffU;

  const SearchNetwork& network_;
  const PrefixTree& tree_;
  const DecoderOptions options_;
  LmLookahead lookahead_;
  std::vector<Row> rows_;
  std::vector<Transitions> transitions_;
  std::vector<float> filler_penalties_;
  std::vector<float> scores_;
  std::vector<Token> tokens_;
  std::vector<float> token_best_;
  std::vector<uint32_t> index_;
  std::vector<Exit> exits_;
  std::vector<WordEnd> word_ends_;
  std::vector<TraceArc> arcs_;
  TraceStore traces_;
  std::vector<TraceIndex> last_traces_;
  int frame_ = 0;
  double base_ = 0.0;
  float best_ = 0.0F;
  float threshold_ = kNever;
  Counts counts_;
};

template <int kStates>
void Decoder::TypedCore<kStates>::step() {
  counts_.tokens += tokens_.size();
  ++counts_.frames;
  viterbi();
  set_threshold();
  drop_tokens();
  ++frame_;
  leave_hmms();
  end_words();
  if (traces_.wants_collection() || lookahead_.over_budget()) collect();
}

template <int kStates>
void Decoder::TypedCore<kStates>::viterbi() {
  const float norm = best_;
  base_ += static_cast<double>(norm);
  float best = kNever;
  token_best_.resize(tokens_.size());
  for (size_t i = 0; i < tokens_.size(); ++i) {
    Token& token = tokens_[i];
    const Row& row = rows_[static_cast<size_t>(token.hmm)];
    const Transitions& a = transitions_[static_cast<size_t>(row.transitions)];
    float token_best = kNever;
    for (int j = kStates - 1; j >= 0; --j) {
      float score = token.score[j] + a[static_cast<size_t>(j * (kStates + 1) + j)];
      TraceIndex trace = token.trace[j];
      const auto take = [&](float other, TraceIndex other_trace) {
        trace = other > score ? other_trace : trace;
        score = std::max(score, other);
      };
      if (j >= 1) {
        take(token.score[j - 1] + a[static_cast<size_t>((j - 1) * (kStates + 1) + j)],
             token.trace[j - 1]);
      }
      if (j >= 2) {
        take(token.score[j - 2] + a[static_cast<size_t>((j - 2) * (kStates + 1) + j)],
             token.trace[j - 2]);
      }
      if (j == 0) take(token.in, token.in_trace);
      score += scores_[static_cast<size_t>(row.states[static_cast<size_t>(j)])] - norm;
      token.score[j] = score;
      token.trace[j] = trace;
      token_best = std::max(token_best, score);
    }
    token.in = kNever;
    token_best_[i] = token_best;
    best = std::max(best, token_best);
  }
  best_ = best;
}

// The beam, narrowed where more than max_active tokens lie within it (by a histogram of scores).
template <int kStates>
void Decoder::TypedCore<kStates>::set_threshold() {
  threshold_ = best_ - options_.beam;
  const size_t limit = static_cast<size_t>(options_.max_active);
  if (tokens_.size() <= limit) return;
  constexpr int kBins = 256;
  std::array<uint32_t, kBins> histogram = {};
  const float per_bin = kBins / options_.beam;
  for (const float score : token_best_) {
    const float below = (best_ - score) * per_bin;
    if (below < kBins) ++histogram[static_cast<size_t>(below)];
  }
  size_t count = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    count += histogram[static_cast<size_t>(bin)];
    if (count > limit) {
      threshold_ = best_ - static_cast<float>(std::max(bin, 1)) / per_bin;
      return;
    }
  }
}

template <int kStates>
void Decoder::TypedCore<kStates>::drop_tokens() {
  size_t kept = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (token_best_[i] < threshold_) continue;
    if (kept != i) tokens_[kept] = tokens_[i];
    ++kept;
  }
  tokens_.resize(kept);
  clear_index();
  for (uint32_t i = 0; i < kept; ++i) *find(tokens_[i].node, tokens_[i].slot) = i;
}

template <int kStates>
float Decoder::TypedCore<kStates>::exit_score(const Token& token, TraceIndex& trace) const {
  const Row& row = rows_[static_cast<size_t>(token.hmm)];
  const Transitions& a = transitions_[static_cast<size_t>(row.transitions)];
  float score = token.score[kStates - 1] + a[static_cast<size_t>(kStates * (kStates + 1) - 1)];
  trace = token.trace[kStates - 1];
  if constexpr (kStates >= 2) {
    const float skip =
        token.score[kStates - 2] + a[static_cast<size_t>((kStates - 2) * (kStates + 1) + kStates)];
    if (skip > score) {
      score = skip;
      trace = token.trace[kStates - 2];
    }
  }
  return score;
}

template <int kStates>
void Decoder::TypedCore<kStates>::leave_hmms() {
  exits_.clear();
  const size_t count = tokens_.size();  // those entered below take part from the next frame on
  const float leaf_threshold = std::max(threshold_, best_ - options_.leaf_beam);
  for (size_t i = 0; i < count; ++i) {
    TraceIndex trace = 0;
    const float score = exit_score(tokens_[i], trace);
    if (!(score >= threshold_)) continue;
    const PrefixTree::Node& node = tree_.node(tokens_[i].node);
    if (node.num_branches == 0) {
      exits_.push_back({score, static_cast<uint32_t>(i), trace});
      continue;
    }
    const LookaheadSlot slot = tokens_[i].slot;
    const float own_lookahead = tokens_[i].lookahead;
    const float bare = score - own_lookahead;
    for (const PrefixTree::Branch& branch : tree_.branches(node)) {
      // Look-ahead only falls on the way down, so what is too bad already needs no question.
      const float threshold = branch.to_leaf ? leaf_threshold : threshold_;
      if (score < threshold) continue;
      const float lookahead =
          branch.lookahead == node.lookahead
              ? own_lookahead
              : options_.language_weight * lookahead_.log_prob(slot, branch.lookahead);
      const float in = bare + lookahead;
      if (in < threshold) continue;
      for (uint32_t k = 0; k < branch.num_nodes; ++k) {
        enter(branch.first_node + k, slot, in, trace, lookahead);
      }
    }
  }
}

template <int kStates>
void Decoder::TypedCore<kStates>::enter(uint32_t node, LookaheadSlot slot, float score,
                                        TraceIndex trace, float lookahead) {
  uint32_t* at = find(node, slot);
  if (*at != kNoToken) {
    Token& token = tokens_[*at];
    if (score > token.in) {
      token.in = score;
      token.in_trace = trace;
    }
    return;
  }
  *at = static_cast<uint32_t>(tokens_.size());
  Token token;
  std::fill_n(token.score, kStates, kNever);
  std::fill_n(token.trace, kStates, TraceIndex{0});
  token.in = score;
  token.in_trace = trace;
  token.node = node;
  token.slot = slot;
  token.hmm = tree_.node(node).hmm;
  token.lookahead = lookahead;
  tokens_.push_back(token);
  if (2 * tokens_.size() > index_.size()) grow_index();
}

template <int kStates>
void Decoder::TypedCore<kStates>::end_words() {
  word_ends_.clear();
  const LanguageModel& lm = network_.lm();
  // The likeliest first: what it sets as the word beam's measure spares most others the question to
  // the language model, as their look-ahead already bounds the answer from above.
  if (!exits_.empty()) {
    std::iter_swap(exits_.begin(),
                   std::max_element(exits_.begin(), exits_.end(), [](const Exit& a, const Exit& b) {
                     return a.score < b.score;
                   }));
  }
  float best = kNever;
  for (const Exit& exit : exits_) {
    const Token& token = tokens_[exit.token];
    const PrefixTree::Node& node = tree_.node(token.node);
    const PrefixTree::Leaf& leaf = tree_.leaf(node);
    if (!leaf.is_filler && exit.score + options_.word_penalty < best - options_.word_beam) continue;
    const float bare = exit.score - token.lookahead;
    const LmState state = lookahead_.state(token.slot);
    for (TreeWord word = leaf.first_word; word < leaf.first_word + leaf.num_words; ++word) {
      WordEnd end = {bare, 0.0F, 0.0F, state, leaf.last_phone, node.right_set, word, exit.trace};
      if (leaf.is_filler) {
        end.penalty = filler_penalties_[static_cast<size_t>(tree_.word(word).word)];
      } else {
        const LanguageModel::Step lm_step = lm.step(state, tree_.word(word).lm_word);
        end.language = lm_step.log_prob;
        end.state = lm_step.next;
        end.penalty =
            options_.word_penalty + options_.pronunciation_weight * tree_.word(word).log_prob;
      }
      end.score += options_.language_weight * end.language + end.penalty;
      if (end.score < threshold_) continue;
      best = std::max(best, end.score);
      word_ends_.push_back(end);
    }
  }
  // Prune word ends among themselves, then recombine those the future cannot tell apart.
  const float word_threshold = std::max(threshold_, best - options_.word_beam);
  std::erase_if(word_ends_, [&](const WordEnd& end) { return end.score < word_threshold; });
  const size_t limit = static_cast<size_t>(options_.max_word_ends);
  if (word_ends_.size() > limit) {
    std::nth_element(word_ends_.begin(), word_ends_.begin() + static_cast<std::ptrdiff_t>(limit),
                     word_ends_.end(),
                     [](const WordEnd& a, const WordEnd& b) { return a.score > b.score; });
    word_ends_.resize(limit);
  }
  std::sort(word_ends_.begin(), word_ends_.end(), [](const WordEnd& a, const WordEnd& b) {
    return std::tuple(a.state, a.last_phone, a.right_set, -a.score, a.word, a.from) <
           std::tuple(b.state, b.last_phone, b.right_set, -b.score, b.word, b.from);
  });
  counts_.word_ends += word_ends_.size();
  last_traces_.clear();
  size_t begin = 0;
  while (begin < word_ends_.size()) {
    const WordEnd& first = word_ends_[begin];
    arcs_.clear();
    size_t end = begin;
    for (; end < word_ends_.size(); ++end) {
      const WordEnd& next = word_ends_[end];
      if (next.state != first.state || next.last_phone != first.last_phone ||
          next.right_set != first.right_set) {
        break;
      }
      arcs_.push_back({next.from, next.word, next.language, next.penalty,
                       base_ + static_cast<double>(next.score)});
    }
    const TraceIndex trace =
        traces_.add(frame_, first.state, first.last_phone, first.right_set, arcs_);
    last_traces_.push_back(trace);
    enter_words(trace, first.score);
    begin = end;
  }
}

template <int kStates>
void Decoder::TypedCore<kStates>::enter_words(TraceIndex index, float score) {
  const Trace& trace = traces_[index];
  const LookaheadSlot slot = lookahead_.slot(trace.state);
  const float weight = options_.language_weight;
  const float any_word = weight * lookahead_.log_prob(slot, PrefixTree::kAnyWord);
  if (score + any_word < threshold_) return;
  for (const PhoneId phone : tree_.right_set(trace.right_set)) {
    const std::span<const uint32_t> nodes = tree_.entries(trace.last_phone, phone);
    if (phone == tree_.silence()) {
      for (const uint32_t node : nodes) enter(node, slot, score + any_word, index, any_word);
      continue;
    }
    const uint32_t first_phone = tree_.first_phone_lookahead(phone);
    if (score + weight * lookahead_.log_prob(slot, first_phone) < threshold_) continue;
    for (const uint32_t node : nodes) {
      const float lookahead = weight * lookahead_.log_prob(slot, tree_.node(node).lookahead);
      if (score + lookahead >= threshold_) enter(node, slot, score + lookahead, index, lookahead);
    }
  }
}

// Rare: drops traces that lead nowhere and look-ahead tables of contexts no token is in.
template <int kStates>
void Decoder::TypedCore<kStates>::collect() {
  std::vector<TraceIndex> live(last_traces_);
  std::vector<LookaheadSlot> used;
  for (const Token& token : tokens_) {
    live.insert(live.end(), token.trace, token.trace + kStates);
    live.push_back(token.in_trace);
    used.push_back(token.slot);
  }
  const std::vector<TraceIndex> moved = traces_.collect(live);
  const bool trim = lookahead_.over_budget();
  std::vector<LookaheadSlot> slots;
  if (trim) slots = lookahead_.trim(used);
  for (TraceIndex& trace : last_traces_) trace = moved[trace];
  for (Token& token : tokens_) {
    for (TraceIndex& trace : token.trace) trace = moved[trace];
    token.in_trace = moved[token.in_trace];
    if (trim) token.slot = slots[token.slot];
  }
  // The index is rebuilt from the tokens at the next frame, before anything is looked up.
}

template <int kStates>
std::vector<DecodedWord> Decoder::TypedCore<kStates>::words_of(TraceIndex last) const {
  std::vector<DecodedWord> words;
  for (const TraceStore::Step& step : traces_.path_to(last)) {
    if (!tree_.is_filler(step.word)) words.push_back({step.word, step.start_frame, step.end_frame});
  }
  return words;
}

template <int kStates>
DecoderResult Decoder::TypedCore<kStates>::finish() {
  DecoderResult result;
  result.num_frames = frame_;
  const LanguageModel& lm = network_.lm();
  const std::optional<LmWord> end = lm.sentence_end();
  std::vector<Lattice::Final> finals;
  TraceIndex best_trace = 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const TraceIndex index : last_traces_) {
    const Trace& trace = traces_[index];
    if (!tree_.allows_silence(trace.right_set)) continue;
    const float end_log_prob = end ? lm.step(trace.state, *end).log_prob : 0.0F;
    if (end_log_prob <= kImpossibleLogProb) continue;  // no sentence of a grammar ends here
    const float score = options_.language_weight * end_log_prob;
    finals.push_back({index, score});
    if (trace.score + static_cast<double>(score) > best) {
      best = trace.score + static_cast<double>(score);
      best_trace = index;
    }
  }
  result.complete = !finals.empty();
  if (finals.empty()) {
    // No word ended with the audio (cut off in the middle of one): take what the best token has
    // behind it.
    float best_token = kNever;
    for (const Token& token : tokens_) {
      for (int j = 0; j < kStates; ++j) {
        if (token.score[j] > best_token) {
          best_token = token.score[j];
          best_trace = token.trace[j];
        }
      }
    }
    finals.push_back({best_trace, 0.0F});
    best = traces_[best_trace].score;
  }
  result.log_score = best;
  result.lattice = traces_.lattice(finals, options_.language_weight);
  return result;
}

Decoder::Decoder(std::shared_ptr<const SearchNetwork> network, const DecoderOptions& options,
                 std::shared_ptr<const Rescorer> rescorer)
    : network_(std::move(network)), options_(options), rescorer_(std::move(rescorer)) {
  validate(options_);
  const int states = network_->hmms().states_per_hmm();
  switch (states) {
    case 1:
      core_ = std::make_unique<TypedCore<1>>(*network_, options_);
      break;
    case 2:
      core_ = std::make_unique<TypedCore<2>>(*network_, options_);
      break;
    case 3:
      core_ = std::make_unique<TypedCore<3>>(*network_, options_);
      break;
    case 5:
      core_ = std::make_unique<TypedCore<5>>(*network_, options_);
      break;
    default:
      throw Error(ErrorCode::kModel,
                  fmt::format("HMMs have {} states, expected 1, 2, 3 or 5", states));
  }
}

Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

void Decoder::begin() { core_->begin(); }
void Decoder::advance(AcousticScores& scores) { core_->advance(scores); }

DecoderResult Decoder::finish() {
  DecoderResult result = core_->finish();
  if (rescorer_ != nullptr) {
    result.lattice = rescorer_->rescore(result.lattice, result.complete);
    result.log_score = best_path_score(result.lattice);
  }
  const auto words = options_.minimum_bayes_risk ? minimum_bayes_risk : best_path_words;
  result.words = words(*network_, result.lattice, options_.posterior_scale, options_.calibration);
  return result;
}

std::vector<DecodedWord> Decoder::partial() const { return core_->partial(); }
Decoder::Counts Decoder::counts() const { return core_->counts(); }

DecoderResult Decoder::decode(AcousticScores& scores) {
  begin();
  advance(scores);
  return finish();
}

}  // namespace bivox
