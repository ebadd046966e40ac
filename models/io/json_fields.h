// Options that are whole numbers in JSON: written, read and checked by one table of them; and lists
// of numbers.
//
//   constexpr IntegerField<MyOptions> kFields[] = {{"layers", &MyOptions::layers, 1, 64}, ...};
//
// Errors: Error(kModel) that names the source and the field: one that is missing, no whole number
// or out of its range; a list of another length or with what is no finite number. Thread rule: pure
// functions. Test: tests/models/io/json_fields_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace bivox {

template <class Options>
struct IntegerField {
  const char* name;
  int Options::*value;
  int least;
  int most;
};

namespace json_fields {
/// The whole number `name` of an object; refused when it is absent or beyond an int.
int read(const nlohmann::ordered_json& object, const char* name, std::string_view source);
void check(int value, const char* name, int least, int most, std::string_view source);
}  // namespace json_fields

/// `source` is what the options are of, for errors: "WaveNet".
template <class Options, size_t kCount>
void check_fields(const Options& options, const IntegerField<Options> (&fields)[kCount],
                  std::string_view source) {
  for (const IntegerField<Options>& field : fields) {
    json_fields::check(options.*field.value, field.name, field.least, field.most, source);
  }
}

template <class Options, size_t kCount>
void write_fields(const Options& options, const IntegerField<Options> (&fields)[kCount],
                  nlohmann::ordered_json& object) {
  for (const IntegerField<Options>& field : fields) object[field.name] = options.*field.value;
}

/// The list `name` of an object, `count` finite numbers.
std::vector<float> read_numbers(const nlohmann::json& object, const char* name, size_t count,
                                std::string_view source);

/// All fields of the table; others of the object are left alone. Ranges are not checked.
template <class Options, size_t kCount>
void read_fields(const nlohmann::ordered_json& object,
                 const IntegerField<Options> (&fields)[kCount], std::string_view source,
                 Options& options) {
  for (const IntegerField<Options>& field : fields) {
    options.*field.value = json_fields::read(object, field.name, source);
  }
}

}  // namespace bivox
