#include "models/lm/text_decoder.h"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace bivox {
namespace {

constexpr int kGzipWindow = 15 + 16;
constexpr uint64_t kXzMemory = uint64_t{192} << 20;
constexpr std::array kGzipMagic = {std::byte{0x1f}, std::byte{0x8b}};
constexpr std::array kXzMagic = {std::byte{0xfd}, std::byte{'7'}, std::byte{'z'},
                                 std::byte{'X'},  std::byte{'Z'}, std::byte{0}};

template <class Magic>
bool begins_with(std::span<const std::byte> bytes, const Magic& magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

class GzipDecoder final : public TextDecoder {
 public:
  GzipDecoder() {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  std::string_view form() const override { return "gzip"; }

 protected:
  void begin_member() override { inflateReset(&stream_); }
  Step step(std::span<const std::byte>& in, std::span<char>& out) override {
    const size_t available = std::min<size_t>(in.size(), std::numeric_limits<uInt>::max());
    const size_t room = std::min<size_t>(out.size(), std::numeric_limits<uInt>::max());
    // zlib's interface takes a pointer to non-const but does not write through it.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream_.avail_in = static_cast<uInt>(available);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    in = in.subspan(available - stream_.avail_in);
    out = out.subspan(room - stream_.avail_out);
    if (status == Z_STREAM_END) return Step::kEndOfMember;
    return status == Z_OK || status == Z_BUF_ERROR ? Step::kOk : Step::kDamaged;
  }

 private:
  z_stream stream_ = {};
};

class XzDecoder final : public TextDecoder {
 public:
  XzDecoder() = default;
  ~XzDecoder() override { lzma_end(&stream_); }
  std::string_view form() const override { return "xz"; }

 protected:
  void begin_member() override {
    if (lzma_stream_decoder(&stream_, kXzMemory, 0) != LZMA_OK) throw std::bad_alloc();
  }
  Step step(std::span<const std::byte>& in, std::span<char>& out) override {
    stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    in = in.last(stream_.avail_in);
    out = out.last(stream_.avail_out);
    if (status == LZMA_STREAM_END) return Step::kEndOfMember;
    return status == LZMA_OK || status == LZMA_BUF_ERROR ? Step::kOk : Step::kDamaged;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

std::unique_ptr<TextDecoder> TextDecoder::for_text(std::span<const std::byte> beginning) {
  if (begins_with(beginning, kGzipMagic)) return std::make_unique<GzipDecoder>();
  if (begins_with(beginning, kXzMagic)) return std::make_unique<XzDecoder>();
  return nullptr;
}

TextDecoder::Status TextDecoder::decode(std::span<const std::byte>& in, std::span<char>& out) {
  while (true) {
    if (!in_member_) {
      while (!in.empty() && in.front() == std::byte{0}) in = in.subspan(1);
      if (in.empty()) return Status::kOk;
      begin_member();
      in_member_ = true;
    }
    const size_t had_in = in.size();
    const size_t had_out = out.size();
    const Step result = step(in, out);
    if (result == Step::kDamaged) return Status::kDamaged;
    if (result == Step::kEndOfMember) {
      in_member_ = false;
    } else if (out.empty() || (in.size() == had_in && out.size() == had_out)) {
      return Status::kOk;
    }
  }
}

}  // namespace bivox
