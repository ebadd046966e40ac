#include <algorithm>
#include <cmath>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/loss_record.h"
#include "models/nn/losses.h"

namespace bivox {
namespace {

// Weighted local sums over an image [rows x columns] by the Gaussian, zeros outside. It is its own
// transpose, so the way back is the same sum.
class GaussianFilter {
 public:
  GaussianFilter(int window, float sigma) : reach_(window / 2) {
    double total = 0.0;
    for (int i = -reach_; i <= reach_; ++i) {
      weights_.push_back(std::exp(-0.5F * static_cast<float>(i * i) / (sigma * sigma)));
      total += weights_.back();
    }
    for (float& w : weights_) w = static_cast<float>(w / total);
  }

  void apply(int64_t rows, int64_t columns, std::vector<float>& image) {
    between_.assign(image.size(), 0.0F);
    for (int64_t r = 0; r < rows; ++r) {
      const float* in = image.data() + r * columns;
      float* out = between_.data() + r * columns;
      for (int64_t c = 0; c < columns; ++c) {
        const int64_t first = std::max<int64_t>(0, c - reach_);
        const int64_t last = std::min<int64_t>(columns - 1, c + reach_);
        for (int64_t i = first; i <= last; ++i) {
          out[c] += in[i] * weights_[static_cast<size_t>(i - c + reach_)];
        }
      }
    }
    std::fill(image.begin(), image.end(), 0.0F);
    for (int64_t r = 0; r < rows; ++r) {
      float* out = image.data() + r * columns;
      const int64_t last = std::min<int64_t>(rows - 1, r + reach_);
      for (int64_t i = std::max<int64_t>(0, r - reach_); i <= last; ++i) {
        const float weight = weights_[static_cast<size_t>(i - r + reach_)];
        const float* in = between_.data() + i * columns;
        for (int64_t c = 0; c < columns; ++c) out[c] += weight * in[c];
      }
    }
  }

 private:
  int reach_;
  std::vector<float> weights_;
  std::vector<float> between_;
};

// The sum of SSIM over an image; writes the negated gradient by x unless it is null.
double ssim_sum(const SsimOptions& options, int64_t rows, int64_t columns, const float* x,
                const float* y, float* negated_dx) {
  GaussianFilter filter(options.window, options.sigma);
  const auto size = static_cast<size_t>(rows * columns);
  const auto local_mean_of = [&](auto&& f) {
    std::vector<float> image(size);
    for (size_t i = 0; i < size; ++i) image[i] = f(i);
    filter.apply(rows, columns, image);
    return image;
  };
  const std::vector<float> mean_x = local_mean_of([&](size_t i) { return x[i]; });
  const std::vector<float> mean_y = local_mean_of([&](size_t i) { return y[i]; });
  std::vector<float> x_x = local_mean_of([&](size_t i) { return x[i] * x[i]; });
  const std::vector<float> y_y = local_mean_of([&](size_t i) { return y[i] * y[i]; });
  std::vector<float> x_y = local_mean_of([&](size_t i) { return x[i] * y[i]; });
  std::vector<float> by_mean(size);
  double total = 0.0;
  for (size_t i = 0; i < size; ++i) {
    const double mx = mean_x[i];
    const double my = mean_y[i];
    const double a1 = 2.0 * mx * my + options.c1;
    const double a2 = 2.0 * (x_y[i] - mx * my) + options.c2;
    const double b1 = mx * mx + my * my + options.c1;
    const double b2 = (x_x[i] - mx * mx) + (y_y[i] - my * my) + options.c2;
    const double value = a1 * a2 / (b1 * b2);
    total += value;
    // Slopes by the local sums of x^2, x y and x, the first two with their part in the variances.
    const double by_variance = -value / b2;
    const double by_covariance = 2.0 * a1 / (b1 * b2);
    x_x[i] = static_cast<float>(by_variance);
    x_y[i] = static_cast<float>(by_covariance);
    by_mean[i] = static_cast<float>(2.0 * my * a2 / (b1 * b2) - 2.0 * mx * value / b1 -
                                    2.0 * mx * by_variance - my * by_covariance);
  }
  if (negated_dx == nullptr) return total;
  filter.apply(rows, columns, x_x);
  filter.apply(rows, columns, x_y);
  filter.apply(rows, columns, by_mean);
  for (size_t i = 0; i < size; ++i) {
    negated_dx[i] = -(by_mean[i] + 2.0F * x[i] * x_x[i] + y[i] * x_y[i]);
  }
  return total;
}

}  // namespace

Var ssim_loss(Var x, const Tensor& target, std::span<const int> lengths,
              const SsimOptions& options) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && target.shape() == shape);
  BIVOX_CHECK(options.window >= 1 && options.window % 2 == 1 && options.sigma > 0.0F);
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = x.tape();
  const int64_t image = shape[1] * shape[2];
  Tensor gradient;
  if (tape.needs_gradient(x)) gradient = Tensor(shape);
  std::vector<double> sums(static_cast<size_t>(shape[0]), 0.0);
  for_utterances(tape.context(), static_cast<size_t>(shape[0]), [&](int b) {
    sums[static_cast<size_t>(b)] = ssim_sum(
        options, real_frames(lengths, b, shape[1]), shape[2], x.value().data() + b * image,
        target.data() + b * image, gradient.empty() ? nullptr : gradient.data() + b * image);
  });
  double total = 0.0;
  int64_t count = 0;
  for (int64_t b = 0; b < shape[0]; ++b) {
    total += sums[static_cast<size_t>(b)];
    count += real_frames(lengths, b, shape[1]) * shape[2];
  }
  if (count == 0) return record_loss(x, 0.0, 1.0, std::move(gradient));
  const double weight = 1.0 / static_cast<double>(count);
  return record_loss(x, 1.0 - total * weight, weight, std::move(gradient));
}

}  // namespace bivox
