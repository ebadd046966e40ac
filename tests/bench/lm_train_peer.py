#!/usr/bin/env python3
"""Bivox's `lm train` beside KenLM's lmplz: same text, order and vocabulary, one run after the other.

  tests/bench/lm_train_peer.py TEXT HELD_OUT KENLM_BIN [--bivox build/release/apps/bivox]
      [--orders 3 4] [--rounds 3] [--cores 1] [--memory 2]

TEXT and HELD_OUT hold one sentence a line (plain or .xz). KENLM_BIN is the folder with lmplz and query, built
from https://github.com/kpu/kenlm. Both train on the plain text and write ARPA; both may use --cores cores
and --memory GB, and --temp for sorting. A table of wall seconds, core-seconds and peak memory follows, the
best of the rounds, and the perplexity of HELD_OUT: KenLM's by its query, Bivox's by `lm perplexity`, each
with and without unknown words.
"""

import argparse
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time


def plain(path, folder):
    if path.suffix != ".xz":
        return path
    target = folder / path.stem
    with lzma.open(path) as source, open(target, "wb") as out:
        while block := source.read(1 << 22):
            out.write(block)
    return target


def timed(command, cores, stdin=None, stdout=None):
    """Wall seconds, core-seconds and peak MB of one process."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, cores))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def kenlm_perplexity(query, model, text):
    with open(text, "rb") as lines:
        out = subprocess.run([query, "-v", "summary", model], stdin=lines, capture_output=True, check=True).stdout
    found = [float(x) for x in re.findall(rb"Perplexity \w+ OOVs:\s*([0-9.]+)", out)]
    return found[0], found[1]


def bivox_perplexity(bivox, model, text):
    out = subprocess.run([bivox, "lm", "perplexity", model, text], capture_output=True, check=True).stdout.decode()
    value = {line[:44].strip(): float(line.split()[-1]) for line in out.splitlines() if line.startswith("perplexity")}
    return value["perplexity with </s>, unknown words as <unk>"], value["perplexity with </s>, known words"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=pathlib.Path)
    parser.add_argument("held_out", type=pathlib.Path)
    parser.add_argument("kenlm", type=pathlib.Path)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--orders", nargs="+", type=int, default=[3, 4])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--memory", default="2", help="GB")
    parser.add_argument("--temp", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    args = parser.parse_args()
    cores = set(sorted(os.sched_getaffinity(0))[:args.cores])

    with tempfile.TemporaryDirectory(dir=args.temp) as name:
        folder = pathlib.Path(name)
        text = plain(args.text, folder)
        held_out = plain(args.held_out, folder)
        print(f"{'order':>5} {'system':8} {'wall s':>8} {'core-s':>8} {'peak MB':>8} {'perplexity':>11} {'known words':>12}")
        for order in args.orders:
            best = {}
            for _ in range(args.rounds):
                for system in ("kenlm", "bivox"):
                    model = folder / f"{system}.arpa"
                    if system == "kenlm":
                        with open(text, "rb") as source, open(model, "wb") as out:
                            result = timed([args.kenlm / "lmplz", "-o", str(order), "-S", args.memory + "G",
                                            "-T", folder], cores, source, out)
                    else:
                        result = timed([args.bivox, "lm", "train", text, "-o", model, "--order", str(order),
                                        "--memory", args.memory, "--temp", folder, "-q"], cores)
                    best[system] = tuple(map(min, best.get(system, result), result))
            perplexity = {"kenlm": kenlm_perplexity(args.kenlm / "query", folder / "kenlm.arpa", held_out),
                          "bivox": bivox_perplexity(args.bivox, folder / "bivox.arpa", held_out)}
            for system, (wall, core, peak) in best.items():
                print(f"{order:5} {system:8} {wall:8.2f} {core:8.2f} {peak:8.0f} {perplexity[system][0]:11.3f} "
                      f"{perplexity[system][1]:12.3f}", flush=True)
            ratio = [best["kenlm"][i] / best["bivox"][i] for i in (0, 1)]
            change = 100 * (perplexity["bivox"][0] / perplexity["kenlm"][0] - 1)
            print(f"{order:5} ratio    {ratio[0]:7.2f}x {ratio[1]:7.2f}x {'':8} {change:+10.4f}%", flush=True)


if __name__ == "__main__":
    main()
