#include "models/nn/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"

namespace bivox {
namespace {

void expect_golden(const std::string& name, const ScheduleOptions& options) {
  SCOPED_TRACE(name);
  std::ifstream file(std::string(BIVOX_TEST_DATA) + "/nn/optimizer_golden.json");
  const auto rates = nlohmann::json::parse(file)[name].get<std::vector<double>>();
  ASSERT_EQ(rates.size(), 20U);
  for (size_t step = 0; step < rates.size(); ++step) {
    EXPECT_NEAR(learning_rate(options, static_cast<int64_t>(step)), rates[step], 1e-12) << step;
  }
}

TEST(Schedule, FollowsPyTorch) {
  ScheduleOptions options;
  options.peak = 0.1;
  options.total_steps = 20;
  options.kind = ScheduleKind::kOneCycle;
  options.warmup_steps = 6;
  options.final_fraction = 0.01;  // 1 / (25 * 4)
  expect_golden("one_cycle", options);
  options.kind = ScheduleKind::kCosine;
  options.warmup_steps = 0;
  expect_golden("cosine", options);
  options.kind = ScheduleKind::kExponential;
  options.final_fraction = std::pow(0.8, 20);
  expect_golden("exponential", options);
}

TEST(Schedule, WarmsUpAndStays) {
  ScheduleOptions options;
  options.peak = 2.0;
  options.warmup_steps = 10;
  options.total_steps = 100;
  for (const auto kind : {ScheduleKind::kConstant, ScheduleKind::kCosine,
                          ScheduleKind::kInverseSqrt, ScheduleKind::kExponential}) {
    options.kind = kind;
    EXPECT_DOUBLE_EQ(learning_rate(options, 0), 0.2);
    EXPECT_DOUBLE_EQ(learning_rate(options, 9), 2.0);
    for (int step = 10; step < 100; ++step) {
      EXPECT_LE(learning_rate(options, step), learning_rate(options, step - 1) + 1e-12);
    }
    EXPECT_GT(learning_rate(options, 1000), 0.0);
  }
  options.kind = ScheduleKind::kInverseSqrt;
  EXPECT_DOUBLE_EQ(learning_rate(options, 39), 1.0);  // a fourth of the way is half of the rate
  options.kind = ScheduleKind::kCosine;
  EXPECT_DOUBLE_EQ(learning_rate(options, 100), 0.02);
  EXPECT_DOUBLE_EQ(learning_rate(options, 100000), 0.02);
}

TEST(Schedule, RefusesOptionsOutOfRange) {
  ScheduleOptions options;
  options.validate();
  options.warmup_steps = options.total_steps + 1;
  EXPECT_THROW(options.validate(), Error);
  options = {};
  options.total_steps = 0;
  EXPECT_THROW(options.validate(), Error);
  options = {};
  options.final_fraction = 2.0;
  EXPECT_THROW(options.validate(), Error);
}

}  // namespace
}  // namespace bivox
