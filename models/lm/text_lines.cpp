#include "models/lm/text_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace bivox {
namespace {

constexpr size_t kBlock = size_t{1} << 18;
constexpr size_t kMaxLine = size_t{1} << 20;

}  // namespace

TextLines::TextLines(std::span<const std::byte> bytes, std::string_view name, ErrorCode code)
    : name_(name),
      code_(code),
      bytes_read_(bytes.size()),
      rest_(bytes),
      decoder_(TextDecoder::for_text(bytes)) {
  if (decoder_ != nullptr) buffer_.resize(kBlock);
}

TextLines::TextLines(std::istream& stream, std::string_view name, ErrorCode code)
    : name_(name), code_(code), stream_(&stream), input_(kBlock), buffer_(kBlock) {
  read_stream();
  decoder_ = TextDecoder::for_text(rest_);
}

void TextLines::fail(const std::string& what, std::string hint) const {
  throw Error(code_, fmt::format("{}:{}: {}", name_, number_, what), std::move(hint));
}

/// The line last counted, without what belongs to the file and not to the text.
std::string_view TextLines::bare(std::string_view line) const {
  if (line.size() > kMaxLine) fail("a line of more than 1 MiB");
  if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The next block of the stream; false at its end, and always for a text in memory.
bool TextLines::read_stream() {
  if (stream_ == nullptr) return false;
  stream_->read(reinterpret_cast<char*>(input_.data()), static_cast<std::streamsize>(kBlock));
  if (stream_->bad()) fail("reading failed", "the disk or the network may have a fault");
  const auto count = static_cast<size_t>(stream_->gcount());
  bytes_read_ += count;
  rest_ = {input_.data(), count};
  return count > 0;
}

/// Adds text to the buffer; false at the end of the data.
bool TextLines::decode_more() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (buffer_.size() > kMaxLine) {
      ++number_;
      fail("a line of more than 1 MiB");
    }
    buffer_.resize(buffer_.size() * 2);
  }
  while (true) {
    if (rest_.empty() && !read_stream()) {
      if (decoder_ == nullptr || decoder_->between_members()) return false;
      std::span<char> out = std::span(buffer_).subspan(end_);
      const size_t room = out.size();
      // What the decoder still holds comes out without new input.
      const auto status = decoder_->decode(rest_, out);
      end_ += room - out.size();
      if (status == TextDecoder::Status::kOk && room != out.size()) return true;
      if (status == TextDecoder::Status::kOk && decoder_->between_members()) return false;
      ++number_;
      fail(fmt::format("the {} data ends too early", decoder_->form()),
           "the file was cut short: copy it again");
    }
    std::span<char> out = std::span(buffer_).subspan(end_);
    const size_t room = out.size();
    if (decoder_ == nullptr) {
      const size_t count = std::min(room, rest_.size());
      std::memcpy(out.data(), rest_.data(), count);
      rest_ = rest_.subspan(count);
      end_ += count;
      return true;
    }
    const auto status = decoder_->decode(rest_, out);
    end_ += room - out.size();
    if (status == TextDecoder::Status::kDamaged) {
      ++number_;
      fail(fmt::format("the {} data is damaged", decoder_->form()),
           fmt::format("copy the file again; `{} -t` tests it", decoder_->form()));
    }
    if (room != out.size()) return true;
  }
}

bool TextLines::next(std::string_view& line) {
  if (decoder_ == nullptr && stream_ == nullptr) {
    if (rest_.empty()) return false;
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), rest_.size());
    const size_t length = std::min(text.find('\n'), text.size());
    ++number_;
    line = bare(text.substr(0, length));
    rest_ = rest_.subspan(std::min(rest_.size(), length + 1));
    return true;
  }
  size_t searched = 0;
  while (true) {
    const std::string_view text(buffer_.data() + begin_, end_ - begin_);
    const size_t length = text.find('\n', searched);
    if (length != std::string_view::npos) {
      ++number_;
      line = bare(text.substr(0, length));
      begin_ += length + 1;
      return true;
    }
    searched = text.size();
    if (!decode_more()) break;
  }
  if (begin_ == end_) return false;
  ++number_;
  line = bare({buffer_.data() + begin_, end_ - begin_});
  begin_ = end_;
  return true;
}

}  // namespace bivox
