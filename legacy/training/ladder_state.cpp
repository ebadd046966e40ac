#include "legacy/training/ladder_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/safetensors.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

constexpr int kRunColumns = 6;  // phone, state, position, left, right, frames

[[noreturn]] void fail_damaged(const fs::path& path, const std::string& what) {
  throw Error(ErrorCode::kModel,
              fmt::format("{}: not a state of this training: {}", path.string(), what),
              "remove it to train that rung again");
}

void add_matrix(SafetensorsWriter& writer, const std::string& name, const float* data, int64_t rows,
                int64_t cols) {
  if (rows * cols == 0) return;
  writer.add(name, Tensor::from(Shape{rows, cols}, {data, static_cast<size_t>(rows * cols)}));
}

void add_integers(SafetensorsWriter& writer, const std::string& name,
                  const std::vector<int32_t>& values, int64_t cols) {
  if (values.empty()) return;
  writer.add_int32(name, Shape{static_cast<int64_t>(values.size()) / cols, cols}, values);
}

void add_tree(SafetensorsWriter& writer, const StateTree& tree) {
  std::vector<int32_t> questions;
  for (int q = 0; q < tree.num_questions(); ++q) {
    const ContextQuestion& question = tree.question(q);
    questions.push_back(static_cast<int32_t>(question.subject));
    const auto first = questions.size();
    questions.insert(questions.end(), question.members.begin(), question.members.end());
    questions.resize(first + static_cast<size_t>(std::max(4, tree.phones().size())), 0);
  }
  add_integers(writer, "tree.questions", questions, 1 + std::max(4, tree.phones().size()));
  std::vector<int32_t> splits;
  for (const StateTree::Split& split : tree.splits()) {
    splits.insert(splits.end(), {split.centre, split.state, split.leaf, split.question});
  }
  add_integers(writer, "tree.splits", splits, 4);
}

void add_mixtures(SafetensorsWriter& writer, const MixtureModel& mixtures) {
  std::vector<int32_t> densities;
  std::vector<float> weights;
  std::vector<float> means;
  std::vector<float> variances;
  for (int s = 0; s < mixtures.num_states(); ++s) {
    const Mixture& mixture = mixtures.state(s);
    densities.push_back(mixture.size());
    weights.insert(weights.end(), mixture.weights.begin(), mixture.weights.end());
    means.insert(means.end(), mixture.means.begin(), mixture.means.end());
    variances.insert(variances.end(), mixture.variances.begin(), mixture.variances.end());
  }
  const auto count = static_cast<int64_t>(weights.size());
  add_integers(writer, "mixtures.densities", densities, 1);
  add_matrix(writer, "mixtures.weights", weights.data(), count, 1);
  add_matrix(writer, "mixtures.means", means.data(), count, mixtures.dims());
  add_matrix(writer, "mixtures.variances", variances.data(), count, mixtures.dims());
}

// Reads tensors of known shapes out of one file.
class StateReader {
 public:
  StateReader(const fs::path& path, SafetensorsFile file) : path_(path), file_(std::move(file)) {}

  std::string text(const std::string& key) const {
    const auto entry = file_.metadata().find(key);
    if (entry == file_.metadata().end()) fail_damaged(path_, "no " + key);
    return entry->second;
  }
  int number(const std::string& key) const {
    const std::string value = text(key);
    int out = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error != std::errc{} || end != value.data() + value.size() || out < 0) {
      fail_damaged(path_, fmt::format("{} is '{}'", key, value));
    }
    return out;
  }
  /// Empty if the file has no such tensor.
  std::vector<int32_t> integers(const std::string& name, int64_t cols) const {
    const StoredTensor* tensor = file_.find(name);
    if (tensor == nullptr) return {};
    if (tensor->type != StoredType::kInt32) fail_damaged(path_, name + " has a wrong type");
    check_cols(*tensor, cols);
    return tensor->to_int32();
  }
  /// cols < 0: any number. Empty if the file has no such tensor.
  FeatureMatrix matrix(const std::string& name, int64_t rows, int64_t cols) const {
    const StoredTensor* tensor = file_.find(name);
    if (tensor == nullptr) return {};
    if (tensor->type != StoredType::kFloat32) fail_damaged(path_, name + " has a wrong type");
    check_cols(*tensor, cols);
    if (rows >= 0 && tensor->shape[0] != rows) fail_damaged(path_, name + " has a wrong size");
    const Tensor values = tensor->to_float();
    return Eigen::Map<const FeatureMatrix>(values.data(), tensor->shape[0], tensor->shape[1]);
  }

 private:
  void check_cols(const StoredTensor& tensor, int64_t cols) const {
    if (tensor.shape.rank() != 2 || (cols >= 0 && tensor.shape[1] != cols)) {
      fail_damaged(path_, tensor.name + " has a wrong shape");
    }
  }

  const fs::path& path_;
  SafetensorsFile file_;
};

StateTree read_tree(const StateReader& reader, const PhoneSet& phones, const fs::path& path) {
  const int states = reader.number("states_per_hmm");
  if (states < 1 || states > 16) fail_damaged(path, "states_per_hmm");
  StateTree tree(phones, states);
  const int width = 1 + std::max(4, phones.size());
  const std::vector<int32_t> questions = reader.integers("tree.questions", width);
  for (size_t at = 0; at < questions.size(); at += static_cast<size_t>(width)) {
    if (questions[at] < 0 || questions[at] > 2) fail_damaged(path, "tree.questions");
    ContextQuestion question;
    question.subject = static_cast<ContextQuestion::Subject>(questions[at]);
    const int members = question.subject == ContextQuestion::Subject::kPosition ? 4 : phones.size();
    for (int i = 0; i < members; ++i) {
      question.members.push_back(questions[at + 1 + static_cast<size_t>(i)] != 0);
    }
    tree.add_question(std::move(question));
  }
  const std::vector<int32_t> splits = reader.integers("tree.splits", 4);
  for (size_t at = 0; at < splits.size(); at += 4) {
    StateTree::Split split;
    split.centre = static_cast<PhoneId>(std::clamp(splits[at], -1, phones.size()));
    split.state = static_cast<int16_t>(std::clamp(splits[at + 1], -1, states));
    split.leaf = splits[at + 2];
    split.question = splits[at + 3];
    if (!tree.can_split(split)) fail_damaged(path, "tree.splits");
    tree.split(split.centre, split.state, split.leaf, split.question);
  }
  return tree;
}

MixtureModel read_mixtures(const StateReader& reader, int states, const fs::path& path) {
  const std::vector<int32_t> densities = reader.integers("mixtures.densities", 1);
  int64_t count = 0;
  for (const int32_t n : densities) {
    if (n < 1) fail_damaged(path, "mixtures.densities");
    count += n;
  }
  const FeatureMatrix weights = reader.matrix("mixtures.weights", count, 1);
  const FeatureMatrix means = reader.matrix("mixtures.means", count, -1);
  const FeatureMatrix variances = reader.matrix("mixtures.variances", count, means.cols());
  if (static_cast<int>(densities.size()) != states || weights.size() == 0 || means.size() == 0 ||
      variances.size() == 0) {
    fail_damaged(path, "its mixtures are not those of its tree");
  }
  const auto dims = static_cast<size_t>(means.cols());
  const std::vector<float> zeros(dims, 0.0F);
  MixtureModel out(states, zeros, zeros);
  size_t first = 0;
  for (int s = 0; s < states; ++s) {
    const auto n = static_cast<size_t>(densities[static_cast<size_t>(s)]);
    Mixture& mixture = out.state(s);
    mixture.weights.assign(weights.data() + first, weights.data() + first + n);
    mixture.means.assign(means.data() + first * dims, means.data() + (first + n) * dims);
    mixture.variances.assign(variances.data() + first * dims,
                             variances.data() + (first + n) * dims);
    first += n;
  }
  return out;
}

std::vector<StateAlignment> read_alignments(const StateReader& reader, const PhoneSet& phones,
                                            int states, const fs::path& path) {
  const std::vector<int32_t> counts = reader.integers("alignment.counts", 1);
  const std::vector<int32_t> runs = reader.integers("alignment.runs", kRunColumns);
  std::vector<StateAlignment> out;
  size_t at = 0;
  for (const int32_t count : counts) {
    if (count < 0 || (runs.size() - at) / kRunColumns < static_cast<size_t>(count)) {
      fail_damaged(path, "alignment.counts");
    }
    StateAlignment alignment;
    for (int32_t i = 0; i < count; ++i, at += kRunColumns) {
      const int32_t* run = runs.data() + at;
      const auto is_phone = [&phones](int32_t p) { return p >= 0 && p < phones.size(); };
      if (!is_phone(run[0]) || run[1] < 0 || run[1] >= states || run[2] < 0 || run[2] > 3 ||
          !is_phone(run[3]) || !is_phone(run[4]) || run[5] < 1) {
        fail_damaged(path, "alignment.runs");
      }
      alignment.push_back({static_cast<PhoneId>(run[0]),
                           static_cast<int16_t>(run[1]),
                           {static_cast<WordPosition>(run[2]), static_cast<PhoneId>(run[3]),
                            static_cast<PhoneId>(run[4])},
                           run[5]});
    }
    out.push_back(std::move(alignment));
  }
  return out;
}

}  // namespace

void save_ladder_state(const fs::path& path, const LadderState& state,
                       const std::string& fingerprint) {
  SafetensorsWriter writer;
  const GmmHmm& model = state.model;
  writer.set_metadata("rung", state.rung);
  writer.set_metadata("next_pass", std::to_string(state.next_pass));
  writer.set_metadata("num_aligned", std::to_string(state.num_aligned));
  writer.set_metadata("fingerprint", fingerprint);
  writer.set_metadata("form", std::to_string(static_cast<int>(model.form)));
  writer.set_metadata("states_per_hmm", std::to_string(model.tree.states_per_hmm()));
  add_tree(writer, model.tree);
  add_mixtures(writer, model.mixtures);
  add_matrix(writer, "transitions", model.transitions.data(),
             static_cast<int64_t>(model.transitions.size()), 1);
  add_matrix(writer, "transform", model.transform.data(), model.transform.rows(),
             model.transform.cols());
  std::vector<int32_t> counts;
  std::vector<int32_t> runs;
  for (const StateAlignment& alignment : state.alignments) {
    counts.push_back(static_cast<int32_t>(alignment.size()));
    for (const StateRun& run : alignment) {
      runs.insert(runs.end(), {run.phone, run.state, static_cast<int32_t>(run.context.position),
                               run.context.left, run.context.right, run.frames});
    }
  }
  add_integers(writer, "alignment.counts", counts, 1);
  add_integers(writer, "alignment.runs", runs, kRunColumns);
  if (!state.speaker_transforms.empty()) {
    const Eigen::Index rows = state.speaker_transforms[0].rows();
    FeatureMatrix all(rows * static_cast<Eigen::Index>(state.speaker_transforms.size()),
                      state.speaker_transforms[0].cols());
    for (size_t s = 0; s < state.speaker_transforms.size(); ++s) {
      all.middleRows(static_cast<Eigen::Index>(s) * rows, rows) = state.speaker_transforms[s];
    }
    add_matrix(writer, "speaker_transforms", all.data(), all.rows(), all.cols());
  }
  writer.write(path);
}

std::optional<LadderState> load_ladder_state(const fs::path& path, const PhoneSet& phones,
                                             const std::string& fingerprint) {
  if (!fs::exists(path)) return std::nullopt;
  const StateReader reader(path, SafetensorsFile::open(path));
  if (reader.text("fingerprint") != fingerprint) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: belongs to a training of other data or options: {} instead of {}",
                            path.string(), reader.text("fingerprint"), fingerprint),
                "give another folder, or empty this one");
  }
  const int form = reader.number("form");
  if (form > static_cast<int>(FeatureForm::kSplice)) fail_damaged(path, "form");
  LadderState state{reader.text("rung"),
                    reader.number("next_pass"),
                    reader.number("num_aligned"),
                    GmmHmm(read_tree(reader, phones, path), static_cast<FeatureForm>(form)),
                    {},
                    {}};
  GmmHmm& model = state.model;
  model.mixtures = read_mixtures(reader, model.tree.num_states(), path);
  const FeatureMatrix transitions =
      reader.matrix("transitions", static_cast<int64_t>(model.transitions.size()), 1);
  if (transitions.size() == 0) fail_damaged(path, "no transitions");
  model.transitions.assign(transitions.data(), transitions.data() + transitions.size());
  model.transform = reader.matrix("transform", -1, -1);
  state.alignments = read_alignments(reader, phones, model.tree.states_per_hmm(), path);
  const int dims = model.mixtures.dims();
  const FeatureMatrix speakers = reader.matrix("speaker_transforms", -1, dims + 1);
  if (speakers.rows() % dims != 0) fail_damaged(path, "speaker_transforms");
  for (Eigen::Index row = 0; row < speakers.rows(); row += dims) {
    state.speaker_transforms.emplace_back(speakers.middleRows(row, dims));
  }
  return state;
}

std::string corpus_fingerprint(const TrainingCorpus& corpus) {
  // FNV-1a, 64 bits: no defence against intent, only against a mistaken folder.
  uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&hash](const void* data, size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ at[i]) * 0x100000001b3ULL;
  };
  for (const TrainingUtterance& utterance : corpus.utterances) {
    add(utterance.id.c_str(), utterance.id.size() + 1);
    for (const std::string& word : utterance.words) add(word.c_str(), word.size() + 1);
    // Sixteen values tell audio apart; all of them would take a second an hour.
    const Eigen::Index size = utterance.cepstra.size();
    for (Eigen::Index i = 0; i < 16 && size > 0; ++i) {
      add(utterance.cepstra.data() + i * (size - 1) / 15, sizeof(float));
    }
    add(&size, sizeof(size));
  }
  return fmt::format("{:016x}", hash);
}

void save_passes(const fs::path& path, const std::vector<TrainingPass>& passes) {
  AtomicFile file(path);
  file.stream() << "rung\tpass\tlog_likelihood_per_frame\tstates\tgaussians\taligned\tseconds\n";
  for (const TrainingPass& p : passes) {
    file.stream() << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{:.3f}\n", p.rung, p.pass,
                                 p.log_likelihood_per_frame, p.num_states, p.num_gaussians,
                                 p.num_aligned, p.seconds);
  }
  file.commit();
}

std::vector<TrainingPass> load_passes(const fs::path& path) {
  std::vector<TrainingPass> out;
  if (!fs::exists(path)) return out;
  std::istringstream in(read_file(path, ErrorCode::kModel));
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    TrainingPass p;
    if (!(fields >> p.rung >> p.pass >> p.log_likelihood_per_frame >> p.num_states >>
          p.num_gaussians >> p.num_aligned >> p.seconds)) {
      fail_damaged(path, "line '" + line + "'");
    }
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace bivox
