// JSON from files that may hold anything: parsed, or refused with the file's name.
//
// Nesting is bounded, as writing a value out again goes as deep as it is nested.
// Errors: Error(kModel). Thread rule: a pure function. Test: tests/models/io/model_folder_test.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bivox {

constexpr int kMaxJsonDepth = 64;

/// `source` names the text in errors.
nlohmann::ordered_json parse_json(std::string_view text, std::string_view source);

/// A number that reads back as this float and is written as shortly: 0.97, not 0.9700000286102295.
nlohmann::ordered_json json_number(float value);

/// The text of a value for an error message, cut where it is long.
std::string json_excerpt(const nlohmann::ordered_json& value);

}  // namespace bivox
