// Convolutions of wide kernels by Fourier transforms: a quarter of the multiplications.
//
// Time is cut into tiles of 32 frames that overlap by kernel - 1; down each tile every channel is
// transformed (spectral_kernels.h), and at each of the 17 frequencies the channels meet in a matrix
// product over all tiles (gemm.h),
//   Y_f [tiles x outputs] = X_f [tiles x inputs] conj(W_f) [inputs x outputs],
// of which the inverse transform has 33 - kernel frames of y. For kernel 11 that is 62 products for
// 22 frames, 2.8 a frame, instead of 11. Gradients are the same:
//   dX_f = dY_f W_f^T,   dW_f = sum over tiles X_f^T conj(dY_f).
// Complex products are real ones of twice the depth: with A = [Re X | Im X | -Re X] both
// Re Y = [Re X | Im X] [Re W; Im W] and Im Y = [Im X | -Re X] [Re W; Im W] read one packed B.
//
// Rounding: with bfloat16, spectra are rounded instead of values. The transform keeps energies, so
// the error has the size of that of rounded operands (measured by the test), but it spreads over
// a tile: frames much weaker than those within 32 frames of them are less exact. With float32 the
// error is some 1e-7 of the largest values of a tile.
// Results of an utterance do not depend on the others of its batch nor on the number of threads.
//
// Source: overlap-save, Oppenheim & Schafer, "Discrete-Time Signal Processing", section 8.7.3;
// for networks Mathieu, Henaff & LeCun, "Fast training of convolutional networks through FFTs",
// ICLR 2014. Contracts and thread rule: those of conv1d.h. Test:
// tests/models/nn/conv1d_spectral_test.cpp.
#pragma once

#include "models/nn/kernels/conv1d.h"

namespace bivox {

/// Whether it pays: wide kernels, many channels, no stride or dilation; in bfloat16 from kernel 7
/// on (at 5 it is as fast as products), and not with AMX, whose products at some 1,200 GFLOP/s take
/// less time than the transforms. Does not depend on the batch, so that an utterance is computed
/// alike in every batch.
bool conv1d_prefers_spectral(const ComputeContext& context, const Conv1dGeometry& geometry);

void conv1d_spectral_forward(ComputeContext& context, const Conv1dGeometry& geometry, int batch,
                             int time, const float* x, const float* w, const float* bias, float* y);
void conv1d_spectral_backward_input(ComputeContext& context, const Conv1dGeometry& geometry,
                                    int batch, int time, const float* dy, const float* w,
                                    float* dx);
void conv1d_spectral_backward_weights(ComputeContext& context, const Conv1dGeometry& geometry,
                                      int batch, int time, const float* x, const float* dy,
                                      float* dw);

}  // namespace bivox
