#include "dsp/audio/audio_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "dsp/audio/not_audio.h"
#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

constexpr size_t kHeadBytes = 512;

// A descriptor of a regular file, a pipe or standard input; everything else is refused here, so
// that messages name the system's reason rather than libsndfile's "System error".
class InputDescriptor {
 public:
  explicit InputDescriptor(const std::filesystem::path& path) {
    name_ = path == "-" ? "standard input" : path.string();
    if (path == "-") {
      fd_ = STDIN_FILENO;
    } else {
      fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      owned_ = true;
    }
    if (fd_ < 0) {
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: cannot be opened: {}", name_, std::strerror(errno)),
                  errno == EACCES ? "check its permissions" : "check the path");
    }
    struct stat status = {};
    const bool known = ::fstat(fd_, &status) == 0;
    regular_ = known && S_ISREG(status.st_mode);
    size_ = known ? static_cast<int64_t>(status.st_size) : 0;
    std::string complaint;
    if (!known || (!regular_ && owned_ && !S_ISFIFO(status.st_mode))) {
      complaint = known && S_ISDIR(status.st_mode) ? "is a directory" : "is a device or socket";
    } else if (regular_ && size_ == 0) {
      complaint = "is empty (0 bytes)";
    }
    if (!complaint.empty()) {
      close();
      throw Error(ErrorCode::kInput,
                  fmt::format("{}: {}, expected an audio file", name_, complaint),
                  "check the path, and that the recording or the download was complete");
    }
  }
  ~InputDescriptor() { close(); }
  InputDescriptor(const InputDescriptor&) = delete;
  InputDescriptor& operator=(const InputDescriptor&) = delete;

  const std::string& name() const { return name_; }
  bool regular() const { return regular_; }
  /// Reads until `count` bytes or the end.
  size_t read(char* bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
      const ssize_t now = ::read(fd_, bytes + done, count - done);
      if (now < 0 && errno == EINTR) continue;
      if (now < 0) {
        throw Error(ErrorCode::kInput, fmt::format("{}: {}", name_, std::strerror(errno)));
      }
      if (now == 0) break;
      done += static_cast<size_t>(now);
    }
    return done;
  }

 private:
  void close() {
    if (owned_ && fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  std::string name_;
  int fd_ = -1;
  bool owned_ = false;
  bool regular_ = false;
  int64_t size_ = 0;
};

// libsndfile's view of bytes in memory.
struct MemoryFile {
  std::string bytes;
  sf_count_t position = 0;

  static sf_count_t length(void* user) {
    return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->bytes.size());
  }
  static sf_count_t seek(sf_count_t offset, int whence, void* user) {
    auto* file = static_cast<MemoryFile*>(user);
    const sf_count_t size = length(user);
    sf_count_t base = 0;
    if (whence == SEEK_CUR) base = file->position;
    if (whence == SEEK_END) base = size;
    // Headers may ask for absurd places: stay inside, without overflow.
    if (offset > size - base) {
      file->position = size;
    } else {
      file->position = std::max<sf_count_t>(0, base + offset);
    }
    return file->position;
  }
  static sf_count_t read(void* target, sf_count_t count, void* user) {
    auto* file = static_cast<MemoryFile*>(user);
    const sf_count_t now = std::clamp<sf_count_t>(count, 0, length(user) - file->position);
    std::memcpy(target, file->bytes.data() + file->position, static_cast<size_t>(now));
    file->position += now;
    return now;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* user) { return static_cast<MemoryFile*>(user)->position; }
};

std::string format_text(int format) {
  SF_FORMAT_INFO container = {};
  container.format = format & SF_FORMAT_TYPEMASK;
  SF_FORMAT_INFO coding = {};
  coding.format = format & SF_FORMAT_SUBMASK;
  std::string text = "audio";
  if (sf_command(nullptr, SFC_GET_FORMAT_INFO, &container, sizeof(container)) == 0) {
    text = container.name;
    text = text.substr(0, text.find(" ("));
  }
  if (sf_command(nullptr, SFC_GET_FORMAT_INFO, &coding, sizeof(coding)) == 0) {
    text += fmt::format(", {}", coding.name);
  }
  return text;
}

class SoundFile final : public AudioSource {
 public:
  SoundFile(const std::filesystem::path& path, const std::string& name) {
    SF_INFO header = {};
    file_ = sf_open(path.c_str(), SFM_READ, &header);
    if (file_ == nullptr) {
      std::string head(kHeadBytes, '\0');
      InputDescriptor input(path);
      head.resize(input.read(head.data(), head.size()));
      throw not_audio_error(name, head, sf_strerror(nullptr));
    }
    accept_header(header, name);
  }
  SoundFile(std::string bytes, const std::string& name) : memory_(std::make_unique<MemoryFile>()) {
    if (bytes.empty()) {
      throw Error(ErrorCode::kInput, fmt::format("{}: is empty (0 bytes), expected audio", name),
                  "check the program that feeds it");
    }
    memory_->bytes = std::move(bytes);
    SF_VIRTUAL_IO io = {MemoryFile::length, MemoryFile::seek, MemoryFile::read, MemoryFile::write,
                        MemoryFile::tell};
    SF_INFO header = {};
    file_ = sf_open_virtual(&io, SFM_READ, &header, memory_.get());
    if (file_ == nullptr) {
      throw not_audio_error(name, std::string_view(memory_->bytes).substr(0, kHeadBytes),
                            sf_strerror(nullptr));
    }
    accept_header(header, name);
  }
  ~SoundFile() override { sf_close(file_); }

  const AudioFileInfo& info() const override { return info_; }

  size_t read(std::span<float> interleaved) override {
    const auto wanted = static_cast<sf_count_t>(interleaved.size()) / info_.channels;
    const sf_count_t found = sf_readf_float(file_, interleaved.data(), wanted);
    if (found < wanted && sf_error(file_) != SF_ERR_NO_ERROR) trouble_ = sf_strerror(file_);
    return static_cast<size_t>(std::clamp<sf_count_t>(found, 0, wanted));
  }
  std::string trouble() const override { return trouble_; }

 private:
  void accept_header(const SF_INFO& header, const std::string& name) {
    try {
      check_audio_format(name, header.samplerate, header.channels);
    } catch (...) {
      sf_close(std::exchange(file_, nullptr));
      throw;
    }
    info_.sample_rate_hz = header.samplerate;
    info_.channels = header.channels;
    info_.format = format_text(header.format);
    info_.frames = header.frames >= 0 && header.frames < SF_COUNT_MAX ? header.frames : -1;
    restore_promise(header.format);
    if (info_.frames >= 0) {
      info_.duration_s = static_cast<double>(info_.frames) / info_.sample_rate_hz;
    }
  }

  // For WAV and its kin libsndfile shortens the frame count of a truncated file to what is there
  // and tells only its log: "data : 64000 (should be 32000)". Take the promise back from there.
  // Sizes at the top of the range come from programs that write to a pipe and promise nothing.
  void restore_promise(int format) {
    std::string log(2048, '\0');
    const int length =
        sf_command(file_, SFC_GET_LOG_INFO, log.data(), static_cast<int>(log.size()));
    log.resize(static_cast<size_t>(std::clamp(length, 0, static_cast<int>(log.size()))));
    const size_t at = log.find("data : ");
    if (at == std::string::npos) return;
    unsigned long long promised = 0;
    unsigned long long found = 0;
    if (std::sscanf(log.c_str() + at, "data : %llu (should be %llu)", &promised, &found) != 2) {
      return;
    }
    size_t sample_bytes = 0;
    switch (format & SF_FORMAT_SUBMASK) {
      case SF_FORMAT_PCM_U8:
      case SF_FORMAT_PCM_S8:
      case SF_FORMAT_ULAW:
      case SF_FORMAT_ALAW:
        sample_bytes = 1;
        break;
      case SF_FORMAT_PCM_16:
        sample_bytes = 2;
        break;
      case SF_FORMAT_PCM_24:
        sample_bytes = 3;
        break;
      case SF_FORMAT_PCM_32:
      case SF_FORMAT_FLOAT:
        sample_bytes = 4;
        break;
      case SF_FORMAT_DOUBLE:
        sample_bytes = 8;
        break;
      default:
        return;
    }
    if (promised <= found || promised >= 0x7FFFF000ULL) return;
    info_.frames = static_cast<int64_t>(promised / sample_bytes) / info_.channels;
  }

  std::unique_ptr<MemoryFile> memory_;
  SNDFILE* file_ = nullptr;
  AudioFileInfo info_;
  std::string trouble_;
};

class RawPcm final : public AudioSource {
 public:
  RawPcm(const std::filesystem::path& path, const RawPcmOptions& options)
      : input_(path), encoding_(options.encoding) {
    check_audio_format(input_.name(), options.sample_rate_hz, options.channels);
    info_.sample_rate_hz = options.sample_rate_hz;
    info_.channels = options.channels;
    info_.format = fmt::format("raw {}", pcm_encoding_name(encoding_));
  }
  const AudioFileInfo& info() const override { return info_; }

  size_t read(std::span<float> interleaved) override {
    const size_t frame_bytes = pcm_sample_bytes(encoding_) * static_cast<size_t>(info_.channels);
    const size_t wanted = interleaved.size() / static_cast<size_t>(info_.channels) * frame_bytes;
    bytes_.resize(wanted);
    const size_t found = input_.read(bytes_.data(), wanted);
    if (found % frame_bytes != 0) {
      trouble_ = fmt::format(
          "the last {} bytes are no whole frame of {} bytes; are the encoding "
          "and the channels right?",
          found % frame_bytes, frame_bytes);
    }
    const size_t frames = found / frame_bytes;
    decode_pcm(std::as_bytes(std::span(bytes_)), encoding_,
               interleaved.first(frames * static_cast<size_t>(info_.channels)));
    return frames;
  }
  std::string trouble() const override { return trouble_; }

 private:
  InputDescriptor input_;
  PcmEncoding encoding_;
  AudioFileInfo info_;
  std::vector<char> bytes_;
  std::string trouble_;
};

}  // namespace

void check_audio_format(const std::string& name, int sample_rate_hz, int channels) {
  if (channels < 1 || channels > kMaxFileChannels) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {} channels, expected 1 to {}", name, channels, kMaxFileChannels),
                "the header is damaged: export the file again");
  }
  if (sample_rate_hz < kMinFileRateHz || sample_rate_hz > kMaxFileRateHz) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: sample rate {} Hz, expected {} to {} Hz", name, sample_rate_hz,
                            kMinFileRateHz, kMaxFileRateHz),
                "the header is damaged or the rate given is wrong");
  }
}

std::unique_ptr<AudioSource> open_sound_file(const std::filesystem::path& path) {
  InputDescriptor input(path);
  if (input.regular() && path != "-") return std::make_unique<SoundFile>(path, input.name());
  std::string bytes;
  constexpr size_t kPiece = 1 << 16;
  while (true) {
    const size_t begin = bytes.size();
    bytes.resize(begin + kPiece);
    const size_t count = input.read(bytes.data() + begin, kPiece);
    bytes.resize(begin + count);
    if (count < kPiece) break;
  }
  return open_sound_bytes(std::move(bytes), input.name());
}

std::unique_ptr<AudioSource> open_sound_bytes(std::string bytes, const std::string& name) {
  return std::make_unique<SoundFile>(std::move(bytes), name);
}

std::unique_ptr<AudioSource> open_raw_pcm(const std::filesystem::path& path,
                                          const RawPcmOptions& options) {
  if (options.sample_rate_hz == 0) {
    throw Error(ErrorCode::kUsage, "raw PCM has no header and needs its sample rate",
                "give it, e.g. --rate 16000");
  }
  return std::make_unique<RawPcm>(path, options);
}

}  // namespace bivox
