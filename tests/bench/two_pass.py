#!/usr/bin/env python3
"""Word errors step by step: the Sphinx language model, a smaller one of our own, and a second pass with a large one.

  tests/bench/two_pass.py CORPORA [SPLIT ...] [--bivox build/release/apps/bivox] [--lm en-small] [--large FILE]

CORPORA is a folder with one folder a corpus, each holding manifest.tsv and audio; a SPLIT is named
corpus/split. The acoustic model is that of Debian's pocketsphinx-en-us throughout. Each system is one whole
process on one core; printed: word errors as `bivox score` counts them, core-seconds (user + system) per
second of audio, peak memory, and start-up: the shortest of five runs on 0.1 s of silence. Without --large
the third system is left out; make one with

  bivox lm train TEXT --order 4 -o large.bin

--compare "NAME=OPTIONS" adds further systems (options of `bivox transcribe`).
"""

import argparse
import os
import pathlib
import shlex
import sys
import tempfile
import wave

from pocketsphinx_peer import MODEL, read_manifest, run, score

DEFAULT_SPLITS = ["librispeech/dev-clean", "librispeech/dev-other", "ljspeech/dev"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("splits", nargs="*", default=DEFAULT_SPLITS)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--lm", default="en-small")
    parser.add_argument("--large", type=pathlib.Path)
    parser.add_argument("--compare", action="append", default=[])
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    systems = {"sphinx": ["--lm", MODEL / "en-us.lm.bin", "--dict", MODEL / "cmudict-en-us.dict"],
               args.lm: ["--lm", args.lm]}
    if args.large:
        systems[f"{args.lm} + {args.large.stem}"] = ["--lm", args.lm, "--rescore", args.large]
    for extra in args.compare:
        name, _, options = extra.partition("=")
        systems[name] = shlex.split(options)
    base = [args.bivox, "transcribe", "--model", str(MODEL), "--jobs", "1", "-q"]

    print(f"{'split':24} {'system':28} {'WER %':>7} {'errors/words':>13} {'core-s/s':>9} {'peak MB':>8}")
    totals = {name: [0, 0, 0.0, 0.0, 0.0] for name in systems}
    with tempfile.TemporaryDirectory() as work_name:
        work = pathlib.Path(work_name)
        for split_name in args.splits:
            corpus, split = split_name.split("/")
            folder = args.corpora / corpus
            rows = read_manifest(folder, split)
            if not rows:
                sys.exit(f"{folder}/manifest.tsv: no utterance of split {split}")
            seconds = sum(float(row["seconds"]) for row in rows)
            (work / "reference.txt").write_text("".join(f"{row['id']}\t{row['text']}\n" for row in rows))
            for name, options in systems.items():
                out, core, _, peak = run(
                    base + ["--manifest", folder / "manifest.tsv", "--split", split] + options)
                (work / "hypothesis.txt").write_text(out)
                words = score(args.bivox, work / "reference.txt", work / "hypothesis.txt")["words"]
                print(f"{split_name:24} {name:28} {100 * words['errors'] / words['reference']:7.2f} "
                      f"{words['errors']:6}/{words['reference']:<6} {core / seconds:9.4f} {peak:8.0f}", flush=True)
                total = totals[name]
                total[0] += words["errors"]
                total[1] += words["reference"]
                total[2] += core
                total[3] = max(total[3], peak)
                total[4] += seconds
        for name, (wrong, words, core, peak, seconds) in totals.items():
            print(f"{'total':24} {name:28} {100 * wrong / words:7.2f} {wrong:6}/{words:<6} {core / seconds:9.4f} "
                  f"{peak:8.0f}")
        with wave.open(str(work / "silence.wav"), "wb") as silence:
            silence.setnchannels(1)
            silence.setsampwidth(2)
            silence.setframerate(16000)
            silence.writeframes(bytes(3200))
        for name, options in systems.items():
            runs = [run(base + [work / "silence.wav"] + options) for _ in range(5)]
            print(f"start-up of {name}: {min(wall for _, _, wall, _ in runs):.2f} s, "
                  f"{min(core for _, core, _, _ in runs):.2f} core-seconds, peak {runs[0][3]:.0f} MB")


if __name__ == "__main__":
    main()
