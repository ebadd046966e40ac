#!/usr/bin/env python3
"""Training throughput beside libtorch: one step of each by turns, in the same run.

  cmake --preset release -DBIVOX_BENCH=ON
  cmake --build --preset release --target train_throughput_bivox train_throughput_libtorch
  python3 tests/bench/train_throughput.py build/release/tests/bench [--threads 2] [--rounds 5]

The network and the step are those of dense_net.h. libtorch runs in every way that
train_throughput_libtorch.cpp knows for the precision; the fastest counts. Processor time (all
threads together) is printed beside wall time: on a busy machine it is the steadier of the two.
"""
import argparse
import os
import statistics
import subprocess

AUDIO_SECONDS = 16 * 10.0
MODES = {
    "bfloat16": ["autocast", "autocast-channels_last", "bfloat16", "bfloat16-channels_last"],
    "float32": ["float32", "float32-channels_last"],
}


class Program:
    """Runs steps when it is let: stopped by the pipe between them."""

    def __init__(self, path, threads, mode, steps):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")
        self.process = subprocess.Popen([path, str(threads), mode, str(steps)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, processor, _ = self.process.stdout.readline().split()
        return float(wall), float(processor)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="bfloat16", choices=sorted(MODES))
    options = parser.parse_args()
    names = ["bivox"] + MODES[options.precision]
    programs = {
        name: Program(os.path.join(options.folder, "train_throughput_" +
                                   ("bivox" if name == "bivox" else "libtorch")),
                      options.threads, options.precision if name == "bivox" else name,
                      options.rounds + 2)
        for name in names
    }
    for program in programs.values():  # memory and caches of code
        program.step()
        program.step()
    times = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            times[name].append(programs[name].step())
    for program in programs.values():
        program.end()
    print(f"{options.threads} threads, {options.precision}: audio-seconds a second, wall | processor")
    for name in names:
        wall = AUDIO_SECONDS / statistics.median(t[0] for t in times[name])
        processor = AUDIO_SECONDS / statistics.median(t[1] for t in times[name])
        print(f"  {name:24} {wall:8.1f} | {processor:8.1f}")
    for column, what in enumerate(["wall", "processor"]):
        best = min(MODES[options.precision],
                   key=lambda name: statistics.median(t[column] for t in times[name]))
        ratio = statistics.median(a[column] / b[column]
                                  for a, b in zip(times[best], times["bivox"]))
        print(f"  {what} time: {ratio:.2f} x libtorch ({best})")


if __name__ == "__main__":
    main()
