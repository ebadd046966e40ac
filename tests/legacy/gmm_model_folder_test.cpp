#include "legacy/gmm/gmm_model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "dsp/core/random.h"
#include "legacy/training/trained_model.h"
#include "models/io/safetensors.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

PhoneSet phones() {
  PhoneSet set;
  set.add("SIL", true);
  set.add("A");
  set.add("B");
  return set;
}

// Random mixtures over a small tree; the transform takes the rows of the front end to `dims`.
GmmHmm random_model(FeatureForm form, int dims, uint64_t seed) {
  StateTree tree(phones(), 3);
  tree.add_question({ContextQuestion::Subject::kLeft, {true, false, true}});
  tree.split(1, 0, 0, 0);
  tree.split(2, 2, 0, 0);
  GmmHmm model(std::move(tree), form);
  Random random(seed);
  const auto normal = [&] { return static_cast<float>(random.gaussian()); };
  const int rows = training_front_end(form).dims();
  if (dims != rows) {
    model.transform.resize(dims, rows);
    for (Eigen::Index i = 0; i < model.transform.size(); ++i) model.transform.data()[i] = normal();
  }
  const std::vector<float> zero(static_cast<size_t>(dims), 0.0F);
  const std::vector<float> one(static_cast<size_t>(dims), 1.0F);
  model.mixtures = MixtureModel(model.tree.num_states(), zero, one);
  for (int s = 0; s < model.mixtures.num_states(); ++s) {
    Mixture& mixture = model.mixtures.state(s);
    const int count = 1 + s % 3;
    mixture.weights.assign(static_cast<size_t>(count), 1.0F / static_cast<float>(count));
    mixture.means.clear();
    mixture.variances.clear();
    for (int i = 0; i < count * dims; ++i) {
      mixture.means.push_back(5.0F * normal());
      mixture.variances.push_back(std::exp(normal()));
    }
  }
  return model;
}

GmmModel example() {
  auto first = std::make_shared<GmmModel>(
      make_gmm_model(random_model(FeatureForm::kSplice, 10, 2), "lda-mllt"));
  GmmModel model =
      make_gmm_model(random_model(FeatureForm::kSplice, 12, 1), "sat", std::move(first));
  model.dictionary = "words.dict";
  model.hmm.score_scale.language_weight = 13.0F;
  return model;
}

void write(const GmmModel& model, const fs::path& path) {
  ModelFolderWriter writer(path, kGmmModelKind, "toy");
  save_gmm_model(model, writer);
  writer.add_file("words.dict", "a A\n");
  writer.set_card("# Toy\n");
  writer.commit();
}

// The folder written anew with one file, or the options, changed.
std::string refusal(const fs::path& path, const std::string& name, const std::string& bytes) {
  const ModelFolder folder = ModelFolder::open(path);
  const fs::path changed = path.string() + "-changed";
  ModelFolderWriter writer(changed, kGmmModelKind, "toy");
  for (const auto& [file, about] : folder.files()) {
    writer.add_file(file, file == name ? bytes : read_file(folder.file(file)));
  }
  writer.set_options_json(name == "options" ? bytes : folder.options_json());
  writer.commit();
  try {
    load_gmm_model(changed);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

std::vector<float> scores_of(const GmmModel& model) {
  const auto acoustic = model.acoustic_model("test");
  Random random(7);
  FeatureMatrix rows(4, acoustic->front_end().dims());
  for (Eigen::Index i = 0; i < rows.size(); ++i) {
    rows.data()[i] = static_cast<float>(random.gaussian());
  }
  const auto scores = acoustic->make_scores();
  scores->accept(rows);
  scores->finish();
  std::vector<StateId> all(static_cast<size_t>(scores->num_states()));
  for (size_t s = 0; s < all.size(); ++s) all[s] = static_cast<StateId>(s);
  std::vector<float> out(all.size());
  std::vector<float> result;
  for (int t = 0; t < 4; ++t) {
    scores->score(t, all, out);
    result.insert(result.end(), out.begin(), out.end());
  }
  return result;
}

TEST(GmmModelFolder, LoadsWhatWasSaved) {
  const TempFolder temp;
  const GmmModel model = example();
  write(model, temp.path() / "toy");
  const GmmModel again = load_gmm_model(temp.path() / "toy");
  EXPECT_EQ(again.rung, "sat");
  EXPECT_EQ(again.dictionary, "words.dict");
  EXPECT_EQ(again.hmm.score_scale.language_weight, 13.0F);
  EXPECT_EQ(again.hmm.transitions, model.hmm.transitions);
  EXPECT_EQ(again.front_end.splice_left, model.front_end.splice_left);
  EXPECT_EQ(again.transform, model.transform);
  ASSERT_TRUE(again.wants_adaptation());
  EXPECT_EQ(again.unadapted().rung, "lda-mllt");
  EXPECT_EQ(again.unadapted().mixtures.dims(), 10);
  EXPECT_EQ(again.mixtures.num_gaussians(), model.mixtures.num_gaussians());
  // Half floats: 11 bits of every parameter.
  for (int s = 0; s < model.mixtures.num_states(); ++s) {
    const Mixture& was = model.mixtures.state(s);
    const Mixture& is = again.mixtures.state(s);
    ASSERT_EQ(is.size(), was.size());
    for (size_t i = 0; i < was.means.size(); ++i) {
      EXPECT_NEAR(is.means[i], was.means[i], 5e-4F * std::abs(was.means[i]) + 1e-7F);
      EXPECT_NEAR(is.variances[i], was.variances[i], 5e-4F * was.variances[i]);
    }
  }
  const std::vector<float> before = scores_of(model);
  const std::vector<float> after = scores_of(again);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_NEAR(after[i], before[i], 2e-3F * std::abs(before[i]));
  }
  // Saved again it is the same file, bit for bit.
  write(again, temp.path() / "copy");
  EXPECT_EQ(read_file(temp.path() / "copy/weights.safetensors"),
            read_file(temp.path() / "toy/weights.safetensors"));
}

TEST(GmmModelFolder, ModelsWithoutTransformAndFirstPass) {
  const TempFolder temp;
  GmmModel model = make_gmm_model(random_model(FeatureForm::kDeltas, 39, 3), "tri");
  // Outside of what half floats hold.
  model.mixtures.state(0).means[0] = 1e6F;
  model.mixtures.state(0).variances[1] = 1e-6F;
  write(model, temp.path() / "toy");
  const GmmModel again = load_gmm_model(temp.path() / "toy");
  EXPECT_FALSE(again.wants_adaptation());
  EXPECT_EQ(again.transform.size(), 0);
  EXPECT_EQ(again.mixtures.state(0).means[0], 1e6F);
  EXPECT_EQ(again.mixtures.state(0).variances[1], 1e-6F);
  EXPECT_EQ(again.mixtures.state(3).means, model.mixtures.state(3).means);
}

TEST(GmmModelFolder, RefusesWhatDoesNotFit) {
  const TempFolder temp;
  const fs::path path = temp.path() / "toy";
  write(example(), path);
  EXPECT_THAT(refusal(path, "options", "{}"), HasSubstr("front_end"));
  EXPECT_THAT(refusal(path, "options", R"({"front_end": {}, "rung": 3})"), HasSubstr("expected"));
  EXPECT_THAT(refusal(path, "hmm.json", "{}"), HasSubstr("hmm.json"));
  EXPECT_THAT(refusal(path, "weights.safetensors", "xy"), HasSubstr("weights.safetensors"));
  EXPECT_THAT(refusal(path, "weights.safetensors", read_file(path / "first.safetensors")),
              HasSubstr("accepted"));  // 10 dimensions are as good as 12
  std::string other_phones = read_file(path / "first.hmm.json");
  for (size_t at = 0; (at = other_phones.find("\"B\"", at)) != std::string::npos; ++at) {
    other_phones[at + 1] = 'C';
  }
  EXPECT_THAT(refusal(path, "first.hmm.json", other_phones), HasSubstr("same phones"));
  // Of the other front end's columns.
  nlohmann::json options = nlohmann::json::parse(ModelFolder::open(path).options_json());
  options["front_end"]["splice_left"] = 1;
  EXPECT_THAT(refusal(path, "options", options.dump()), HasSubstr("transform"));
  // One state fewer.
  const auto damaged = [&](auto change) {
    const auto file = SafetensorsFile::open(path / "weights.safetensors");
    std::vector<int32_t> counts = file.find("gaussians_of_state")->to_int32();
    Tensor variances = file.find("variances")->to_float();
    Tensor means = file.find("means")->to_float();
    change(counts, means, variances);
    SafetensorsWriter writer;
    writer.add_int32("gaussians_of_state", {static_cast<int64_t>(counts.size())}, counts);
    writer.add("weights", file.find("weights")->to_float());
    writer.add("means", means);
    writer.add("variances", variances);
    writer.add("transform", file.find("transform")->to_float());
    return refusal(path, "weights.safetensors", writer.serialize());
  };
  EXPECT_THAT(damaged([](auto& counts, auto&, auto&) { counts.pop_back(); }),
              HasSubstr("gaussians_of_state"));
  EXPECT_THAT(damaged([](auto& counts, auto&, auto&) { counts[0] = 0; }), HasSubstr("0 Gaussians"));
  EXPECT_THAT(damaged([](auto& counts, auto&, auto&) { counts[0] += 1; }), HasSubstr("weights"));
  EXPECT_THAT(damaged([](auto&, auto&, auto& variances) { variances[5] = 0.0F; }),
              HasSubstr("not above 0"));
  EXPECT_THAT(damaged([](auto&, auto& means, auto&) { means[5] = NAN; }), HasSubstr("not finite"));
}

}  // namespace
}  // namespace bivox
