#include "apps/model_probes.h"

#include <gtest/gtest.h>

#include <vector>

#include "apps/decision_view.h"
#include "models/io/model_folder.h"
#include "tests/apps/run_bivox.h"
#include "tests/asr/convnet/convnet_fixture.h"

namespace bivox {
namespace {

AudioBuffer sweep() {
  AudioBuffer audio{std::vector<float>(16'000), 16'000};
  for (size_t i = 0; i < audio.samples.size(); ++i) {
    const auto x = static_cast<float>(i);
    audio.samples[i] = 0.3F * std::sin(0.05F * x + 2e-5F * x * x);
  }
  return audio;
}

std::vector<float> all_scores(const AcousticModel& model) {
  const auto scores = model.make_scores();
  scores->accept(compute_features(model.front_end(), sweep()));
  scores->finish();
  const auto states = static_cast<size_t>(scores->num_states());
  std::vector<float> all(states * static_cast<size_t>(scores->frames_ready()));
  for (int t = 0; t < scores->frames_ready(); ++t) {
    scores->score(t, {}, std::span(all).subspan(static_cast<size_t>(t) * states, states));
  }
  return all;
}

TEST(ModelProbes, MeasuringChangesNoScore) {
  const auto model = std::make_shared<const ConvNetModel>(small_parts(3));
  const auto cost = std::make_shared<ScoringCost>();
  const auto measured = measured_model(model, cost);
  const std::vector<float> expected = all_scores(*model);
  EXPECT_EQ(all_scores(*measured), expected);
  EXPECT_EQ(cost->frames, static_cast<int64_t>(expected.size()) / model->hmms().num_states());
  EXPECT_GT(cost->nanoseconds, 0);
  EXPECT_EQ(measured->frame_shift_s(), model->frame_shift_s());
}

TEST(ModelProbes, AnotherPlanOfTheSameNetworkScoresAlike) {
  const auto model = std::make_shared<const ConvNetModel>(small_parts(3));
  const ConvNetParts parts = small_parts(3);
  PlanOptions options;
  options.isa = Isa::kPlain;
  const auto scoring = std::make_shared<const ConvNetScoring>(
      ConvNetScoring{Plan::compile(parts.network, options), parts.log_priors, parts.subsampling});
  const std::vector<float> expected = all_scores(*model);
  const std::vector<float> plain = all_scores(*with_scoring(model, scoring));
  ASSERT_EQ(plain.size(), expected.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(plain[i], expected[i], 0.1F);
}

TEST(ModelProbes, AllocationsAreThoseOfOperatorNew) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a build with sanitizers";
  const int64_t before = thread_allocations();
  auto one = std::make_unique<std::vector<int>>(100);
  EXPECT_EQ(one->size(), 100U);
  EXPECT_GE(thread_allocations() - before, 2);
}

TEST(DecisionView, EveryStateHasAPhone) {
  const ConvNetModel model(small_parts(3));
  const std::vector<std::string> names = state_names(model.hmms());
  ASSERT_EQ(names.size(), static_cast<size_t>(model.hmms().num_states()));
  for (const std::string& name : names) {
    EXPECT_TRUE(model.hmms().phones().find(name.substr(0, name.find(' '))).has_value()) << name;
  }
}

TEST(DecisionView, ShowsFeaturesSaliencyAndStates) {
  const ScratchFolder scratch;
  const std::filesystem::path folder = scratch.path() / "tiny";
  const ConvNetParts parts = small_parts(3);
  ModelFolderWriter writer(folder, kConvNetKind, "tiny");
  write_convnet_files(parts, Precision::kFloat32, writer);
  writer.set_card("# Tiny\n");
  writer.commit();
  const ConvNetModel model(small_parts(3));
  ReportSection section;
  add_decision_view(model, folder, &model, sweep(), section);
  ASSERT_EQ(section.figures.size(), 2U);
  for (const ReportFigure& figure : section.figures) {
    EXPECT_NE(figure.html.find("data:image/png;base64,"), std::string::npos);
  }
  ASSERT_EQ(section.tables.size(), 1U);
  ASSERT_FALSE(section.tables[0].rows.empty());
  EXPECT_EQ(section.tables[0].rows.size() % 2, 0U);
  EXPECT_DOUBLE_EQ(section.tables[0].rows[0][4].value, 0.0);
}

}  // namespace
}  // namespace bivox
