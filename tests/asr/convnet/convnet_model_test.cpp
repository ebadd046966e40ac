#include "asr/convnet/convnet_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "convnet_fixture.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ConvNetFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() /
              ("bivox_convnet_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const ConvNetParts& parts, Precision stored) const {
    ModelFolderWriter writer(folder_, kConvNetKind, "tiny");
    write_convnet_files(parts, stored, writer);
    writer.set_card("# Tiny\n");
    writer.commit();
  }
  // The options replaced, everything else as written.
  void rewrite_config(const std::string& from, const std::string& to) const {
    const fs::path path = folder_ / "config.json";
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    in.close();
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, from.size(), to);
    std::ofstream(path) << text;
  }
  std::string error_of_loading() const {
    try {
      load_convnet_model(ModelFolder::open(folder_, kConvNetKind));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      return error.what();
    }
    return "";
  }

  fs::path folder_;
};

std::vector<float> scores_of(const ConvNetModel& model, const FeatureMatrix& rows) {
  const auto scores = model.make_scores();
  scores->accept(rows);
  scores->finish();
  std::vector<float> out(static_cast<size_t>(scores->frames_ready() * scores->num_states()));
  for (int t = 0; t < scores->frames_ready(); ++t) {
    scores->score(t, {},
                  std::span(out).subspan(static_cast<size_t>(t * scores->num_states()),
                                         static_cast<size_t>(scores->num_states())));
  }
  return out;
}

TEST_F(ConvNetFolder, ComesBackAsItWas) {
  ConvNetParts parts = small_parts(9);
  parts.hmm.score_scale.language_weight = 4.25F;
  write(parts, Precision::kFloat32);
  const auto loaded = load_convnet_model(ModelFolder::open(folder_, kConvNetKind));
  const ConvNetModel model(std::move(parts));
  EXPECT_DOUBLE_EQ(loaded->frame_shift_s(), 0.03);
  EXPECT_EQ(loaded->score_scale().language_weight, 4.25F);
  EXPECT_EQ(loaded->hmms().num_states(), model.hmms().num_states());
  EXPECT_EQ(loaded->front_end().num_mel, 12);
  EXPECT_EQ(loaded->front_end().cmvn.kind, CmvnKind::kUtterance);
  ASSERT_EQ(loaded->fillers().size(), 1U);
  const FeatureMatrix rows = random_rows(200, 12, 4);
  EXPECT_EQ(scores_of(*loaded, rows), scores_of(model, rows));
  EXPECT_FALSE(loaded->facts().empty());
}

TEST_F(ConvNetFolder, NarrowWeightsChangeScoresLittle) {
  ConvNetParts parts = small_parts(9);
  write(parts, Precision::kBfloat16);
  const auto narrow = load_convnet_model(ModelFolder::open(folder_, kConvNetKind));
  const ConvNetModel model(std::move(parts));
  const FeatureMatrix rows = random_rows(100, 12, 4);
  const std::vector<float> a = scores_of(*narrow, rows);
  const std::vector<float> b = scores_of(model, rows);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_NE(a, b);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 0.1);
}

TEST_F(ConvNetFolder, NamesWhatDoesNotFit) {
  write(small_parts(9), Precision::kFloat32);
  rewrite_config("\"subsampling\": 3", "\"subsampling\": 2");
  EXPECT_THAT(error_of_loading(), HasSubstr("subsampling says 2"));
  rewrite_config("\"subsampling\": 2", "\"subsampling\": -2");
  EXPECT_THAT(error_of_loading(), HasSubstr("subsampling -2, expected 1 to 8"));
  rewrite_config("\"subsampling\": -2", "\"subsampling\": 3");
  rewrite_config("\"precision\": \"float32\"", "\"precision\": \"float8\"");
  EXPECT_THAT(error_of_loading(), HasSubstr("precision \"float8\", expected float32"));
  rewrite_config("\"precision\": \"float8\"", "\"prec\": \"float32\"");
  EXPECT_THAT(error_of_loading(), HasSubstr("options lack \"precision\""));
}

TEST_F(ConvNetFolder, ADamagedFileIsNamed) {
  write(small_parts(9), Precision::kFloat32);
  std::fstream file(folder_ / "priors.safetensors",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-2, std::ios::end);
  file.put('x');
  file.close();
  EXPECT_THAT(error_of_loading(), HasSubstr("priors.safetensors"));
}

TEST(ConvNetModel, RefusesPartsThatDoNotFit) {
  ConvNetParts few_priors = small_parts(1);
  few_priors.log_priors.pop_back();
  EXPECT_THROW(ConvNetModel(std::move(few_priors)), Error);
  ConvNetParts other_features = small_parts(1);
  other_features.front_end.num_mel = 13;
  EXPECT_THROW(ConvNetModel(std::move(other_features)), Error);
  ConvNetParts other_states = small_parts(1);
  other_states.hmm = HmmFile(StateTree(few_phones(), 1));
  EXPECT_THROW(ConvNetModel(std::move(other_states)), Error);
}

}  // namespace
}  // namespace bivox
