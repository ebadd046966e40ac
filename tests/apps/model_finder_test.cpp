#include "apps/model_finder.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

class ModelFinder : public testing::Test {
 protected:
  ModelFinder() {
    std::filesystem::create_directories(root() / "acoustic");
    for (const char* name : {"acoustic/mdef", "a-phone.lm.bin", "words.lm.bin", "words.dict"}) {
      scratch_.write(name, "x");
    }
  }
  const std::filesystem::path& root() const { return scratch_.path(); }

  ScratchFolder scratch_;
};

TEST_F(ModelFinder, TakesTheModelOrTheFolderAboveIt) {
  for (const auto& folder : {root(), root() / "acoustic", root() / "acoustic/"}) {
    ModelRequest request;
    request.model = folder;
    const RecognizerFiles files = find_recognizer_files(request);
    EXPECT_EQ(files.acoustic_model, root() / "acoustic");
    EXPECT_EQ(files.language_model, root() / "words.lm.bin");
    EXPECT_EQ(files.dictionary, root() / "words.dict");
  }
}

TEST_F(ModelFinder, GivenFilesComeFirst) {
  scratch_.write("other.arpa", "x");
  ModelRequest request;
  request.model = root();
  request.language_model = root() / "other.arpa";
  EXPECT_EQ(find_recognizer_files(request).language_model, root() / "other.arpa");
  request.language_model = root() / "gone.arpa";
  EXPECT_THROW(find_recognizer_files(request), Error);
}

TEST_F(ModelFinder, VariableNamesPlaces) {
  ::setenv("BIVOX_MODEL_PATH", ("/nowhere:" + root().string()).c_str(), 1);
  EXPECT_EQ(find_recognizer_files({}).acoustic_model, root() / "acoustic");
  EXPECT_EQ(installed_models().front().acoustic_model, root() / "acoustic");
  ::unsetenv("BIVOX_MODEL_PATH");
}

TEST_F(ModelFinder, ErrorsSayWhatIsMissing) {
  const auto error_of = [](const ModelRequest& request) {
    try {
      find_recognizer_files(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  ModelRequest request;
  request.model = root() / "gone";
  EXPECT_NE(error_of(request).find("no acoustic model in"), std::string::npos);
  request.model = root();
  std::filesystem::remove(root() / "words.dict");
  EXPECT_NE(error_of(request).find("--dict"), std::string::npos);
  scratch_.write("words.dict", "x");
  std::filesystem::remove(root() / "words.lm.bin");
  EXPECT_NE(error_of(request).find("--lm"), std::string::npos);
  request.needs_language_model = false;
  EXPECT_EQ(error_of(request), "no error");
}

TEST_F(ModelFinder, LanguageModelsAreFilesFoldersOrNames) {
  std::filesystem::create_directories(root() / "small");
  scratch_.write("small/lm.bin", "x");
  const auto file = find_language_files((root() / "words.lm.bin").string());
  EXPECT_EQ(file.language_model, root() / "words.lm.bin");
  EXPECT_TRUE(file.dictionary.empty());
  EXPECT_TRUE(find_language_files((root() / "small").string()).dictionary.empty());
  scratch_.write("small/words.dict", "x");
  EXPECT_EQ(find_language_files((root() / "small").string()).dictionary,
            root() / "small/words.dict");
  const auto config = [&](const std::string& options) {
    scratch_.write("small/config.json",
                   R"({"format": "bivox-model", "format_version": 1, "kind": "ngram",
                       "name": "small", "version": "1", "files": {}, "options": )" +
                       options + "}");
  };
  config("{}");
  ::setenv("BIVOX_MODEL_PATH", root().c_str(), 1);
  EXPECT_EQ(find_language_files("small").language_model, root() / "small/lm.bin");
  EXPECT_FALSE(find_language_files("small").weights.word_penalty.has_value());
  scratch_.write("small/other.bin", "x");
  config(R"({"language_model": "other.bin", "language_weight": 8, "word_penalty": -4.5})");
  EXPECT_EQ(find_language_files("small").language_model, root() / "small/other.bin");
  EXPECT_EQ(find_language_files("small").weights.language_weight, 8.0F);
  EXPECT_EQ(find_language_files("small").weights.word_penalty, -4.5F);
  config(R"({"word_penalty": "much"})");
  EXPECT_THROW(find_language_files("small"), Error);
  ::unsetenv("BIVOX_MODEL_PATH");
  for (const auto& wrong : {(root() / "acoustic").string(), (root() / "gone.arpa").string(),
                            std::string("no-such-model")}) {
    EXPECT_THROW(find_language_files(wrong), Error) << wrong;
  }
}

}  // namespace
}  // namespace bivox
