#include <fmt/format.h>
#include <zlib.h>

#include <cmath>
#include <iterator>
#include <ostream>
#include <string>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/lm/backoff_trie.h"

namespace bivox {
namespace {

constexpr double kLn10 = 2.302585092994046;
constexpr size_t kBlock = size_t{1} << 18;
constexpr int kGzipWindow = 15 + 16;

/// Text to a file, through gzip if asked for.
class TextSink {
 public:
  TextSink(std::ostream& stream, bool compress) : stream_(stream), compress_(compress) {
    if (!compress_) return;
    if (deflateInit2(&deflate_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
    packed_.resize(kBlock);
  }
  ~TextSink() {
    if (compress_) deflateEnd(&deflate_);
  }
  TextSink(const TextSink&) = delete;
  TextSink& operator=(const TextSink&) = delete;

  std::string& text() { return text_; }
  /// Writes what has gathered if it is much.
  void rest() {
    if (text_.size() >= kBlock) write(Z_NO_FLUSH);
  }
  void finish() { write(Z_FINISH); }

 private:
  void write(int flush) {
    if (!compress_) {
      stream_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
      text_.clear();
      return;
    }
    deflate_.next_in = reinterpret_cast<Bytef*>(text_.data());
    deflate_.avail_in = static_cast<uInt>(text_.size());
    do {
      deflate_.next_out = reinterpret_cast<Bytef*>(packed_.data());
      deflate_.avail_out = static_cast<uInt>(packed_.size());
      deflate(&deflate_, flush);
      stream_.write(packed_.data(),
                    static_cast<std::streamsize>(packed_.size() - deflate_.avail_out));
    } while (deflate_.avail_out == 0);
    text_.clear();
  }

  std::ostream& stream_;
  bool compress_;
  z_stream deflate_ = {};
  std::string text_;
  std::string packed_;
};

class ArpaWriter {
 public:
  ArpaWriter(const BackoffTrie& trie, TextSink& sink) : trie_(trie), sink_(sink) {}

  void write() {
    const int order = trie_.order();
    auto out = std::back_inserter(sink_.text());
    fmt::format_to(out, "\\data\\\n");
    for (int k = 1; k <= order; ++k) {
      fmt::format_to(out, "ngram {}={}\n", k, trie_.log_probs(k).size());
    }
    for (length_ = 1; length_ <= order; ++length_) {
      fmt::format_to(out, "\n\\{}-grams:\n", length_);
      words_.clear();
      const auto num_words = static_cast<uint32_t>(trie_.unigram_log_probs.size());
      for (uint32_t w = 0; w < num_words; ++w) descend(1, w, w);
    }
    fmt::format_to(out, "\n\\end\\\n");
    sink_.finish();
  }

 private:
  /// Entry `entry` of the n-grams of `k` words, of which `word` is the last.
  void descend(int k, uint32_t entry, uint32_t word) {
    const size_t before = words_.size();
    if (k > 1) words_ += ' ';
    words_ += trie_.word(word);
    if (k == length_) {
      emit(entry);
    } else {
      const BackoffLevel& level = trie_.levels[static_cast<size_t>(k) - 1];
      for (uint32_t e = level.begins[entry]; e < level.begins[entry + 1]; ++e) {
        descend(k + 1, e, level.words[e]);
      }
    }
    words_.resize(before);
  }

  void emit(uint32_t entry) {
    const float log_prob = trie_.log_probs(length_)[entry];
    auto out = std::back_inserter(sink_.text());
    if (log_prob <= kLogZero) {
      fmt::format_to(out, "-99\t{}", words_);
    } else {
      fmt::format_to(out, "{:.8g}\t{}", static_cast<double>(log_prob) / kLn10, words_);
    }
    if (length_ < trie_.order()) {
      const float backoff = trie_.backoffs(length_)[entry];
      if (backoff != 0.0F) {
        fmt::format_to(out, "\t{:.8g}", static_cast<double>(backoff) / kLn10);
      }
    }
    sink_.text() += '\n';
    sink_.rest();
  }

  const BackoffTrie& trie_;
  TextSink& sink_;
  int length_ = 1;
  std::string words_;
};

}  // namespace

void write_arpa(const BackoffTrie& trie, const std::filesystem::path& path) {
  AtomicFile file(path);
  {
    TextSink sink(file.stream(), path.extension() == ".gz");
    ArpaWriter(trie, sink).write();
  }
  file.commit();
}

}  // namespace bivox
