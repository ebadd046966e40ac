// Ranks: processes that train one network together, each on its share of every batch.
//
// Every rank holds all weights, computes the gradients of its examples, and sum() makes them one
// gradient on all. Losses and frame counts are summed too, and batch norm sums its moments over the
// ranks (Tape::set_reducer), so that N ranks do what one rank does with the whole batch, to
// rounding. Dropout masks differ between ranks, as they must.
//
// Bivox built with -DBIVOX_MPI=ON starts its ranks with mpirun; every other build has one rank.
// All ranks must make the same calls in the same order. Thread rule: the thread that made it.
// Errors: Error(kRuntime) naming MPI's reason. Source: Goyal et al. 2017, "Accurate, large
// minibatch SGD", section 3 (what must be summed over what).
// Test: tests/models/nn/distributed_test.cpp, run by mpirun in builds with MPI.
#pragma once

#include <memory>
#include <span>

#include "models/nn/optimizer.h"

namespace bivox {

/// One process alone; the base of those that are several.
class Communicator {
 public:
  Communicator() = default;
  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const { return 0; }
  virtual int ranks() const { return 1; }
  /// Replaces the values on every rank by their sums over all; in place, the same bits everywhere.
  virtual void sum(std::span<float> /*values*/) {}
  virtual void sum(std::span<double> /*values*/) {}
  /// Replaces the values by those of rank 0.
  virtual void broadcast(std::span<float> /*values*/) {}
  /// Waits for all.
  virtual void barrier() {}
};

/// The ranks that mpirun has started, or one alone. MPI starts with the first call in a process and
/// ends with the process.
std::unique_ptr<Communicator> make_communicator();
/// Whether this build knows MPI.
bool has_mpi();

/// Sums the gradients of all trainable parameters over the ranks, as one message.
void sum_gradients(Communicator& communicator, ParameterSpan parameters);
/// Gives all ranks the weights of rank 0.
void broadcast_weights(Communicator& communicator, ParameterSpan parameters);

}  // namespace bivox
