#include "models/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "dsp/core/error.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

// A file of this header and `data_bytes` zeros.
std::string file_of(const std::string& header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof(length));
  return file + header + std::string(data_bytes, '\0');
}

std::string refusal(const std::string& file) {
  try {
    SafetensorsFile::parse(bytes_of(file), "weights");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

TEST(Safetensors, ReadsWhatTheLibraryOfTheFormatWrites) {
  const auto file = SafetensorsFile::open(std::string(BIVOX_TEST_DATA) +
                                          "/models/safetensors/reference.safetensors");
  EXPECT_EQ(file.tensors().size(), 7U);
  EXPECT_EQ(file.metadata().at("made_by"), "safetensors");
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor floats = file.find("floats")->to_float();
  EXPECT_EQ(floats.shape(), Shape({2, 3}));
  EXPECT_THAT(floats.values(), ElementsAre(0.5F, -1.25F, 3e-8F, 3.14159265F, -infinity, 65504.0F));
  EXPECT_THAT(file.find("brains")->to_float().values(),
              ElementsAre(0.10009765625F, -2.71875F, 1.0002555517425873e30F));
  EXPECT_THAT(file.find("halves")->to_float().values(),
              ElementsAre(1.0F, -0.333251953125F, 0x1p-24F, 65504.0F));
  EXPECT_THAT(file.find("bytes")->to_int8(), ElementsAre(-128, -1, 127));
  EXPECT_EQ(file.find("bytes")->shape, Shape({3, 1}));
  EXPECT_THAT(file.find("words")->to_int32(), ElementsAre(2147483647, -2147483647 - 1, 7));
  EXPECT_EQ(file.find("empty")->to_float().size(), 0);
  EXPECT_EQ(file.find("empty")->shape, Shape({0, 3}));
  EXPECT_EQ(file.find("scalar")->to_float().item(), 42.0F);
  EXPECT_EQ(file.find("no such tensor"), nullptr);
}

SafetensorsWriter example() {
  SafetensorsWriter writer;
  writer.add("b", Tensor::from({2, 2}, std::vector<float>{1, 2, 3, 4}));
  writer.add("a", Tensor::from({3}, std::vector<float>{1, 1.001F, -3}), StoredType::kBfloat16);
  writer.add_int8("c", {3}, std::vector<int8_t>{-128, 0, 127});
  writer.add_int32("d", {1, 1}, std::vector<int32_t>{-5});
  writer.set_metadata("kind", "a \"test\"");
  return writer;
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const TempFolder folder;
  example().write(folder / "x.safetensors");
  const auto file = SafetensorsFile::open(folder / "x.safetensors");
  EXPECT_THAT(file.find("b")->to_float().values(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(file.find("a")->to_float().values(), ElementsAre(1, 1, -3));
  EXPECT_THAT(file.find("c")->to_int8(), ElementsAre(-128, 0, 127));
  EXPECT_THAT(file.find("c")->to_float().values(), ElementsAre(-128, 0, 127));
  EXPECT_THAT(file.find("d")->to_int32(), ElementsAre(-5));
  EXPECT_EQ(file.metadata().at("kind"), "a \"test\"");
  // Data starts at a multiple of 64 and every tensor is aligned to its elements.
  for (const StoredTensor& tensor : file.tensors()) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes.data()) % stored_type_size(tensor.type), 0U);
  }
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.tensors()[0].bytes.data()) % 64, 0U);
}

TEST(Safetensors, WritesTheSameBytesInWhateverOrderTensorsCome) {
  SafetensorsWriter reversed;
  reversed.set_metadata("kind", "a \"test\"");
  reversed.add_int32("d", {1, 1}, std::vector<int32_t>{-5});
  reversed.add_int8("c", {3}, std::vector<int8_t>{-128, 0, 127});
  reversed.add("a", Tensor::from({3}, std::vector<float>{1, 1.001F, -3}), StoredType::kBfloat16);
  reversed.add("b", Tensor::from({2, 2}, std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(example().serialize(), reversed.serialize());
}

TEST(Safetensors, NamesWhatIsWrongWithAFile) {
  EXPECT_THAT(refusal("1234567"), HasSubstr("shorter than a header"));
  EXPECT_THAT(refusal(std::string(8, '\xFF')), HasSubstr("the header claims"));
  EXPECT_THAT(refusal(file_of("{", 0)), HasSubstr("not JSON"));
  EXPECT_THAT(refusal(file_of("[]", 0)), HasSubstr("not a JSON object"));
  EXPECT_EQ(refusal(file_of("{}", 0)), "accepted");
  EXPECT_THAT(refusal(file_of("{}", 4)), HasSubstr("4 bytes belong to no tensor"));
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_EQ(refusal(file_of("{" + a + "}", 8)), "accepted");
  EXPECT_THAT(refusal(file_of("{" + a + "}", 7)), HasSubstr("lies at [0, 8)"));
  EXPECT_THAT(refusal(file_of("{" + a + "," + a + "}", 16)), HasSubstr("stored twice"));
  // Overlap, hole, wrong order.
  EXPECT_THAT(
      refusal(file_of("{" + a + R"(,"b":{"dtype":"I8","shape":[8],"data_offsets":[4,12]}})", 12)),
      HasSubstr("tensor b: lies at [4, 12), expected it to start at 8"));
  EXPECT_THAT(
      refusal(file_of("{" + a + R"(,"b":{"dtype":"I8","shape":[2],"data_offsets":[10,12]}})", 12)),
      HasSubstr("tensor b"));
  EXPECT_THAT(
      refusal(file_of(R"({"b":{"dtype":"I8","shape":[2],"data_offsets":[8,10]},)" + a + "}", 10)),
      HasSubstr("tensor b"));
  EXPECT_THAT(refusal(file_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8)),
              HasSubstr("takes 12 bytes, found 8"));
  EXPECT_THAT(refusal(file_of(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})", 8)),
              HasSubstr("type F64"));
  EXPECT_THAT(refusal(file_of(R"({"a":{"dtype":"I8","shape":[-1],"data_offsets":[0,8]}})", 8)),
              HasSubstr("whole numbers"));
  // Products that overflow 64 bits, also beside a zero.
  EXPECT_THAT(
      refusal(file_of(
          R"({"a":{"dtype":"I8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0)),
      HasSubstr("larger than the file"));
  EXPECT_THAT(
      refusal(file_of(
          R"({"a":{"dtype":"I8","shape":[0,9223372036854775808],"data_offsets":[0,0]}})", 0)),
      HasSubstr("larger than the file"));
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole = example().serialize();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal(whole.substr(0, size)), "accepted") << size;
  }
}

}  // namespace
}  // namespace bivox
