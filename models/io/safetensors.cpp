#include "models/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/narrow_floats.h"

namespace bivox {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little endian");

using Json = nlohmann::ordered_json;

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr size_t kDataAlignment = 64;

[[noreturn]] void fail(const std::string& file, const std::string& problem) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", file, problem),
              "expected a safetensors file; copy or download it again");
}

std::optional<StoredType> stored_type(std::string_view name) {
  for (const StoredType type : {StoredType::kFloat32, StoredType::kBfloat16, StoredType::kFloat16,
                                StoredType::kInt8, StoredType::kInt32}) {
    if (stored_type_name(type) == name) return type;
  }
  return std::nullopt;
}

// JSON with every key of the outer object checked to be new: a parser keeps one of two equal keys
// and two readers would disagree about which.
Json parse_header(const std::string& file, std::string_view text) {
  std::set<std::string> seen;
  std::string duplicate;
  const auto check_keys = [&](int depth, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::key && depth == 1 &&
        !seen.insert(value.get<std::string>()).second) {
      duplicate = value.get<std::string>();
    }
    return true;
  };
  try {
    Json header = Json::parse(text, check_keys);
    if (!duplicate.empty()) fail(file, fmt::format("tensor {} is stored twice", duplicate));
    if (!header.is_object()) fail(file, "the header is not a JSON object");
    return header;
  } catch (const Json::exception& error) {
    fail(file, fmt::format("the header is not JSON: {}", error.what()));
  }
}

uint64_t unsigned_number(const std::string& file, const std::string& tensor, const Json& value) {
  if (!value.is_number_unsigned()) {
    fail(file, fmt::format("tensor {}: sizes and offsets must be whole numbers", tensor));
  }
  return value.get<uint64_t>();
}

// Shape from JSON; the product is at most `max_elements`.
Shape parse_shape(const std::string& file, const std::string& tensor, const Json& dims,
                  uint64_t max_elements) {
  if (!dims.is_array() || dims.size() > Shape::kMaxRank) {
    fail(file,
         fmt::format("tensor {}: expected a shape of at most {} sizes", tensor, Shape::kMaxRank));
  }
  std::array<int64_t, Shape::kMaxRank> sizes = {};
  uint64_t product = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    const uint64_t size = unsigned_number(file, tensor, dims[i]);
    // Also bounds the sizes before a zero: [2^60 x 0] has no bytes but would overflow later.
    if (size > max_elements || (size != 0 && product > max_elements / size)) {
      fail(file, fmt::format("tensor {}: its shape is larger than the file", tensor));
    }
    product *= std::max<uint64_t>(size, 1);
    sizes[i] = static_cast<int64_t>(size);
  }
  switch (dims.size()) {
    case 0:
      return {};
    case 1:
      return {sizes[0]};
    case 2:
      return {sizes[0], sizes[1]};
    case 3:
      return {sizes[0], sizes[1], sizes[2]};
    default:
      return {sizes[0], sizes[1], sizes[2], sizes[3]};
  }
}

Json shape_json(const Shape& shape) {
  Json dims = Json::array();
  for (int i = 0; i < shape.rank(); ++i) dims.push_back(shape[i]);
  return dims;
}

}  // namespace

std::string_view stored_type_name(StoredType type) {
  switch (type) {
    case StoredType::kFloat32:
      return "F32";
    case StoredType::kBfloat16:
      return "BF16";
    case StoredType::kFloat16:
      return "F16";
    case StoredType::kInt8:
      return "I8";
    case StoredType::kInt32:
      return "I32";
  }
  return "";
}

size_t stored_type_size(StoredType type) {
  switch (type) {
    case StoredType::kFloat32:
    case StoredType::kInt32:
      return 4;
    case StoredType::kBfloat16:
    case StoredType::kFloat16:
      return 2;
    case StoredType::kInt8:
      return 1;
  }
  return 1;
}

Tensor StoredTensor::to_float() const {
  Tensor tensor = Tensor::uninitialized(shape);
  const auto count = static_cast<size_t>(tensor.size());
  const std::byte* from = bytes.data();
  float* to = tensor.data();
  if (count == 0) return tensor;
  switch (type) {
    case StoredType::kFloat32:
      std::memcpy(to, from, count * sizeof(float));
      break;
    case StoredType::kBfloat16:
    case StoredType::kFloat16:
      for (size_t i = 0; i < count; ++i) {
        uint16_t bits = 0;
        std::memcpy(&bits, from + 2 * i, 2);
        to[i] = type == StoredType::kBfloat16 ? float_from_bfloat16(bits) : float_from_half(bits);
      }
      break;
    case StoredType::kInt8:
      for (size_t i = 0; i < count; ++i) {
        to[i] = static_cast<float>(static_cast<int8_t>(from[i]));
      }
      break;
    case StoredType::kInt32:
      for (size_t i = 0; i < count; ++i) {
        int32_t value = 0;
        std::memcpy(&value, from + 4 * i, 4);
        to[i] = static_cast<float>(value);
      }
      break;
  }
  return tensor;
}

std::vector<int8_t> StoredTensor::to_int8() const {
  BIVOX_CHECK(type == StoredType::kInt8);
  std::vector<int8_t> values(bytes.size());
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::vector<int32_t> StoredTensor::to_int32() const {
  BIVOX_CHECK(type == StoredType::kInt32);
  std::vector<int32_t> values(bytes.size() / 4);
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  MappedFile file(path, ErrorCode::kModel);
  SafetensorsFile result = parse(file.bytes(), path.string());
  result.file_ = std::move(file);  // the map stays where it is
  return result;
}

SafetensorsFile SafetensorsFile::parse(std::span<const std::byte> bytes, std::string name) {
  SafetensorsFile file;
  file.name_ = std::move(name);
  const std::string& path = file.name_;
  if (bytes.size() < kLengthBytes) fail(path, "shorter than a header");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    fail(path, fmt::format("the header claims {} bytes, the file has {}", length, bytes.size()));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  const Json header = parse_header(path, text);
  const auto data = bytes.subspan(kLengthBytes + length);

  uint64_t expected_begin = 0;
  for (const auto& [key, value] : header.items()) {
    if (key == kMetadataKey) {
      if (!value.is_object()) fail(path, "__metadata__ is not an object");
      for (const auto& [meta_key, meta_value] : value.items()) {
        if (!meta_value.is_string()) fail(path, "__metadata__ holds something else than texts");
        file.metadata_[meta_key] = meta_value.get<std::string>();
      }
      continue;
    }
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets")) {
      fail(path, fmt::format("tensor {}: expected dtype, shape and data_offsets", key));
    }
    StoredTensor tensor;
    tensor.name = key;
    const Json& dtype = value["dtype"];
    const auto type =
        dtype.is_string() ? stored_type(dtype.get<std::string>()) : std::optional<StoredType>();
    if (!type) {
      fail(path, fmt::format("tensor {}: type {} is not one of F32, BF16, F16, I8, I32", key,
                             dtype.is_string() ? dtype.get<std::string>() : dtype.type_name()));
    }
    tensor.type = *type;
    tensor.shape = parse_shape(path, key, value["shape"], data.size());
    const Json& offsets = value["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2) {
      fail(path, fmt::format("tensor {}: expected two data_offsets", key));
    }
    const uint64_t begin = unsigned_number(path, key, offsets[0]);
    const uint64_t end = unsigned_number(path, key, offsets[1]);
    if (begin != expected_begin || end < begin || end > data.size()) {
      fail(path, fmt::format("tensor {}: lies at [{}, {}), expected it to start at {} and end "
                             "within {} bytes",
                             key, begin, end, expected_begin, data.size()));
    }
    const uint64_t size =
        static_cast<uint64_t>(tensor.shape.size()) * stored_type_size(tensor.type);
    if (end - begin != size) {
      fail(path,
           fmt::format("tensor {}: shape {} of {} takes {} bytes, found {}", key,
                       tensor.shape.text(), stored_type_name(tensor.type), size, end - begin));
    }
    tensor.bytes = data.subspan(begin, size);
    expected_begin = end;
    file.index_[key] = file.tensors_.size();
    file.tensors_.push_back(std::move(tensor));
  }
  if (expected_begin != data.size()) {
    fail(path, fmt::format("{} bytes belong to no tensor", data.size() - expected_begin));
  }
  return file;
}

const StoredTensor* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

void SafetensorsWriter::add_entry(std::string name, Entry entry) {
  BIVOX_CHECK(name != kMetadataKey);
  const bool inserted = entries_.emplace(std::move(name), std::move(entry)).second;
  BIVOX_CHECK(inserted);
}

void SafetensorsWriter::add(std::string name, const Tensor& tensor, StoredType type) {
  BIVOX_CHECK(type == StoredType::kFloat32 || type == StoredType::kBfloat16 ||
              type == StoredType::kFloat16);
  Entry entry{type, tensor.shape(), {}};
  entry.bytes.resize(static_cast<size_t>(tensor.size()) * stored_type_size(type));
  if (tensor.size() > 0 && type == StoredType::kFloat32) {
    std::memcpy(entry.bytes.data(), tensor.data(), entry.bytes.size());
  } else {
    for (int64_t i = 0; i < tensor.size(); ++i) {
      const uint16_t bits = type == StoredType::kBfloat16 ? bfloat16_from_float(tensor[i])
                                                          : half_from_float(tensor[i]);
      std::memcpy(entry.bytes.data() + 2 * i, &bits, 2);
    }
  }
  add_entry(std::move(name), std::move(entry));
}

void SafetensorsWriter::add_int8(std::string name, const Shape& shape,
                                 std::span<const int8_t> values) {
  BIVOX_CHECK(static_cast<int64_t>(values.size()) == shape.size());
  add_entry(std::move(name),
            {StoredType::kInt8, shape,
             std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes())});
}

void SafetensorsWriter::add_int32(std::string name, const Shape& shape,
                                  std::span<const int32_t> values) {
  BIVOX_CHECK(static_cast<int64_t>(values.size()) == shape.size());
  add_entry(std::move(name),
            {StoredType::kInt32, shape,
             std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes())});
}

void SafetensorsWriter::set_metadata(std::string key, std::string value) {
  metadata_[std::move(key)] = std::move(value);
}

std::string SafetensorsWriter::serialize() const {
  std::vector<const std::pair<const std::string, Entry>*> order;
  for (const auto& entry : entries_) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return stored_type_size(a->second.type) > stored_type_size(b->second.type);
  });
  Json header = Json::object();
  if (!metadata_.empty()) header[std::string(kMetadataKey)] = metadata_;
  size_t offset = 0;
  for (const auto* entry : order) {
    const Entry& tensor = entry->second;
    const size_t end = offset + tensor.bytes.size();
    header[entry->first] = {{"dtype", stored_type_name(tensor.type)},
                            {"shape", shape_json(tensor.shape)},
                            {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  const size_t used = (kLengthBytes + text.size()) % kDataAlignment;
  if (used != 0) text.append(kDataAlignment - used, ' ');
  const uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), kLengthBytes);
  file.reserve(kLengthBytes + text.size() + offset);
  file += text;
  for (const auto* entry : order) file += entry->second.bytes;
  return file;
}

void SafetensorsWriter::write(const std::filesystem::path& path) const {
  AtomicFile file(path);
  const std::string bytes = serialize();
  file.stream().write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.commit();
}

}  // namespace bivox
