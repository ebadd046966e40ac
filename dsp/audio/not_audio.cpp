#include "dsp/audio/not_audio.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace bivox {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

struct Magic {
  size_t offset;
  std::string_view bytes;
  std::string_view what;
};
// Media that people have but libsndfile does not read: ffmpeg does.
constexpr std::array<Magic, 9> kMedia = {{
    {4, "ftyp"sv, "MPEG-4 (m4a, mp4)"},
    {0, "\x1A\x45\xDF\xA3"sv, "Matroska or WebM"},
    {0, "#!AMR"sv, "AMR"},
    {0, "\x30\x26\xB2\x75"sv, "Windows Media (wma)"},
    {8, "AVI "sv, "AVI video"},
    {0, "FLV\x01"sv, "Flash video"},
    {0, "\xFF\xF1"sv, "AAC"},
    {0, "\xFF\xF9"sv, "AAC"},
    {0, ".RMF"sv, "RealMedia"},
}};
constexpr std::array<Magic, 5> kOther = {{
    {0, "PK\x03\x04"sv, "a zip archive"},
    {0, "\x1F\x8B"sv, "gzip data"},
    {0, "%PDF"sv, "a PDF document"},
    {0,
     "\x7F"
     "ELF"sv,
     "a program"},
    {0, "\x89PNG"sv, "a picture"},
}};

bool matches(std::string_view head, const Magic& magic) {
  return head.size() >= magic.offset + magic.bytes.size() &&
         head.substr(magic.offset, magic.bytes.size()) == magic.bytes;
}

bool is_text(std::string_view head) {
  return !head.empty() && std::all_of(head.begin(), head.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f';
  });
}

std::string shell_quoted(const std::string& word) {
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           "_-./+,:@%"sv.find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''"s : std::string(1, c);
  return quoted + "'";
}

std::string ffmpeg_command(const std::string& name) {
  std::filesystem::path target(name);
  const bool is_wav = target.extension() == ".wav";
  target.replace_extension(is_wav ? ".converted.wav" : ".wav");
  return fmt::format("ffmpeg -i {} -ac 1 -ar 16000 {}", shell_quoted(name),
                     shell_quoted(target.string()));
}

}  // namespace

Error not_audio_error(const std::string& name, std::string_view head, const std::string& reason) {
  std::string_view what;
  bool media = true;
  for (const Magic& magic : kMedia) {
    if (what.empty() && matches(head, magic)) what = magic.what;
  }
  for (const Magic& magic : kOther) {
    if (what.empty() && matches(head, magic)) {
      what = magic.what;
      media = false;
    }
  }
  if (what.empty() && is_text(head)) {
    what = "text";
    media = false;
  }
  if (!media) {
    return Error(ErrorCode::kInput, fmt::format("{}: is {}, expected audio", name, what),
                 "give a WAV, FLAC, AIFF, Ogg Vorbis, Opus or MP3 file");
  }
  if (!what.empty()) {
    return Error(
        ErrorCode::kInput,
        fmt::format("{}: is {}, expected WAV, FLAC, AIFF, Ogg Vorbis, Opus or MP3", name, what),
        "convert it first: " + ffmpeg_command(name));
  }
  return Error(
      ErrorCode::kInput,
      fmt::format("{}: no audio that can be read (expected WAV, FLAC, AIFF, Ogg Vorbis, Opus or "
                  "MP3): {}",
                  name, reason),
      fmt::format("if it is another format, convert it first: {} ; if it is headerless PCM, give "
                  "its rate (--rate)",
                  ffmpeg_command(name)));
}

}  // namespace bivox
