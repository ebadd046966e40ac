#include "dsp/core/error.h"

#include <utility>

namespace bivox {

Error::Error(ErrorCode code, std::string message, std::string hint)
    : code_(code), message_(std::move(message)), hint_(std::move(hint)) {
  what_ = hint_.empty() ? message_ : message_ + "; " + hint_;
}

}  // namespace bivox
