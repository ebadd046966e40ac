// The transforms of spectral_kernels.h as templates over an instruction set; included after
// gemm_micro-inl.h, in the same way.

/// cos(2 pi k / 32), sin(2 pi k / 32).
constexpr float kCosines[] = {1.0F,        0.98078528F, 0.92387953F, 0.83146961F, 0.70710678F,
                              0.55557023F, 0.38268343F, 0.19509032F, 0.0F};
constexpr float cosine(int k) { return kCosines[k]; }
constexpr float sine(int k) { return kCosines[8 - k]; }

/// x[0], x[kStep], ... (N of them) to re[0, N/2], im[0, N/2].
template <class Vec, int N, int kStep>
inline __attribute__((always_inline)) void real_transform(const Vec* x, Vec* re, Vec* im) {
  if constexpr (N == 2) {
    re[0] = x[0] + x[kStep];
    re[1] = x[0] - x[kStep];
    im[0] = Vec{};
    im[1] = Vec{};
  } else {
    constexpr int kHalf = N / 2;
    Vec even_re[kHalf / 2 + 1];
    Vec even_im[kHalf / 2 + 1];
    Vec odd_re[kHalf / 2 + 1];
    Vec odd_im[kHalf / 2 + 1];
    real_transform<Vec, kHalf, 2 * kStep>(x, even_re, even_im);
    real_transform<Vec, kHalf, 2 * kStep>(x + kStep, odd_re, odd_im);
    re[0] = even_re[0] + odd_re[0];
    im[0] = Vec{};
    re[kHalf] = even_re[0] - odd_re[0];
    im[kHalf] = Vec{};
    BIVOX_UNROLL
    for (int k = 1; k < kHalf / 2; ++k) {
      const float c = cosine(k * (32 / N));
      const float s = sine(k * (32 / N));
      const Vec turned_re = odd_re[k] * c + odd_im[k] * s;
      const Vec turned_im = odd_im[k] * c - odd_re[k] * s;
      re[k] = even_re[k] + turned_re;
      im[k] = even_im[k] + turned_im;
      re[kHalf - k] = even_re[k] - turned_re;
      im[kHalf - k] = turned_im - even_im[k];
    }
    re[kHalf / 2] = even_re[kHalf / 2];
    im[kHalf / 2] = -odd_re[kHalf / 2];
  }
}

/// The way back, times N.
template <class Vec, int N, int kStep>
inline __attribute__((always_inline)) void real_inverse(const Vec* re, const Vec* im, Vec* x) {
  if constexpr (N == 2) {
    x[0] = re[0] + re[1];
    x[kStep] = re[0] - re[1];
  } else {
    constexpr int kHalf = N / 2;
    Vec even_re[kHalf / 2 + 1];
    Vec even_im[kHalf / 2 + 1];
    Vec odd_re[kHalf / 2 + 1];
    Vec odd_im[kHalf / 2 + 1];
    even_re[0] = re[0] + re[kHalf];
    odd_re[0] = re[0] - re[kHalf];
    even_im[0] = Vec{};
    odd_im[0] = Vec{};
    BIVOX_UNROLL
    for (int k = 1; k < kHalf / 2; ++k) {
      const float c = cosine(k * (32 / N));
      const float s = sine(k * (32 / N));
      even_re[k] = re[k] + re[kHalf - k];
      even_im[k] = im[k] - im[kHalf - k];
      const Vec turned_re = re[k] - re[kHalf - k];
      const Vec turned_im = im[k] + im[kHalf - k];
      odd_re[k] = turned_re * c - turned_im * s;
      odd_im[k] = turned_im * c + turned_re * s;
    }
    even_re[kHalf / 2] = re[kHalf / 2] + re[kHalf / 2];
    even_im[kHalf / 2] = Vec{};
    odd_re[kHalf / 2] = -(im[kHalf / 2] + im[kHalf / 2]);
    odd_im[kHalf / 2] = Vec{};
    real_inverse<Vec, kHalf, 2 * kStep>(even_re, even_im, x);
    real_inverse<Vec, kHalf, 2 * kStep>(odd_re, odd_im, x + kStep);
  }
}

template <class P>
void spectra_of_rows(const float* const* rows, int channels, float scale, float* out,
                     int64_t stride, int64_t ahead) {
  using Vec = typename P::Vec;
  for (int channel = 0; channel < channels; channel += P::kLanes) {
    const int left = channels - channel;
    Vec x[kSpectrumSize];
    if (left >= P::kLanes) {
      for (int j = 0; j < kSpectrumSize; ++j) x[j] = P::load(rows[j] + channel) * scale;
    } else {
      for (int j = 0; j < kSpectrumSize; ++j) x[j] = P::load_some(rows[j] + channel, left) * scale;
    }
    for (int j = 0; j < kSpectrumSize; ++j) __builtin_prefetch(rows[j] + channel + ahead);
    Vec re[kSpectrumSize / 2 + 1];
    Vec im[kSpectrumSize / 2 + 1];
    real_transform<Vec, kSpectrumSize, 1>(x, re, im);
    float* to = out + channel;
    P::store(to, re[0]);
    P::store(to + stride, re[kSpectrumSize / 2]);
    BIVOX_UNROLL
    for (int k = 1; k < kSpectrumSize / 2; ++k) {
      P::store(to + 2 * k * stride, re[k]);
      P::store(to + (2 * k + 1) * stride, im[k]);
    }
  }
}

template <class P>
void rows_of_spectra(const float* in, int64_t stride, int channels, const float* bias,
                     bool accumulate, float* const* rows, int count, int64_t ahead) {
  using Vec = typename P::Vec;
  for (int channel = 0; channel < channels; channel += P::kLanes) {
    const int left = channels - channel;
    const float* from = in + channel;
    Vec re[kSpectrumSize / 2 + 1];
    Vec im[kSpectrumSize / 2 + 1];
    re[0] = P::load(from);
    re[kSpectrumSize / 2] = P::load(from + stride);
    im[0] = Vec{};
    im[kSpectrumSize / 2] = Vec{};
    BIVOX_UNROLL
    for (int k = 1; k < kSpectrumSize / 2; ++k) {
      re[k] = P::load(from + 2 * k * stride);
      im[k] = P::load(from + (2 * k + 1) * stride);
    }
    for (int j = 0; j < kSpectrumSize; ++j) __builtin_prefetch(from + j * stride + ahead);
    Vec x[kSpectrumSize];
    real_inverse<Vec, kSpectrumSize, 1>(re, im, x);
    if (left >= P::kLanes) {
      const Vec offset = bias != nullptr ? P::load(bias + channel) : Vec{};
      for (int j = 0; j < count; ++j) {
        float* to = rows[j] + channel;
        P::store(to, accumulate ? P::load(to) + x[j] : x[j] + offset);
      }
    } else {
      const Vec offset = bias != nullptr ? P::load_some(bias + channel, left) : Vec{};
      for (int j = 0; j < count; ++j) {
        float* to = rows[j] + channel;
        P::store_some(to, accumulate ? P::load_some(to, left) + x[j] : x[j] + offset, left);
      }
    }
  }
}
