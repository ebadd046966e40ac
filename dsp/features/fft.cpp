#include "dsp/features/fft.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/features/aligned_buffer.h"

#ifdef BIVOX_FFT_FFTW
#include <fftw3.h>

#include <mutex>
#else
#include <unsupported/Eigen/FFT>
#endif

namespace bivox {

namespace {

#ifdef BIVOX_FFT_FFTW
std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

fftwf_complex* fftw_pointer(float* p) { return reinterpret_cast<fftwf_complex*>(p); }
#endif

std::complex<float>* complex_pointer(float* p) { return reinterpret_cast<std::complex<float>*>(p); }

}  // namespace

// One plan serves every row: rows of a batch are transformed by the same operations in the same
// order, so a frame's spectrum does not depend on its place in a batch.
struct RealFft::Impl {
  int size;
  int batch;
  int input_stride;
  int output_stride;  // in complex numbers
  AlignedBuffer input;
  AlignedBuffer output;
#ifdef BIVOX_FFT_FFTW
  fftwf_plan forward_plan = nullptr;
  fftwf_plan inverse_plan = nullptr;
#else
  Eigen::FFT<float> fft{Eigen::default_fft_impl<float>(), Eigen::FFT<float>::HalfSpectrum};
#endif

  Impl(int size_in, int batch_in)
      : size(size_in),
        batch(batch_in),
        input_stride(AlignedBuffer::padded(size_in)),
        output_stride(AlignedBuffer::padded(size_in / 2 + 1)),
        input(static_cast<size_t>(batch_in) * static_cast<size_t>(input_stride)),
        output(static_cast<size_t>(batch_in) * static_cast<size_t>(output_stride) * 2) {
#ifdef BIVOX_FFT_FFTW
    // FFTW_ESTIMATE chooses by rule, not by timing: the same plan, so the same rounding, every run.
    const std::lock_guard<std::mutex> lock(planner_mutex());
    forward_plan =
        fftwf_plan_dft_r2c_1d(size, input.data(), fftw_pointer(output.data()), FFTW_ESTIMATE);
    inverse_plan =
        fftwf_plan_dft_c2r_1d(size, fftw_pointer(output.data()), input.data(), FFTW_ESTIMATE);
    BIVOX_CHECK(forward_plan != nullptr && inverse_plan != nullptr);
#else
    // The first call makes the twiddle factors; do it here, not on the first frame.
    forward_row(0);
#endif
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
#ifdef BIVOX_FFT_FFTW
    const std::lock_guard<std::mutex> lock(planner_mutex());
    fftwf_destroy_plan(forward_plan);
    fftwf_destroy_plan(inverse_plan);
#endif
  }

  float* input_row(int row) {
    return input.data() + static_cast<size_t>(row) * static_cast<size_t>(input_stride);
  }
  float* output_row(int row) {
    return output.data() + static_cast<size_t>(row) * static_cast<size_t>(output_stride) * 2;
  }

  void forward_row(int row) {
#ifdef BIVOX_FFT_FFTW
    fftwf_execute_dft_r2c(forward_plan, input_row(row), fftw_pointer(output_row(row)));
#else
    fft.fwd(complex_pointer(output_row(row)), input_row(row), size);
#endif
  }

  void inverse_row(int row) {
#ifdef BIVOX_FFT_FFTW
    fftwf_execute_dft_c2r(inverse_plan, fftw_pointer(output_row(row)), input_row(row));
    const float scale = 1.0F / static_cast<float>(size);
    float* samples = input_row(row);
    for (int i = 0; i < size; ++i) samples[i] *= scale;
#else
    fft.inv(input_row(row), complex_pointer(output_row(row)), size);
#endif
  }
};

RealFft::RealFft(int size, int batch) {
  if (size < 2 || size % 2 != 0) {
    throw Error(ErrorCode::kUsage, fmt::format("fft size {}: expected an even number from 2", size),
                "powers of two are fastest: 256, 512, 1024");
  }
  BIVOX_CHECK(batch >= 1);
  impl_ = std::make_unique<Impl>(size, batch);
}
RealFft::~RealFft() = default;
RealFft::RealFft(RealFft&& other) noexcept = default;
RealFft& RealFft::operator=(RealFft&& other) noexcept = default;

int RealFft::size() const { return impl_->size; }

void RealFft::forward(const float* in, std::complex<float>* out) {
  std::copy_n(in, impl_->size, impl_->input_row(0));
  impl_->forward_row(0);
  std::copy_n(complex_pointer(impl_->output_row(0)), bins(), out);
}

void RealFft::inverse(const std::complex<float>* in, float* out) {
  std::copy_n(in, bins(), complex_pointer(impl_->output_row(0)));
  impl_->inverse_row(0);
  std::copy_n(impl_->input_row(0), impl_->size, out);
}

float* RealFft::batch_input() { return impl_->input.data(); }
const std::complex<float>* RealFft::batch_output() const {
  return complex_pointer(impl_->output.data());
}
int RealFft::input_stride() const { return impl_->input_stride; }
int RealFft::output_stride() const { return impl_->output_stride; }
void RealFft::forward_batch(int rows) {
  for (int row = 0; row < rows; ++row) impl_->forward_row(row);
}

}  // namespace bivox
