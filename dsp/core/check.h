// BIVOX_CHECK(condition): for programmer errors only (a broken precondition inside Bivox or in the
// calling code). Throws std::logic_error naming the place. Bad user data throws `Error` instead.
// Kept in release builds: use it at boundaries, not in inner loops.
#pragma once

#include <stdexcept>

#define BIVOX_STRINGIFY_IMPL(x) #x
#define BIVOX_STRINGIFY(x) BIVOX_STRINGIFY_IMPL(x)
#define BIVOX_CHECK(condition)                                                        \
  do {                                                                                \
    if (!(condition)) {                                                               \
      throw std::logic_error(__FILE__ ":" BIVOX_STRINGIFY(__LINE__) ": " #condition); \
    }                                                                                 \
  } while (false)
