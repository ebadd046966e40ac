#include "models/io/json_fields.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

struct Shape {
  int layers = 3;
  int width = 64;
};
constexpr IntegerField<Shape> kFields[] = {{"layers", &Shape::layers, 1, 64},
                                           {"width", &Shape::width, 8, 512}};

TEST(JsonFields, ReadWhatTheyWrite) {
  nlohmann::ordered_json object;
  write_fields(Shape{5, 96}, kFields, object);
  EXPECT_EQ(object.dump(), R"({"layers":5,"width":96})");
  Shape read;
  read_fields(object, kFields, "test", read);
  EXPECT_EQ(read.layers, 5);
  EXPECT_EQ(read.width, 96);
}

TEST(JsonFields, RefuseWhatIsNoWholeNumber) {
  for (const char* text :
       {R"({"layers": 5})", R"({"layers": 5, "width": "x"})", R"({"layers": 5, "width": 9.5})",
        R"({"layers": 5, "width": 4294967392})", R"({"layers": 5, "width": 18446744073709551615})",
        R"({"layers": 5, "width": -4294967296})", "[5, 96]"}) {
    Shape read;
    EXPECT_THROW(read_fields(parse_json(text, "test"), kFields, "test", read), Error) << text;
  }
}

TEST(JsonFields, ReadListsOfNumbers) {
  const auto read = [](const char* text) {
    return read_numbers(nlohmann::json::parse(text), "mean", 2, "test");
  };
  EXPECT_EQ(read(R"({"mean": [1, -2.5]})"), (std::vector<float>{1.0F, -2.5F}));
  for (const char* text : {R"({})", R"({"mean": 1})", R"({"mean": [1]})", R"({"mean": [1, "2"]})",
                           R"({"mean": [1, 1e99]})"}) {
    EXPECT_THROW(read(text), Error) << text;
  }
}

TEST(JsonFields, CheckRanges) {
  EXPECT_NO_THROW(check_fields(Shape{1, 512}, kFields, "test"));
  EXPECT_THROW(check_fields(Shape{0, 96}, kFields, "test"), Error);
  try {
    check_fields(Shape{3, 513}, kFields, "Net");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "Net: width 513: expected 8 to 512");
  }
}

}  // namespace
}  // namespace bivox
