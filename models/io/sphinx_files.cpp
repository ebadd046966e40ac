#include "models/io/sphinx_files.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/sphinx_bytes.h"

namespace bivox {
namespace {

constexpr uint32_t kMagic = 0x11223344;
// Limits that no model comes near; they keep products of three sizes inside 64 bits.
constexpr int kMaxCount = 1 << 20;
constexpr int kMaxStreams = 64;

constexpr std::string_view kBlanks = " \t\r";

std::string_view strip(std::string_view line) {
  const size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

/// Takes the next line off `text`, without its end.
std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> found;
  size_t at = line.find_first_not_of(kBlanks);
  while (at != std::string_view::npos) {
    const size_t end = line.find_first_of(kBlanks, at);
    found.push_back(line.substr(at, end == std::string_view::npos ? end : end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
  return found;
}

/// The payload of an s3 file after header, byte order and checksum were dealt with.
SphinxBytes open_s3(std::string_view bytes, std::string_view name) {
  std::string_view rest = bytes;
  bool checksummed = false;
  bool ended = false;
  if (strip(next_line(rest)) != "s3") {
    throw Error(ErrorCode::kModel, fmt::format("{}: does not begin with \"s3\"", name),
                "expected a binary parameter file of a CMU Sphinx 3 model");
  }
  while (!rest.empty() && !ended) {
    const std::string_view line = strip(next_line(rest));
    ended = line == "endhdr";
    const std::vector<std::string_view> words = fields(line);
    checksummed = checksummed || (words.size() == 2 && words[0] == "chksum0" && words[1] != "no");
  }
  if (!ended) {
    throw Error(ErrorCode::kModel, fmt::format("{}: the header has no \"endhdr\" line", name));
  }
  const size_t header = bytes.size() - rest.size();
  SphinxBytes magic(rest, name);
  const uint32_t found = magic.u32("byte-order magic");
  const bool swap = found == __builtin_bswap32(kMagic);
  if (found != kMagic && !swap) {
    magic.fail(fmt::format("byte-order magic at offset {} is {:#010x}, expected {:#010x}", header,
                           found, kMagic));
  }
  rest.remove_prefix(4);
  if (rest.size() % 4 != 0) {
    magic.fail(fmt::format("truncated: {} bytes after the header are no whole number of words",
                           rest.size()));
  }
  if (checksummed) {
    SphinxBytes words(rest, name);
    words.set_swap(swap);
    uint32_t sum = 0;
    while (words.remaining() > 4) {
      sum = std::rotl(sum, 20) + words.u32("data");
    }
    const uint32_t expected = words.u32("checksum");
    if (sum != expected) {
      words.fail(
          fmt::format("checksum of the data is {:#010x}, the file says {:#010x}: truncated "
                      "or damaged",
                      sum, expected));
    }
    rest.remove_suffix(4);
  }
  SphinxBytes payload(rest, name);
  payload.set_swap(swap);
  return payload;
}

/// The floats of an array with the announced number of elements, up to the end of the file.
std::vector<float> take_array(SphinxBytes& payload, uint64_t expected) {
  const uint32_t announced = payload.u32("number of values");
  if (announced != expected) {
    payload.fail(fmt::format("announces {} values, its dimensions need {}", announced, expected));
  }
  std::vector<float> values = payload.floats(expected, "values");
  if (payload.remaining() != 0) {
    payload.fail(fmt::format("{} bytes follow the last value", payload.remaining()));
  }
  return values;
}

uint64_t product(std::initializer_list<int> sizes) {
  uint64_t result = 1;
  for (const int size : sizes) {
    result *= static_cast<uint64_t>(size);
  }
  return result;
}

}  // namespace

SphinxGaussians parse_sphinx_gaussians(std::string_view bytes, std::string_view name) {
  SphinxBytes payload = open_s3(bytes, name);
  SphinxGaussians result;
  result.num_codebooks = payload.bounded(1, kMaxCount, "number of codebooks");
  const int streams = payload.bounded(1, kMaxStreams, "number of streams");
  result.num_densities = payload.bounded(1, kMaxCount, "number of densities");
  int dims = 0;
  for (int i = 0; i < streams; ++i) {
    result.stream_dims.push_back(payload.bounded(1, 4096, "dimensions of a stream"));
    dims += result.stream_dims.back();
  }
  result.values = take_array(payload, product({result.num_codebooks, result.num_densities, dims}));
  return result;
}

SphinxMixtureWeights parse_sphinx_mixture_weights(std::string_view bytes, std::string_view name) {
  SphinxBytes payload = open_s3(bytes, name);
  SphinxMixtureWeights result;
  result.num_states = payload.bounded(1, kMaxCount, "number of states");
  result.num_streams = payload.bounded(1, kMaxStreams, "number of streams");
  result.num_densities = payload.bounded(1, kMaxCount, "number of densities");
  result.values =
      take_array(payload, product({result.num_states, result.num_streams, result.num_densities}));
  return result;
}

SphinxTransitions parse_sphinx_transitions(std::string_view bytes, std::string_view name) {
  SphinxBytes payload = open_s3(bytes, name);
  SphinxTransitions result;
  result.num_matrices = payload.bounded(1, kMaxCount, "number of matrices");
  result.num_states = payload.bounded(1, 32, "number of emitting states");
  payload.bounded(result.num_states + 1, result.num_states + 1, "number of target states");
  result.values =
      take_array(payload, product({result.num_matrices, result.num_states, result.num_states + 1}));
  return result;
}

SphinxFeatureTransform parse_sphinx_feature_transform(std::string_view bytes,
                                                      std::string_view name) {
  SphinxBytes payload = open_s3(bytes, name);
  SphinxFeatureTransform result;
  result.num_transforms = payload.bounded(1, kMaxCount, "number of transforms");
  result.rows = payload.bounded(1, 4096, "rows of the transform");
  result.columns = payload.bounded(1, 4096, "columns of the transform");
  result.values =
      take_array(payload, product({result.num_transforms, result.rows, result.columns}));
  return result;
}

float SphinxSendump::weight(uint8_t byte) {
  return static_cast<float>(std::exp(-1024.0 * std::log(1.0001) * byte));
}

SphinxSendump parse_sphinx_sendump(std::string_view bytes, std::string_view name, int num_states,
                                   int num_streams, int num_densities) {
  SphinxBytes in(bytes, name);
  // The length of the title tells the byte order: it is below 1000 in the right one.
  const uint32_t title = in.u32("title");
  const bool swap = title == 0 || title > 999;
  in.set_swap(swap);
  in = SphinxBytes(bytes, name);
  in.set_swap(swap);
  int clusters = 0;
  int bits = 8;
  SphinxSendump result{num_states, num_streams, num_densities, {}};
  const std::array<std::pair<std::string_view, int*>, 5> sizes = {{
      {"feature_count ", &result.num_streams},
      {"mixture_count ", &result.num_densities},
      {"model_count ", &result.num_states},
      {"cluster_count ", &clusters},
      {"cluster_bits ", &bits},
  }};
  for (bool first = true;; first = false) {
    const int length = in.bounded(first ? 1 : 0, 999, "length of a header string");
    if (length == 0) {
      break;
    }
    std::string_view line = in.take(static_cast<uint64_t>(length), "header string");
    // The last string is padding ("!!!") and need not end in NUL.
    if (line.back() == '\0') {
      line.remove_suffix(1);
    }
    for (const auto& [key, value] : sizes) {
      if (line.starts_with(key)) {
        const std::string_view digits = strip(line.substr(key.size()));
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
        if (parsed.ec != std::errc() || *value < 0 || *value > kMaxCount) {
          in.fail(fmt::format("header string \"{}\" has no usable number", line));
        }
      }
    }
  }
  if (result.num_streams < 1 || result.num_streams > kMaxStreams || result.num_densities < 1 ||
      result.num_states < 1) {
    in.fail(fmt::format("{} streams x {} densities x {} states: expected at least 1 of each",
                        result.num_streams, result.num_densities, result.num_states));
  }
  if ((clusters != 0 && clusters != 15 && clusters != 16) || (bits != 4 && bits != 8)) {
    in.fail(fmt::format("cluster_count {} and cluster_bits {}: expected 0, 15 or 16, and 4 or 8",
                        clusters, bits));
  }
  if (bits == 4 && clusters == 0) {
    in.fail("cluster_bits 4 without clusters");
  }
  // Files without clusters repeat rows and columns; columns may be padded beyond the states.
  int columns = result.num_states;
  std::string_view codebook;
  if (clusters == 0) {
    in.bounded(result.num_densities, result.num_densities, "number of rows");
    columns = in.bounded(result.num_states, kMaxCount, "number of columns");
  } else {
    codebook = in.take(16, "cluster codebook");
  }
  const auto step = static_cast<uint64_t>(bits == 4 ? (columns + 1) / 2 : columns);
  const uint64_t rows = product({result.num_streams, result.num_densities});
  in.require(rows, step, "weights");
  result.bytes.resize(
      static_cast<size_t>(product({result.num_streams, result.num_densities, result.num_states})));
  uint8_t* out = result.bytes.data();
  for (uint64_t row = 0; row < rows; ++row) {
    const std::string_view packed = in.take(step, "weights");
    if (bits == 8) {
      std::memcpy(out, packed.data(), static_cast<size_t>(result.num_states));
    }
    for (int state = 0; clusters != 0 && state < result.num_states; ++state) {
      const auto at = static_cast<size_t>(state);
      size_t index = out[at];
      if (bits == 4) {  // even states are in the low half of a byte
        const auto pair = static_cast<uint8_t>(packed[at / 2]);
        index = state % 2 == 0 ? pair & 0x0FU : pair >> 4U;
      }
      if (index >= codebook.size()) {
        in.fail(fmt::format("cluster index {} of a codebook of 16", index));
      }
      out[at] = static_cast<uint8_t>(codebook[index]);
    }
    out += result.num_states;
  }
  return result;
}

SphinxOptions parse_sphinx_options(std::string_view text, std::string_view name) {
  SphinxOptions options;
  for (int number = 1; !text.empty(); ++number) {
    const std::vector<std::string_view> words = fields(next_line(text));
    if (words.empty() || words[0].starts_with('#')) {
      continue;
    }
    for (size_t i = 0; i < words.size(); i += 2) {
      if (words[i].size() < 2 || words[i].front() != '-' || i + 1 == words.size()) {
        throw Error(ErrorCode::kModel,
                    fmt::format("{}:{}: found \"{}\", expected \"-option value\"", name, number,
                                words[i].substr(0, 80)));
      }
      options.emplace_back(words[i].substr(1), words[i + 1]);
    }
  }
  return options;
}

std::vector<SphinxNoiseWord> parse_sphinx_noise_words(std::string_view text,
                                                      std::string_view name) {
  std::vector<SphinxNoiseWord> result;
  for (int number = 1; !text.empty(); ++number) {
    const std::vector<std::string_view> words = fields(next_line(text));
    if (words.empty() || words[0].starts_with("##") || words[0].starts_with(";;")) {
      continue;
    }
    if (words.size() < 2) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}:{}: \"{}\" has no phones", name, number, words[0].substr(0, 80)));
    }
    result.push_back({std::string(words[0]), {words.begin() + 1, words.end()}});
  }
  return result;
}

namespace {

/// Calls a parser on a mapped file.
template <class Parse>
auto parse_file(const std::filesystem::path& path, Parse&& parse) {
  const MappedFile file(path, ErrorCode::kModel);
  const std::span<const std::byte> bytes = file.bytes();
  const std::string name = path.string();
  return parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
               std::string_view(name));
}

}  // namespace

SphinxGaussians read_sphinx_gaussians(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_gaussians);
}

SphinxMixtureWeights read_sphinx_mixture_weights(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_mixture_weights);
}

SphinxTransitions read_sphinx_transitions(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_transitions);
}

SphinxFeatureTransform read_sphinx_feature_transform(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_feature_transform);
}

SphinxSendump read_sphinx_sendump(const std::filesystem::path& path, int num_states,
                                  int num_streams, int num_densities) {
  return parse_file(path, [&](std::string_view bytes, std::string_view name) {
    return parse_sphinx_sendump(bytes, name, num_states, num_streams, num_densities);
  });
}

SphinxOptions read_sphinx_options(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_options);
}

std::vector<SphinxNoiseWord> read_sphinx_noise_words(const std::filesystem::path& path) {
  return parse_file(path, parse_sphinx_noise_words);
}

}  // namespace bivox
