#include "models/nn/kernels/gemv.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/kernels/gemv_kernels.h"

namespace bivox {

using kernels::GemmBlock;
using kernels::GemvKernel;

namespace kernels {

const GemvKernel& gemv_kernel(Isa isa, Precision precision) {
  const GemvKernel* kernel = nullptr;
  if (precision == Precision::kBfloat16 && isa >= Isa::kAvx512Bf16 && bfloat16_products_pay()) {
    kernel = avx512_bf16_gemv_kernel();
  }
  if (kernel == nullptr && isa >= Isa::kAvx512) kernel = avx512_gemv_kernel(precision);
  if (kernel == nullptr && isa >= Isa::kAvx2) kernel = avx2_gemv_kernel(precision);
  return kernel != nullptr ? *kernel : *plain_gemv_kernel(precision);
}

}  // namespace kernels

namespace {

struct FreeAligned {
  void operator()(std::byte* block) const noexcept {
    ::operator delete (block, std::align_val_t{64});
  }
};

}  // namespace

struct PackedGemv::State {
  struct Panel {
    int first = 0;       ///< Output.
    int columns = 0;     ///< Outputs that exist.
    size_t weights = 0;  ///< Offset in bytes.
    size_t packed = 0;   ///< Offset in column_scales and offsets.
  };
  const GemvKernel* kernel = nullptr;
  int inputs = 0;
  int outputs = 0;
  int groups = 0;
  size_t bytes = 0;
  std::vector<Panel> panels;
  std::unique_ptr<std::byte, FreeAligned> weights;
  std::vector<float> bias;
  std::vector<float> column_scales;
  std::vector<int32_t> offsets;

  void lay_out();
  void pack(std::span<const float> w);
  void multiply(const std::byte* x, float scale, bool accumulate, float* y) const noexcept;
  void run(std::span<const float* const> parts, bool accumulate, float* y) const noexcept;
};

void PackedGemv::State::lay_out() {
  const int lanes = kernel->lanes;
  const int widest = lanes * kernel->max_vectors;
  size_t packed = 0;
  for (int first = 0; first < outputs; first += widest) {
    const int columns = std::min(widest, outputs - first);
    const int padded = (columns + lanes - 1) / lanes * lanes;
    panels.push_back({first, columns, bytes, packed});
    bytes += static_cast<size_t>(groups * kernel->unit) * static_cast<size_t>(padded) *
             static_cast<size_t>(kernel->weight_bytes);
    packed += static_cast<size_t>(padded);
  }
  weights.reset(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64})));
  std::memset(weights.get(), 0, bytes);
  if (kernel->quantize != nullptr) {
    column_scales.assign(packed, 0.0F);
    offsets.assign(packed, 0);
  }
}

void PackedGemv::State::pack(std::span<const float> w) {
  const int lanes = kernel->lanes;
  const int unit = kernel->unit;
  for (const Panel& panel : panels) {
    const int padded = (panel.columns + lanes - 1) / lanes * lanes;
    for (int c = 0; c < panel.columns; ++c) {
      const float* column = w.data() + panel.first + c;
      float inverse = 0.0F;
      if (kernel->quantize != nullptr) {
        float largest = 0.0F;
        for (int64_t i = 0; i < inputs; ++i) {
          largest = std::max(largest, std::abs(column[i * outputs]));
        }
        inverse = largest > 1e-30F ? 127.0F / largest : 0.0F;
        column_scales[panel.packed + static_cast<size_t>(c)] = largest / 127.0F;
      }
      int32_t sum = 0;
      for (int64_t i = 0; i < inputs; ++i) {
        const float weight = column[i * outputs];
        const auto at = static_cast<size_t>((i / unit * padded + c) * unit + i % unit);
        std::byte* to =
            weights.get() + panel.weights + at * static_cast<size_t>(kernel->weight_bytes);
        if (kernel->weight_bytes == 4) {
          std::memcpy(to, &weight, 4);
        } else if (kernel->weight_bytes == 2) {
          const uint16_t narrow = kernels::to_bfloat16(weight);
          std::memcpy(to, &narrow, 2);
        } else {
          const auto integer = static_cast<int8_t>(std::nearbyint(weight * inverse));
          std::memcpy(to, &integer, 1);
          sum += integer;
        }
      }
      // x holds value + 128: start from what that adds.
      if (kernel->x_operand == kernels::Operand::kUint8Int8) {
        offsets[panel.packed + static_cast<size_t>(c)] = -128 * sum;
      }
    }
  }
}

PackedGemv::PackedGemv(int inputs, int outputs, std::span<const float> w,
                       std::span<const float> bias, Precision precision, Isa isa)
    : state_(std::make_unique<State>()) {
  BIVOX_CHECK(inputs > 0 && inputs <= kMaxInputs && outputs > 0);
  BIVOX_CHECK(static_cast<int64_t>(w.size()) == int64_t{inputs} * outputs);
  BIVOX_CHECK(bias.empty() || bias.size() == static_cast<size_t>(outputs));
  BIVOX_CHECK(isa_available(isa));
  State& s = *state_;
  s.kernel = &kernels::gemv_kernel(isa, precision);
  s.inputs = inputs;
  s.outputs = outputs;
  s.groups = (inputs + s.kernel->unit - 1) / s.kernel->unit;
  s.bias.assign(bias.begin(), bias.end());
  s.lay_out();
  s.pack(w);
}

PackedGemv::PackedGemv(PackedGemv&&) noexcept = default;
PackedGemv& PackedGemv::operator=(PackedGemv&&) noexcept = default;
PackedGemv::~PackedGemv() = default;

int PackedGemv::inputs() const { return state_->inputs; }
int PackedGemv::outputs() const { return state_->outputs; }
size_t PackedGemv::weight_bytes() const { return state_->bytes; }

void PackedGemv::State::multiply(const std::byte* x, float scale, bool accumulate,
                                 float* y) const noexcept {
  for (const Panel& panel : panels) {
    GemmBlock block;
    block.a = x;
    block.b = weights.get() + panel.weights;
    block.groups = groups;
    block.c = y + panel.first;
    block.columns = panel.columns;
    block.accumulate = accumulate;
    if (!bias.empty()) block.bias = bias.data() + panel.first;
    block.row_scales = &scale;
    if (!offsets.empty()) {
      block.column_scales = column_scales.data() + panel.packed;
      block.offsets = offsets.data() + panel.packed;
    }
    kernel->panel(block);
  }
}

void PackedGemv::State::run(std::span<const float* const> parts, bool accumulate,
                            float* y) const noexcept {
  constexpr size_t kPadding = 64;
  const auto length = static_cast<size_t>(inputs) / parts.size();
  const bool integer = kernel->quantize != nullptr;
  if (parts.size() == 1 && kernel->x_operand == kernels::Operand::kFloat) {
    multiply(reinterpret_cast<const std::byte*>(parts[0]), 1.0F, accumulate, y);
    return;
  }
  alignas(64) std::array<std::byte, size_t{kMaxInputs} * sizeof(float) + kPadding> x;
  const size_t element = kernels::operand_bytes(kernel->x_operand);
  const auto padding = static_cast<size_t>(groups * kernel->unit - inputs) * element;
  std::memset(x.data() + static_cast<size_t>(inputs) * element, 0, padding);
  float scale = 1.0F;
  if (integer) {
    const float* whole = parts[0];
    std::array<float, kMaxInputs> gathered;
    if (parts.size() > 1) {
      for (size_t i = 0; i < parts.size(); ++i) {
        std::memcpy(gathered.data() + i * length, parts[i], length * sizeof(float));
      }
      whole = gathered.data();
    }
    scale = kernel->quantize(whole, inputs, x.data());
  } else {
    for (size_t i = 0; i < parts.size(); ++i) {
      kernel->convert(parts[i], static_cast<int64_t>(length), x.data() + i * length * element);
    }
  }
  multiply(x.data(), scale, accumulate, y);
}

void PackedGemv::run(const float* x, float* y) const noexcept {
  state_->run(std::span<const float* const>(&x, 1), false, y);
}
void PackedGemv::run(std::span<const float* const> parts, float* y) const noexcept {
  state_->run(parts, false, y);
}
void PackedGemv::run_add(const float* x, float* y) const noexcept {
  state_->run(std::span<const float* const>(&x, 1), true, y);
}

}  // namespace bivox
