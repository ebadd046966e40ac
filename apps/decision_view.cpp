#include "apps/decision_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dsp/analysis/spectrogram_image.h"
#include "models/io/model_folder.h"
#include "models/nn/network_json.h"
#include "models/nn/saliency.h"

namespace bivox {
namespace {

constexpr int kBest = 5;
constexpr int kPixel = 4;  // screen pixels of a frame and of a bin
constexpr double kAround_s = 0.6;

// A picture of [frames x bins], low bins at the bottom.
std::string picture(const FeatureMatrix& values, int from, int to, bool absolute) {
  float low = INFINITY;
  float high = -INFINITY;
  const auto value = [&](int t, int bin) {
    const float v = values(t, bin);
    return absolute ? std::fabs(v) : v;
  };
  const int bins = static_cast<int>(values.cols());
  for (int t = from; t < to; ++t) {
    for (int bin = 0; bin < bins; ++bin) {
      low = std::min(low, value(t, bin));
      high = std::max(high, value(t, bin));
    }
  }
  const auto palette = spectrogram_palette();
  PaletteImage image;
  image.width = kPixel * (to - from);
  image.height = kPixel * bins;
  image.pixels.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  const float range = std::max(high - low, 1e-20F);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const float v = value(from + x / kPixel, bins - 1 - y / kPixel);
      const auto level =
          static_cast<int>((v - low) / range * static_cast<float>(palette.size() - 1) + 0.5F);
      image.pixels[static_cast<size_t>(y) * static_cast<size_t>(image.width) +
                   static_cast<size_t>(x)] =
          static_cast<uint8_t>(std::clamp(level, 0, static_cast<int>(palette.size()) - 1));
    }
  }
  return encode_png(image, palette);
}

std::vector<float> scores_at(const AcousticModel& model, AudioView audio, double time_s) {
  const FeatureMatrix features = compute_features(model.front_end(), audio);
  const auto scores = model.make_scores();
  scores->reset();
  scores->accept(features);
  scores->finish();
  std::vector<float> out(static_cast<size_t>(scores->num_states()));
  const int frame = std::clamp(static_cast<int>(std::lround(time_s / model.frame_shift_s())), 0,
                               scores->frames_ready() - 1);
  for (int t = 0; t <= frame; ++t) scores->score(t, {}, out);
  return out;
}

void add_best(const std::string& system, const AcousticModel& model,
              const std::vector<float>& scores, ReportTable& table) {
  const std::vector<std::string> names = state_names(model.hmms());
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto count = std::min<size_t>(kBest, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](size_t x, size_t y) { return scores[x] > scores[y]; });
  for (size_t i = 0; i < count; ++i) {
    table.rows.push_back({ReportCell::of(system), ReportCell::count(static_cast<int64_t>(i) + 1),
                          ReportCell::of(names[order[i]]),
                          ReportCell::count(static_cast<int64_t>(order[i])),
                          ReportCell::number(scores[order[i]] - scores[order[0]], 2)});
  }
}

}  // namespace

std::vector<std::string> state_names(const HmmSet& hmms) {
  std::vector<std::string> names(static_cast<size_t>(hmms.num_states()));
  const int phones = hmms.phones().size();
  for (int position = 0; position < 4; ++position) {
    for (PhoneId centre = 0; centre < phones; ++centre) {
      for (PhoneId left = 0; left < phones; ++left) {
        for (PhoneId right = 0; right < phones; ++right) {
          const HmmId hmm = hmms.hmm(static_cast<WordPosition>(position), centre, left, right);
          const auto states = hmms.states(hmm);
          for (size_t i = 0; i < states.size(); ++i) {
            std::string& name = names[static_cast<size_t>(states[i])];
            if (name.empty()) name = fmt::format("{} {}", hmms.phones().name(centre), i + 1);
          }
        }
      }
    }
  }
  return names;
}

void add_decision_view(const ConvNetModel& model, const std::filesystem::path& folder,
                       const AcousticModel* mixtures, AudioView audio, ReportSection& section) {
  const FeatureMatrix features = compute_features(model.front_end(), audio);
  const auto scores = model.make_scores();
  scores->reset();
  scores->accept(features);
  scores->finish();
  const int frames = scores->frames_ready();
  if (frames < 8) return;
  // The surest frame: the best posterior, which is score + prior.
  const std::vector<float>& log_priors = model.scoring().log_priors;
  std::vector<float> row(static_cast<size_t>(scores->num_states()));
  StateId silence = -1;
  if (!model.fillers().empty()) {
    const PhoneId phone = model.fillers()[0].phone;
    silence = model.hmms().states(model.hmms().hmm(WordPosition::kSingle, phone, phone, phone))[0];
  }
  int frame = frames / 2;
  int state = 0;
  float surest = -INFINITY;
  for (int t = 0; t < frames; ++t) {
    scores->score(t, {}, row);
    if (t < frames / 4 || t >= frames - frames / 4) continue;
    for (size_t s = 0; s < row.size(); ++s) {
      const float posterior = row[s] + log_priors[s];
      if (static_cast<StateId>(s) == silence || posterior <= surest) continue;
      surest = posterior;
      frame = t;
      state = static_cast<int>(s);
    }
  }
  const double time_s = frame * model.frame_shift_s();

  Network network = load_network(ModelFolder::open(folder));
  ComputeContext context;
  SaliencyOptions options;
  options.frame = frame;
  options.channel = state;
  options.samples = 8;
  const Tensor input = Tensor::from({features.rows(), features.cols()},
                                    {features.data(), static_cast<size_t>(features.size())});
  const Tensor gradient = saliency(context, network, input, options);
  FeatureMatrix map =
      Eigen::Map<const FeatureMatrix>(gradient.values().data(), features.rows(), features.cols());
  const int around = static_cast<int>(kAround_s / model.front_end().frame_shift_s);
  const int centre = frame * model.scoring().subsampling;
  const int from = std::max(0, centre - around);
  const int to = std::min(static_cast<int>(features.rows()), centre + around);
  const std::string name = state_names(model.hmms())[static_cast<size_t>(state)];
  section.figures.push_back(
      {image_html(picture(features, from, to, false), "features around the decision"),
       fmt::format("Log-mel features from {:.2f} to {:.2f} s of the first recording.",
                   from * model.front_end().frame_shift_s, to * model.front_end().frame_shift_s)});
  section.figures.push_back(
      {image_html(picture(map, from, to, true), "saliency of the decision"),
       fmt::format(
           "Where the decision for state {} at {:.2f} s (posterior {:.3f}) comes from: size "
           "of its gradient with respect to the features above.",
           name, time_s, std::exp(surest))});

  ReportTable table;
  table.id = "decision";
  table.title = fmt::format("Not always easy to understand: the states at {:.2f} s", time_s);
  table.columns = {{"system", "system"},
                   {"rank", "rank", true},
                   {"state", "state of phone"},
                   {"index", "index", true},
                   {"log_score", "log score - best", true}};
  add_best("network: log posterior - log prior", model, scores_at(model, audio, time_s), table);
  if (mixtures != nullptr) {
    add_best("mixtures: log likelihood", *mixtures, scores_at(*mixtures, audio, time_s), table);
  }
  table.note =
      "A mixture's likelihood is a sum over Gaussians that can be read one by one; the network's "
      "decision can only be traced back to its input.";
  section.tables.push_back(std::move(table));
}

}  // namespace bivox
