// Convolutions with so few channels a group that a matrix product would mostly multiply padding
// (depthwise ones foremost): loops over frames, vectors over channels.
//
// The same contract as conv1d.h, without the bias gradient. Test: tests/models/nn/conv1d_test.cpp.
#pragma once

#include "models/nn/kernels/conv1d.h"

namespace bivox {

bool conv1d_prefers_direct(const Conv1dGeometry& geometry);

void conv1d_direct_forward(ComputeContext& context, const Conv1dGeometry& geometry, int batch,
                           int time, const float* x, const float* w, const float* bias, float* y);
void conv1d_direct_backward_input(ComputeContext& context, const Conv1dGeometry& geometry,
                                  int batch, int time, const float* dy, const float* w, float* dx);
void conv1d_direct_backward_weights(ComputeContext& context, const Conv1dGeometry& geometry,
                                    int batch, int time, const float* x, const float* dy,
                                    float* dw);

}  // namespace bivox
