#include "models/io/model_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "bivox-model";
constexpr int kFormatVersion = 1;
constexpr const char* kConfigName = "config.json";
constexpr const char* kCardName = "card.md";
constexpr const char* kDamagedHint = "copy or download the model again";

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

uint32_t crc32_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

ModelFolder::File describe(const fs::path& path) {
  const MappedFile file(path, ErrorCode::kModel);
  return {file.bytes().size(), crc32_of(file.bytes())};
}

void verify(const fs::path& path, const ModelFolder::File& expected) {
  std::error_code failure;
  if (!fs::is_regular_file(path, failure)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: missing from the model", path.string()),
                kDamagedHint);
  }
  const MappedFile file(path, ErrorCode::kModel);
  if (file.bytes().size() != expected.bytes) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: expected {} bytes, found {}", path.string(), expected.bytes,
                            file.bytes().size()),
                kDamagedHint);
  }
  const uint32_t found = crc32_of(file.bytes());
  if (found != expected.crc32) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: expected the checksum {:08x}, found {:08x}", path.string(),
                            expected.crc32, found),
                kDamagedHint);
  }
}

// A folder name beside `target` that no other process of this machine uses.
fs::path beside(const fs::path& target, std::string_view role) {
  const fs::path whole = fs::absolute(target).lexically_normal();
  const fs::path name = whole.has_filename() ? whole.filename() : whole.parent_path().filename();
  const fs::path parent =
      whole.has_filename() ? whole.parent_path() : whole.parent_path().parent_path();
  return parent / fmt::format(".{}.{}.{}", name.string(), ::getpid(), role);
}

[[noreturn]] void fail_writing(const fs::path& path, std::string_view reason) {
  throw Error(ErrorCode::kRuntime, fmt::format("{}: cannot be written: {}", path.string(), reason),
              "check that the folder above exists, is writable and has room");
}

// Puts `from` in the place of `to`, a folder that exists, in one step where the system can.
void replace_folder(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) {
    std::error_code ignored;
    fs::remove_all(from, ignored);  // now the old folder
    return;
  }
  const fs::path old = beside(to, "old");
  std::error_code failure;
  fs::rename(to, old, failure);
  if (failure) fail_writing(to, failure.message());
  fs::rename(from, to, failure);
  std::error_code ignored;
  if (failure) {
    fs::rename(old, to, ignored);  // the old model back
    fail_writing(to, failure.message());
  }
  fs::remove_all(old, ignored);
}

std::string text_of(const Json& object, const char* key, std::string_view source) {
  if (!object.contains(key) || !object[key].is_string()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected the text \"{}\"", source, key));
  }
  return object[key].get<std::string>();
}

ModelFolder::File parse_file(const std::string& name, const Json& entry, std::string_view source) {
  if (!is_plain_name(name) || name == kConfigName) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: \"{}\" cannot be the name of a model's file", source, name));
  }
  if (!entry.is_object() || !entry.contains("bytes") || !entry["bytes"].is_number_unsigned() ||
      !entry.contains("crc32") || !entry["crc32"].is_string()) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: file {}: expected its bytes and crc32", source, name));
  }
  const std::string crc = entry["crc32"].get<std::string>();
  if (crc.size() != 8 || crc.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: file {}: expected a crc32 of eight hexadecimal digits, found {}",
                            source, name, crc));
  }
  return {entry["bytes"].get<uint64_t>(), static_cast<uint32_t>(std::stoul(crc, nullptr, 16))};
}

}  // namespace

ModelConfig ModelConfig::parse(std::string_view json, std::string_view source) {
  const Json object = parse_json(json, source);
  if (!object.is_object() || !object.contains("format") || object["format"] != kFormat) {
    throw Error(ErrorCode::kModel, fmt::format("{}: not the description of a Bivox model", source),
                fmt::format("expected a JSON object with \"format\": \"{}\"", kFormat));
  }
  if (!object.contains("format_version") || object["format_version"] != kFormatVersion) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: of a format version that this program does not read", source),
                fmt::format("expected format_version {}", kFormatVersion));
  }
  ModelConfig config;
  config.kind = text_of(object, "kind", source);
  config.name = text_of(object, "name", source);
  config.version = text_of(object, "version", source);
  if (!object.contains("files") || !object["files"].is_object()) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected an object \"files\"", source));
  }
  for (const auto& [name, entry] : object["files"].items()) {
    config.files[name] = parse_file(name, entry, source);
  }
  if (object.contains("options")) {
    if (!object["options"].is_object()) {
      throw Error(ErrorCode::kModel, fmt::format("{}: \"options\" is not an object", source));
    }
    config.options_json = object["options"].dump();
  }
  return config;
}

std::string ModelConfig::json() const {
  Json object;
  object["format"] = kFormat;
  object["format_version"] = kFormatVersion;
  object["kind"] = kind;
  object["name"] = name;
  object["version"] = version;
  Json& listed = object["files"] = Json::object();
  for (const auto& [file, facts] : files) {
    listed[file] = {{"bytes", facts.bytes}, {"crc32", fmt::format("{:08x}", facts.crc32)}};
  }
  object["options"] = parse_json(options_json, "options");
  return object.dump(2) + "\n";
}

bool ModelFolder::is_model_folder(const fs::path& path) {
  std::error_code failure;
  if (!fs::is_regular_file(path / kConfigName, failure)) return false;
  try {
    const Json object = parse_json(read_file(path / kConfigName, ErrorCode::kModel), kConfigName);
    return object.is_object() && object.contains("format") && object["format"] == kFormat;
  } catch (const Error&) {
    return false;
  }
}

ModelFolder ModelFolder::open(const fs::path& path, std::string_view kind) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: no such model folder", path.string()),
                "check the path");
  }
  const fs::path config_path = path / kConfigName;
  ModelConfig config =
      ModelConfig::parse(read_file(config_path, ErrorCode::kModel), config_path.string());
  if (!kind.empty() && config.kind != kind) {
    throw Error(ErrorCode::kModel, fmt::format("{}: expected a model of kind \"{}\", found \"{}\"",
                                               path.string(), kind, config.kind));
  }
  for (const auto& [name, file] : config.files) verify(path / name, file);
  ModelFolder folder;
  folder.path_ = path;
  folder.kind_ = std::move(config.kind);
  folder.name_ = std::move(config.name);
  folder.version_ = std::move(config.version);
  folder.options_json_ = std::move(config.options_json);
  folder.files_ = std::move(config.files);
  return folder;
}

bool ModelFolder::has_file(std::string_view name) const {
  return files_.contains(std::string(name));
}

fs::path ModelFolder::file(std::string_view name) const {
  if (!has_file(name)) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: the model has no file {}", path_.string(), name));
  }
  return path_ / name;
}

ModelFolderWriter::ModelFolderWriter(fs::path target, std::string kind, std::string name,
                                     std::string version)
    : target_(std::move(target)), temporary_(beside(target_, "new")) {
  config_.kind = std::move(kind);
  config_.name = std::move(name);
  config_.version = std::move(version);
  std::error_code failure;
  fs::remove_all(temporary_, failure);
  fs::create_directories(temporary_, failure);
  if (failure) fail_writing(target_, failure.message());
}

ModelFolderWriter::~ModelFolderWriter() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(temporary_, ignored);
}

void ModelFolderWriter::add_file(const std::string& name, std::string_view bytes) {
  AtomicFile file(new_file(name));
  file.stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.commit();
}

fs::path ModelFolderWriter::new_file(const std::string& name) {
  BIVOX_CHECK(is_plain_name(name) && name != kConfigName);
  config_.files[name] = {};
  return temporary_ / name;
}

void ModelFolderWriter::commit() {
  BIVOX_CHECK(!committed_);
  BIVOX_CHECK(config_.files.contains(kCardName));
  for (auto& [name, file] : config_.files) file = describe(temporary_ / name);
  AtomicFile config(temporary_ / kConfigName);
  config.stream() << config_.json();
  config.commit();

  std::error_code failure;
  if (!fs::exists(target_, failure)) {
    fs::rename(temporary_, target_, failure);
    if (failure) fail_writing(target_, failure.message());
  } else if (fs::is_directory(target_) &&
             (fs::is_empty(target_) || ModelFolder::is_model_folder(target_))) {
    replace_folder(temporary_, target_);
  } else {
    throw Error(ErrorCode::kRuntime,
                fmt::format("{}: exists and is not a model folder", target_.string()),
                "choose another name or remove it first");
  }
  committed_ = true;
}

}  // namespace bivox
