#include "apps/npy_file.h"

#include <fmt/format.h>

#include <bit>
#include <ostream>
#include <string>

namespace bivox {

void write_npy(std::ostream& out, const FeatureMatrix& features) {
  static_assert(std::endian::native == std::endian::little, "samples are written as they lie");
  constexpr size_t kAlignment = 64;
  constexpr size_t kPreamble = 10;  // magic, version, header length
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}",
                  features.rows(), features.cols());
  // Padded so that the data is aligned for memory mapping; the header ends with a newline.
  header.append(kAlignment - (kPreamble + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  out.write("\x93NUMPY\x01\x00", 8);
  const char length[2] = {static_cast<char>(header.size() & 0xFFU),
                          static_cast<char>(header.size() >> 8U)};
  out.write(length, 2);
  out << header;
  out.write(
      reinterpret_cast<const char*>(features.data()),
      static_cast<std::streamsize>(features.size() * static_cast<Eigen::Index>(sizeof(float))));
}

}  // namespace bivox
