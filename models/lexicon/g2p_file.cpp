// Reading and writing the file of a G2pModel: see g2p_parts.h for its form.
#include <fmt/format.h>
#include <zlib.h>

#include <filesystem>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/model_folder.h"
#include "models/lexicon/g2p.h"
#include "models/lexicon/g2p_bytes.h"
#include "models/lexicon/g2p_parts.h"

namespace bivox {
namespace {

constexpr std::string_view kMagic = "BIVOXG2P";
constexpr uint32_t kVersion = 1;

uint32_t crc_of(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

G2pUnits read_units(ByteReader& reader) {
  std::vector<std::string> phones(reader.take_u8());
  for (std::string& phone : phones) {
    phone = reader.take(reader.take_u8());
    if (phone.empty()) reader.fail("a phone without a name");
  }
  const uint32_t num_pairs = reader.take_u32();
  if (num_pairs == 0 || num_pairs > static_cast<uint32_t>(kG2pMaxUnits) ||
      phones.size() > static_cast<size_t>(kG2pMaxPhones)) {
    reader.fail(fmt::format("{} pairs of letters and {} phones are more or fewer than a model has",
                            num_pairs, phones.size()));
  }
  std::vector<G2pPair> pairs;
  for (uint32_t i = 0; i < num_pairs; ++i) {
    G2pPair pair;
    for (uint8_t& letter : pair.letters) letter = reader.take_u8();
    for (uint8_t& phone : pair.phones) phone = reader.take_u8();
    const auto is_letter = [](uint8_t x) { return x < kG2pLetters; };
    const auto is_phone = [&](uint8_t x) { return x < phones.size(); };
    const bool letters_ok =
        is_letter(pair.letters[0]) && (pair.letters[1] == kG2pNone || is_letter(pair.letters[1]));
    const bool phones_ok =
        (pair.phones[0] == kG2pNone && pair.phones[1] == kG2pNone) ||
        (is_phone(pair.phones[0]) && (pair.phones[1] == kG2pNone || is_phone(pair.phones[1])));
    if (!letters_ok || !phones_ok || (i > 0 && !(pairs.back() < pair))) {
      reader.fail(fmt::format("pair {} is not one, or out of order", i));
    }
    pairs.push_back(pair);
  }
  return {std::move(phones), std::move(pairs)};
}

}  // namespace

std::shared_ptr<const G2pModel> G2pModel::load(const std::filesystem::path& path) {
  std::filesystem::path file = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    file = ModelFolder::open(path, "g2p").file("g2p.bin");
  }
  return parse(read_file(file, ErrorCode::kModel), file.string());
}

std::shared_ptr<const G2pModel> G2pModel::parse(std::string_view bytes, std::string_view name) {
  ByteReader reader(bytes, name);
  if (!bytes.starts_with(kMagic)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: not a pronunciation model of Bivox", name),
                "bivox g2p train DICTIONARY -o FOLDER makes one");
  }
  reader.take(kMagic.size());
  if (const uint32_t version = reader.take_u32(); version != kVersion) {
    reader.fail(fmt::format("version {} of the form, expected {}", version, kVersion));
  }
  if (const uint32_t crc = reader.take_u32(); crc != crc_of(reader.rest())) {
    reader.fail("the checksum does not match");
  }
  auto parts = std::make_unique<Parts>();
  parts->units = read_units(reader);
  for (std::vector<uint8_t>& letter : parts->letter_names) {
    for (int left = reader.take_u8(); left > 0; --left) {
      letter.push_back(reader.take_u8());
      if (letter.back() >= parts->units.phones().size()) reader.fail("a letter's name is no phone");
    }
  }
  const int num_symbols = parts->units.num_symbols();
  std::string_view rest = reader.rest();
  parts->forward = G2pNgram::read(rest, num_symbols, name);
  parts->backward = G2pNgram::read(rest, num_symbols, name);
  parts->ranker = G2pRanker::read(rest, name);
  if (!rest.empty()) reader.fail("bytes are left over behind the model");
  return std::make_shared<const G2pModel>(std::move(parts));
}

std::string G2pModel::serialize() const {
  const G2pUnits& units = parts_->units;
  std::string body;
  body.push_back(static_cast<char>(units.phones().size()));
  for (const std::string& phone : units.phones()) {
    body.push_back(static_cast<char>(phone.size()));
    body += phone;
  }
  put_u32(body, static_cast<uint32_t>(units.num_pairs()));
  for (int i = 0; i < units.num_pairs(); ++i) {
    const G2pPair& pair = units.pair(static_cast<G2pUnit>(i));
    for (const uint8_t letter : pair.letters) body.push_back(static_cast<char>(letter));
    for (const uint8_t phone : pair.phones) body.push_back(static_cast<char>(phone));
  }
  for (const std::vector<uint8_t>& letter : parts_->letter_names) {
    body.push_back(static_cast<char>(letter.size()));
    for (const uint8_t phone : letter) body.push_back(static_cast<char>(phone));
  }
  parts_->forward.write(body);
  parts_->backward.write(body);
  parts_->ranker.write(body);

  std::string out(kMagic);
  put_u32(out, kVersion);
  put_u32(out, crc_of(body));
  return out + body;
}

}  // namespace bivox
