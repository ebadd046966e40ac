#include "models/nn/distributed.h"

#include <algorithm>
#include <vector>

#ifdef BIVOX_MPI
#include <fmt/format.h>
// The C++ interface of MPI was removed from the standard; its header does not compile cleanly.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include "dsp/core/error.h"
#endif

namespace bivox {

#ifdef BIVOX_MPI
namespace {

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char reason[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, reason, &length);
  throw Error(ErrorCode::kRuntime, fmt::format("{} failed: {}", call, reason));
}

// MPI may be started once in a process: from the first call to the end of the process.
class Session {
 public:
  static void start() { static Session session; }
  ~Session() {
    int finished = 0;
    MPI_Finalized(&finished);
    if (owned_ && finished == 0) MPI_Finalize();
  }

 private:
  Session() {
    int started = 0;
    check(MPI_Initialized(&started), "MPI_Initialized");
    if (started != 0) return;
    int provided = 0;
    check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    owned_ = true;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  }
  bool owned_ = false;
};

class MpiCommunicator : public Communicator {
 public:
  MpiCommunicator() {
    Session::start();
    check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(MPI_COMM_WORLD, &ranks_), "MPI_Comm_size");
  }
  int rank() const override { return rank_; }
  int ranks() const override { return ranks_; }
  void sum(std::span<float> values) override { sum_as(values, MPI_FLOAT); }
  void sum(std::span<double> values) override { sum_as(values, MPI_DOUBLE); }
  void broadcast(std::span<float> values) override {
    for_pieces(values, [](float* data, int count) {
      check(MPI_Bcast(data, count, MPI_FLOAT, 0, MPI_COMM_WORLD), "MPI_Bcast");
    });
  }
  void barrier() override { check(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier"); }

 private:
  // MPI counts with int.
  template <typename T, typename Call>
  static void for_pieces(std::span<T> values, const Call& call) {
    constexpr size_t kLargest = size_t{1} << 28;
    while (!values.empty()) {
      const size_t count = std::min(values.size(), kLargest);
      call(values.data(), static_cast<int>(count));
      values = values.subspan(count);
    }
  }
  template <typename T>
  static void sum_as(std::span<T> values, MPI_Datatype type) {
    for_pieces(values, [type](T* data, int count) {
      check(MPI_Allreduce(MPI_IN_PLACE, data, count, type, MPI_SUM, MPI_COMM_WORLD),
            "MPI_Allreduce");
    });
  }

  int rank_ = 0;
  int ranks_ = 1;
};

}  // namespace

std::unique_ptr<Communicator> make_communicator() { return std::make_unique<MpiCommunicator>(); }
bool has_mpi() { return true; }
#else
std::unique_ptr<Communicator> make_communicator() { return std::make_unique<Communicator>(); }
bool has_mpi() { return false; }
#endif

void sum_gradients(Communicator& communicator, ParameterSpan parameters) {
  if (communicator.ranks() == 1) return;
  std::vector<float> all;
  for (const auto& parameter : parameters) {
    if (!parameter->trainable) continue;
    const auto values = parameter->gradient.values();
    all.insert(all.end(), values.begin(), values.end());
  }
  communicator.sum(std::span<float>(all));
  const float* next = all.data();
  for (const auto& parameter : parameters) {
    if (!parameter->trainable) continue;
    std::copy_n(next, parameter->gradient.size(), parameter->gradient.data());
    next += parameter->gradient.size();
  }
}

void broadcast_weights(Communicator& communicator, ParameterSpan parameters) {
  for (const auto& parameter : parameters) communicator.broadcast(parameter->value.values());
}

}  // namespace bivox
