#include "models/lm/ngram_binary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/lm/arpa.h"
#include "models/lm/ngram_block.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using test::as_bytes;
using test::make_random_model;

class NgramBinary : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / fmt::format("bivox_ngram_binary_{}", ::getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "model.bivoxlm";
    model_ = parse_arpa(as_bytes(make_random_model(3, 40, 3, 0.8).arpa()), "random");
    model_->save(path_);
    bytes_ = read_file(path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The file with `bytes` at `at` and a header checksum that agrees.
  std::string changed(size_t at, const std::string& bytes) const {
    std::string copy = bytes_;
    copy.replace(at, bytes.size(), bytes);
    NgramHeader header;
    std::memcpy(&header, copy.data(), sizeof(header));
    header.header_checksum = ngram_header_checksum(header);
    std::memcpy(copy.data(), &header, sizeof(header));
    return copy;
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  std::shared_ptr<const NgramModel> model_;
  std::string bytes_;
};

void expect_equal(const NgramModel& a, const NgramModel& b) {
  ASSERT_EQ(a.order(), b.order());
  ASSERT_EQ(a.num_words(), b.num_words());
  ASSERT_EQ(a.num_states(), b.num_states());
  EXPECT_EQ(a.begin_state(), b.begin_state());
  EXPECT_EQ(a.sentence_begin(), b.sentence_begin());
  EXPECT_EQ(a.sentence_end(), b.sentence_end());
  EXPECT_EQ(a.unknown(), b.unknown());
  for (int k = 1; k <= a.order(); ++k) EXPECT_EQ(a.num_ngrams(k), b.num_ngrams(k));
  for (LmWord w = 0; w < a.num_words(); ++w) {
    EXPECT_EQ(a.word(w), b.word(w));
    EXPECT_EQ(b.find(a.word(w)), w);
  }
  for (LmState s = 0; s < a.num_states(); ++s) {
    EXPECT_EQ(a.backoff_state(s), b.backoff_state(s));
    for (LmWord w = 0; w < a.num_words(); ++w) {
      ASSERT_EQ(a.step(s, w).log_prob, b.step(s, w).log_prob);
      ASSERT_EQ(a.step(s, w).next, b.step(s, w).next);
    }
  }
}

TEST_F(NgramBinary, RoundTripIsExact) {
  expect_equal(*model_, *NgramModel::load(path_));
  expect_equal(*model_, *NgramModel::parse(as_bytes(bytes_), "memory"));
  EXPECT_GT(model_->num_successors(model_->begin_state()), 0U);
  // A saved and loaded model saves to the same bytes.
  NgramModel::load(path_)->save(folder_ / "again");
  EXPECT_EQ(read_file(folder_ / "again"), bytes_);
}

TEST_F(NgramBinary, UnigramModelRoundTrip) {
  const auto model = parse_arpa(as_bytes(make_random_model(1, 5, 3).arpa()), "random");
  model->save(path_);
  expect_equal(*model, *NgramModel::load(path_));
}

TEST_F(NgramBinary, ChecksumFindsChangedNumbers) {
  EXPECT_TRUE(NgramModel::load(path_)->checksum_ok());
  NgramHeader header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  const NgramLayout layout(header);
  // A probability: harmless, so it loads.
  const size_t at = layout.offset[static_cast<size_t>(NgramSection::kCodebooks)];
  const auto lm = NgramModel::parse(as_bytes(changed(at, test::raw(-1.5F))), "changed");
  EXPECT_FALSE(lm->checksum_ok());
}

std::string error_of(const std::string& bytes) {
  try {
    NgramModel::parse(as_bytes(bytes), "lm");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.what();
  }
  return "no error";
}

TEST_F(NgramBinary, DamagedHeader) {
  using testing::HasSubstr;
  for (size_t size = 8; size < bytes_.size(); size += size < 300 ? 1 : 211) {
    ASSERT_NE(error_of(bytes_.substr(0, size)), "no error") << size;
  }
  EXPECT_NE(error_of(bytes_ + "x"), "no error");
  for (size_t i = 8; i < sizeof(NgramHeader); ++i) {
    std::string copy = bytes_;
    copy[i] ^= 0x10;
    ASSERT_NE(error_of(copy), "no error") << i;
  }
  EXPECT_THAT(error_of(changed(offsetof(NgramHeader, version), test::raw(2U))),
              HasSubstr("version 2, expected 1"));
  EXPECT_THAT(error_of(changed(offsetof(NgramHeader, num_arcs), test::raw(~uint64_t{0}))),
              HasSubstr("the header counts"));
  EXPECT_THAT(error_of(changed(offsetof(NgramHeader, begin_state), test::raw(~0U))),
              HasSubstr("start state"));
}

// Whatever is in the sections: an Error, or a model that is safe to use (run under the sanitizers).
TEST_F(NgramBinary, DamagedSectionsAreSafe) {
  std::mt19937 random(1);
  NgramHeader header;
  std::memcpy(&header, bytes_.data(), sizeof(header));
  const NgramLayout layout(header);
  int refused = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const size_t section = static_cast<size_t>(trial) % kNumNgramSections;
    const uint64_t size = layout.size[section];
    const size_t at = layout.offset[section] + random() % (size - 3);
    const std::string damaged = changed(at, test::raw(static_cast<uint32_t>(random())));
    try {
      const auto lm = NgramModel::parse(as_bytes(damaged), "damaged");
      LmState state = lm->begin_state();
      for (int i = 0; i < 20; ++i) {
        state = lm->step(state, random() % lm->num_words()).next;
        ASSERT_LT(state, lm->num_states());
        lm->for_each_successor(state, [&](LmWord w, float) { ASSERT_LT(w, lm->num_words()); });
        ASSERT_LE(lm->word(random() % lm->num_words()).size(), header.word_bytes);
        lm->find("w7");
        lm->find("nothing");
      }
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kModel);
      ++refused;
    }
  }
  EXPECT_GT(refused, 800);
}

TEST_F(NgramBinary, FailedWriteLeavesNothing) {
  EXPECT_THROW(model_->save(folder_ / "absent" / "model"), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "absent"));
}

TEST_F(NgramBinary, LoadRefusesWhatIsNoFile) {
  EXPECT_THROW(NgramModel::load(folder_), Error);
  EXPECT_THROW(NgramModel::load(folder_ / "absent"), Error);
  std::ofstream(folder_ / "empty").close();
  EXPECT_THROW(NgramModel::load(folder_ / "empty"), Error);
}

}  // namespace
}  // namespace bivox
