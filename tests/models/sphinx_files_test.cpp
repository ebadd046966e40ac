#include "models/io/sphinx_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "dsp/core/error.h"
#include "models/io/sphinx_mdef.h"
#include "sphinx_test_files.h"

namespace bivox {
namespace {

using test::mdef_binary;
using test::mdef_text;
using test::s3_file;
using test::SphinxWriter;
using ::testing::ElementsAre;

std::vector<float> ramp(size_t size) {
  std::vector<float> values(size);
  std::iota(values.begin(), values.end(), 0.5F);
  return values;
}

/// Every proper beginning of `bytes` must be an Error, never a crash or a success.
template <class Parse>
void expect_truncations_fail(const std::string& bytes, Parse&& parse) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse(std::string_view(bytes).substr(0, size)), Error) << size << " bytes";
  }
}

TEST(SphinxFiles, GaussiansInBothByteOrders) {
  const std::vector<float> values = ramp(2 * 4 * (3 + 1));
  for (const bool swap : {false, true}) {
    for (const bool checksum : {false, true}) {
      const std::string bytes = s3_file({2, 2, 4, 3, 1}, values, swap, checksum);
      const SphinxGaussians found = parse_sphinx_gaussians(bytes, "means");
      EXPECT_EQ(found.num_codebooks, 2);
      EXPECT_EQ(found.num_densities, 4);
      EXPECT_THAT(found.stream_dims, ElementsAre(3, 1));
      EXPECT_EQ(found.values, values);
      expect_truncations_fail(
          bytes, [](std::string_view part) { return parse_sphinx_gaussians(part, "means"); });
    }
  }
}

TEST(SphinxFiles, DamageShowsInTheChecksum) {
  std::string bytes = s3_file({1, 1, 2, 2}, ramp(4));
  bytes[bytes.size() - 7] = static_cast<char>(bytes[bytes.size() - 7] ^ 1);
  try {
    parse_sphinx_gaussians(bytes, "dir/means");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("dir/means: checksum"));
  }
}

TEST(SphinxFiles, SizesThatDisagreeAreErrors) {
  EXPECT_THROW(parse_sphinx_gaussians(s3_file({2, 1, 2, 2}, ramp(4)), "means"), Error);
  EXPECT_THROW(parse_sphinx_gaussians(s3_file({0, 1, 2, 2}, {}), "means"), Error);
  // 2^20 x 2^20 x 4096 values announced by a file of a few bytes.
  EXPECT_THROW(parse_sphinx_gaussians(s3_file({1U << 20, 1, 1U << 20, 4096}, {}), "means"), Error);
  EXPECT_THROW(parse_sphinx_transitions(s3_file({1, 2, 2}, ramp(4)), "tmat"), Error);
  EXPECT_THROW(parse_sphinx_gaussians("s4\nendhdr\n", "means"), Error);
  EXPECT_THROW(parse_sphinx_gaussians("s3\nendhdr\nabcdefgh", "means"), Error);
}

TEST(SphinxFiles, WeightsTransitionsAndTransforms) {
  const SphinxMixtureWeights weights =
      parse_sphinx_mixture_weights(s3_file({5, 1, 3}, ramp(15)), "mixture_weights");
  EXPECT_EQ(weights.num_states, 5);
  EXPECT_EQ(weights.num_densities, 3);
  EXPECT_EQ(weights.values[4], 4.5F);
  const SphinxTransitions transitions =
      parse_sphinx_transitions(s3_file({2, 2, 3}, ramp(12)), "transition_matrices");
  EXPECT_EQ(transitions.num_matrices, 2);
  EXPECT_EQ(transitions.num_states, 2);
  const SphinxFeatureTransform transform =
      parse_sphinx_feature_transform(s3_file({1, 2, 3}, ramp(6)), "feature_transform");
  EXPECT_EQ(transform.rows, 2);
  EXPECT_EQ(transform.columns, 3);
}

std::string sendump_header(bool swap, std::string_view clusters) {
  SphinxWriter file(swap);
  file.nul_text("a title");
  file.nul_text("a header");
  file.nul_text("feature_count 1");
  file.nul_text("mixture_count 2");
  file.nul_text("model_count 3");
  if (!clusters.empty()) {
    file.nul_text(clusters);
    file.nul_text("cluster_bits 4");
  }
  file.u32(0);
  return file.bytes();
}

TEST(SphinxFiles, SendumpOfBytes) {
  for (const bool swap : {false, true}) {
    SphinxWriter sizes(swap);
    sizes.u32s({2, 4});  // columns are padded to 4
    const std::string bytes =
        sendump_header(swap, "") + sizes.bytes() + std::string("\x01\x02\x03\x63\x04\x05\x06\x63");
    const SphinxSendump found = parse_sphinx_sendump(bytes, "sendump", 9, 9, 9);
    EXPECT_EQ(found.num_states, 3);
    EXPECT_EQ(found.num_streams, 1);
    EXPECT_EQ(found.num_densities, 2);
    EXPECT_THAT(found.bytes, ElementsAre(1, 2, 3, 4, 5, 6));
    expect_truncations_fail(bytes, [](std::string_view part) {
      return parse_sphinx_sendump(part, "sendump", 3, 1, 2);
    });
  }
  EXPECT_EQ(SphinxSendump::weight(0), 1.0F);
  EXPECT_NEAR(SphinxSendump::weight(10), std::pow(1.0001, -10240.0), 1e-6);
}

TEST(SphinxFiles, SendumpOfClusters) {
  std::string codebook(16, '\0');
  for (size_t i = 0; i < 16; ++i) {
    codebook[i] = static_cast<char>(10 * i);
  }
  // States 0 and 2 are in the low half of their bytes, state 1 in the high half.
  const std::string bytes =
      sendump_header(false, "cluster_count 15") + codebook + "\x21\x03\x54\x06";
  const SphinxSendump found = parse_sphinx_sendump(bytes, "sendump", 3, 1, 2);
  EXPECT_THAT(found.bytes, ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(SphinxFiles, OptionsAndNoiseWords) {
  const SphinxOptions options =
      parse_sphinx_options("-lowerf 130\n\n# no\n-feat 1s_c_d_dd\r\n", "f");
  ASSERT_EQ(options.size(), 2U);
  EXPECT_EQ(options[1].first, "feat");
  EXPECT_EQ(options[1].second, "1s_c_d_dd");
  EXPECT_THROW(parse_sphinx_options("lowerf 130\n", "f"), Error);
  EXPECT_THROW(parse_sphinx_options("-lowerf\n", "f"), Error);
  const std::vector<SphinxNoiseWord> words =
      parse_sphinx_noise_words("<sil> SIL\n\n[N] +N+ X", "n");
  ASSERT_EQ(words.size(), 2U);
  EXPECT_THAT(words[1].phones, ElementsAre("+N+", "X"));
  EXPECT_THROW(parse_sphinx_noise_words("<sil>\n", "n"), Error);
}

TEST(SphinxFiles, DefinitionsOfAllFormsAreTheSame) {
  for (const std::string& bytes : {mdef_text(), mdef_binary(false), mdef_binary(true)}) {
    const SphinxModelDefinition mdef = parse_sphinx_mdef(bytes, "mdef");
    EXPECT_THAT(mdef.phones, ElementsAre("A", "B", "SIL"));
    EXPECT_EQ(mdef.silence, 2);
    EXPECT_TRUE(mdef.is_filler[2]);
    EXPECT_FALSE(mdef.is_filler[0]);
    EXPECT_EQ(mdef.num_states, 9);
    EXPECT_EQ(mdef.states_per_hmm, 2);
    ASSERT_EQ(mdef.records.size(), 4U);
    EXPECT_EQ(mdef.records[3].position, WordPosition::kEnd);
    EXPECT_EQ(mdef.records[3].left, 1);
    EXPECT_EQ(mdef.records[3].right, 2);
    expect_truncations_fail(bytes.substr(0, bytes.size() - 3),
                            [](std::string_view part) { return parse_sphinx_mdef(part, "mdef"); });
  }
}

TEST(SphinxFiles, DefinitionsWithWrongIndicesAreErrors) {
  const auto replaced = [](std::string_view from, std::string_view to) {
    std::string text = mdef_text();
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_NO_THROW(parse_sphinx_mdef(mdef_text(), "mdef"));
  EXPECT_THROW(parse_sphinx_mdef(replaced("0 6 7 N", "0 6 9 N"), "mdef"), Error);
  EXPECT_THROW(parse_sphinx_mdef(replaced("0 6 7 N", "3 6 7 N"), "mdef"), Error);
  EXPECT_THROW(parse_sphinx_mdef(replaced("A B SIL e", "A C SIL e"), "mdef"), Error);
  EXPECT_THROW(parse_sphinx_mdef(replaced("A B SIL e", "A B SIL x"), "mdef"), Error);
  EXPECT_THROW(parse_sphinx_mdef(replaced("1 n_tri", "100000 n_tri"), "mdef"), Error);
  EXPECT_THROW(parse_sphinx_mdef(replaced("B - -", "A - -"), "mdef"), Error);
}

TEST(SphinxFiles, HmmsBackOffAsPocketSphinxDoes) {
  // Added: A between SIL and SIL as a single word, B between A and A within a word.
  std::string text = mdef_text();
  text.replace(text.find("1 n_tri\n12"), 10, "3 n_tri\n18");
  text += "A SIL SIL s n/a 0 8 7 N\nB A A i n/a 1 8 8 N\n";
  const SphinxModelDefinition mdef = parse_sphinx_mdef(text, "mdef");
  const HmmSet set = make_hmm_set(mdef, std::vector<float>(3 * 2 * 3, -1.0F));
  const PhoneId a = 0;
  const PhoneId b = 1;
  const PhoneId sil = 2;
  const auto first_state = [&set](WordPosition position, PhoneId centre, PhoneId left,
                                  PhoneId right) {
    return set.states(set.hmm(position, centre, left, right))[0];
  };
  EXPECT_EQ(first_state(WordPosition::kEnd, a, b, sil), 6);       // exact
  EXPECT_EQ(first_state(WordPosition::kInternal, a, b, sil), 6);  // other position
  EXPECT_EQ(first_state(WordPosition::kInternal, b, a, a), 8);
  EXPECT_EQ(first_state(WordPosition::kEnd, a, b, b), 6);       // SIL across the word's end
  EXPECT_EQ(first_state(WordPosition::kSingle, a, b, b), 8);    // SIL on both sides
  EXPECT_EQ(first_state(WordPosition::kInternal, a, b, b), 0);  // the plain phone
  EXPECT_EQ(first_state(WordPosition::kBegin, b, a, b), 2);
  EXPECT_EQ(set.hmm(WordPosition::kBegin, sil, a, b), set.hmm(WordPosition::kEnd, sil, b, b));
  EXPECT_TRUE(set.complete());
}

constexpr const char* kModel = "/usr/share/pocketsphinx/model/en-us/en-us";

TEST(SphinxFiles, InstalledModelHasTheKnownSizes) {
  if (!std::filesystem::exists(kModel)) {
    GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  }
  const std::filesystem::path folder = kModel;
  const SphinxGaussians means = read_sphinx_gaussians(folder / "means");
  EXPECT_EQ(means.values.size(), 209664U);
  EXPECT_THAT(means.stream_dims, ElementsAre(13, 13, 13));
  const SphinxModelDefinition mdef = read_sphinx_mdef(folder / "mdef");
  EXPECT_EQ(mdef.records.size(), 137095U);
  EXPECT_EQ(mdef.num_states, 5126);
  EXPECT_EQ(mdef.phones[static_cast<size_t>(mdef.silence)], "SIL");
  EXPECT_EQ(read_sphinx_sendump(folder / "sendump", 5126, 3, 128).bytes.size(), 5126U * 3 * 128);
  EXPECT_EQ(make_hmm_set(mdef, std::vector<float>(42 * 12, 0.0F)).num_hmms(), 29324);
}

TEST(SphinxFiles, MissingFilesAndFoldersAreErrors) {
  EXPECT_THROW(read_sphinx_mdef("no/such/mdef"), Error);
  EXPECT_THROW(read_sphinx_gaussians(std::filesystem::temp_directory_path()), Error);
}

}  // namespace
}  // namespace bivox
