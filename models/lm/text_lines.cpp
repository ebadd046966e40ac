#include "models/lm/text_lines.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr size_t kBlock = size_t{1} << 18;
constexpr size_t kMaxLine = size_t{1} << 20;
constexpr int kGzipWindow = 15 + 16;

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

TextLines::TextLines(std::span<const std::byte> bytes, std::string_view name)
    : name_(name), rest_(bytes) {
  if (bytes.size() < 2 || bytes[0] != std::byte{0x1f} || bytes[1] != std::byte{0x8b}) return;
  stream_ = std::make_unique<z_stream_s>();
  if (inflateInit2(stream_.get(), kGzipWindow) != Z_OK) throw std::bad_alloc();
  buffer_.resize(kBlock);
}

TextLines::~TextLines() {
  if (stream_ != nullptr) inflateEnd(stream_.get());
}

void TextLines::fail(const std::string& what, std::string hint) const {
  throw Error(ErrorCode::kModel, fmt::format("{}:{}: {}", name_, number_, what), std::move(hint));
}

/// Adds inflated text to the buffer; false at the end of the data.
bool TextLines::inflate_more() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() > kMaxLine) fail("a line of more than 1 MiB");
    buffer_.resize(buffer_.size() * 2);
  }
  while (true) {
    if (!in_member_) {
      // Zeros after the last member are the padding of tapes and block devices.
      while (!rest_.empty() && rest_.front() == std::byte{0}) rest_ = rest_.subspan(1);
      if (rest_.empty()) return false;
      inflateReset(stream_.get());
      in_member_ = true;
    }
    const size_t available = std::min<size_t>(rest_.size(), std::numeric_limits<uInt>::max());
    // zlib's interface takes a pointer to non-const but does not write through it.
    stream_->next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(rest_.data()));
    stream_->avail_in = static_cast<uInt>(available);
    stream_->next_out = reinterpret_cast<Bytef*>(buffer_.data() + end_);
    stream_->avail_out = static_cast<uInt>(buffer_.size() - end_);
    const uInt room = stream_->avail_out;
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    rest_ = rest_.subspan(available - stream_->avail_in);
    end_ += room - stream_->avail_out;
    if (status == Z_STREAM_END) {
      in_member_ = false;
    } else if (status == Z_BUF_ERROR) {
      ++number_;
      fail("the gzip data ends too early", "the file was cut short: copy it again");
    } else if (status != Z_OK) {
      ++number_;
      fail("the gzip data is damaged", "copy the file again; `gzip -t` tests it");
    }
    if (stream_->avail_out != room) return true;
  }
}

bool TextLines::next(std::string_view& line) {
  if (stream_ == nullptr) {
    if (rest_.empty()) return false;
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), rest_.size());
    const size_t length = std::min(text.find('\n'), text.size());
    ++number_;
    if (length > kMaxLine) fail("a line of more than 1 MiB");
    line = without_return(text.substr(0, length));
    rest_ = rest_.subspan(std::min(rest_.size(), length + 1));
    return true;
  }
  size_t searched = 0;
  while (true) {
    const std::string_view text(buffer_.data() + begin_, end_ - begin_);
    const size_t length = text.find('\n', searched);
    if (length != std::string_view::npos) {
      line = without_return(text.substr(0, length));
      begin_ += length + 1;
      ++number_;
      return true;
    }
    searched = text.size();
    if (!inflate_more()) break;
  }
  if (begin_ == end_) return false;
  line = without_return({buffer_.data() + begin_, end_ - begin_});
  begin_ = end_;
  ++number_;
  return true;
}

}  // namespace bivox
