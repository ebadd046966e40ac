// Features: one alias for the whole program. Row-major float, one frame a row, contiguous.
//
// Shapes are written `[frames x dims]`. FeatureView accepts a FeatureMatrix or a block of whole
// rows without a copy; a column-major argument would be copied silently by Eigen, so never pass
// one.
#pragma once

#include <Eigen/Core>

namespace bivox {

using FeatureMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using FeatureView = Eigen::Ref<const FeatureMatrix>;

}  // namespace bivox
