// Products split over the threads of a context: by rows, and by panels where rows are few.
//
// Thread rule: that of the context. Results do not depend on the split (gemm.h). Test:
// tests/models/nn/conv1d_test.cpp.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/nn/kernels/compute.h"
#include "models/nn/kernels/gemm.h"

namespace bivox::kernels {

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

/// [first, last) of part i of `parts` nearly equal ones of n.
struct Range {
  Range(int n, int parts, int i)
      : first(static_cast<int>(int64_t{n} * i / parts)),
        last(static_cast<int>(int64_t{n} * (i + 1) / parts)) {}
  int first;
  int last;
};

/// Rows that pass over one panel before the next panel comes: their A stays in the second-level
/// cache beside it.
constexpr int kRowsPerPart = 192;

/// `products` products of rows x panels; make(product) gives the GemmCall of each.
template <class MakeCall>
void parallel_gemm(ComputeContext& context, const GemmKernel& kernel, int products, int rows,
                   int panels, MakeCall&& make) {
  const int row_parts = std::max(1, ceil_div(rows, kRowsPerPart));
  // Enough parts that the threads end at about the same time; one thread needs no more.
  const int wanted = context.threads() == 1 ? 1 : 4 * context.threads();
  int panel_parts = 1;
  while (products * row_parts * panel_parts < wanted && panel_parts < panels) panel_parts *= 2;
  panel_parts = std::min(panel_parts, panels);
  context.parallel(products * row_parts * panel_parts, [&](int part) {
    const Range panel(panels, panel_parts, part % panel_parts);
    part /= panel_parts;
    const Range row(rows, row_parts, part % row_parts);
    const GemmCall call = make(part / row_parts);
    gemm(kernel, call, row.first, row.last, panel.first, panel.last);
  });
}

}  // namespace bivox::kernels
