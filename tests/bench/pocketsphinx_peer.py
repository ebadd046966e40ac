#!/usr/bin/env python3
"""Bivox beside Debian's pocketsphinx_batch on the same audio.

  tests/bench/pocketsphinx_peer.py CORPORA [SPLIT ...] [--bivox build/release/apps/bivox] [--options "..."]
                                   [--system "NAME=OPTIONS" ...]

Without --system Bivox reads the peer's own model, dictionary and language model; each --system is one to
measure in its place, with these options of `bivox transcribe` ("convnet=", "gmm=--engine gmm --adapt").

CORPORA is a folder with one folder a corpus, each holding manifest.tsv (id path split speaker gender
seconds text) and audio; a SPLIT is named corpus/split. For each split the programs run one after the
other on one core, as whole processes (start-up included): word errors as `bivox score` counts them for
all, core-seconds (user + system) per second of audio, peak memory. At the end: totals, the ratio of
core-seconds, and for each system the matched-pairs test on sentence errors (two-sided, normal approximation; Gillick &
Cox 1989, section 3).

Needs Debian's pocketsphinx, pocketsphinx-en-us, sndfile-programs and samplerate-programs.
"""

import argparse
import csv
import json
import math
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
import wave

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
DEFAULT_SPLITS = ["librispeech/dev-clean", "librispeech/dev-other", "commonvoice/dev",
                  "ljspeech/dev", "ljspeech/test"]


def run(command, **kwargs):
    """Runs a command; returns core-seconds, wall seconds and peak MB of that process."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **kwargs)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0,):
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return out.decode(), usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024


def read_manifest(folder, split):
    with open(folder / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["split"] == split]


def score(bivox, reference, hypothesis):
    out = subprocess.run([bivox, "score", reference, hypothesis, "--json", "--per-utterance"],
                         check=True, capture_output=True).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("splits", nargs="*", default=DEFAULT_SPLITS)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--options", default="", help="further options of bivox transcribe")
    parser.add_argument("--system", action="append", default=[], metavar="NAME=OPTIONS")
    args = parser.parse_args()
    systems = dict(text.split("=", 1) for text in args.system) or {
        "bivox": f"--model {MODEL} --lm {MODEL / 'en-us.lm.bin'} --dict {MODEL / 'cmudict-en-us.dict'}"}
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    totals = {name: [0, 0, 0.0, 0.0] for name in ("pocketsphinx", *systems)}  # errors words core-s peak
    seconds_in_all = 0.0
    differences = {name: [] for name in systems}
    print(f"{'split':24} {'system':13} {'WER %':>7} {'errors/words':>13} {'core-s/s':>9} {'peak MB':>8}")
    for name in args.splits:
        corpus, split = name.split("/")
        folder = args.corpora / corpus
        rows = read_manifest(folder, split)
        if not rows:
            sys.exit(f"{folder}/manifest.tsv: no utterance of split {split}")
        seconds = sum(float(row["seconds"]) for row in rows)
        seconds_in_all += seconds
        with tempfile.TemporaryDirectory() as work_name:
            work = pathlib.Path(work_name)
            (work / "reference.txt").write_text(
                "".join(f"{row['id']}\t{row['text']}\n" for row in rows))
            for row in rows:
                decoded = work / "decoded.wav"
                subprocess.run(["sndfile-convert", "-pcm16", folder / row["path"], decoded], check=True,
                               stdout=subprocess.DEVNULL)
                target = work / f"{row['id']}.wav"
                with wave.open(str(decoded)) as file:
                    rate = file.getframerate()
                if rate == 16000:  # sndfile-resample refuses to do nothing
                    decoded.rename(target)
                else:
                    subprocess.run(["sndfile-resample", "-to", "16000", "-c", "0", decoded, target],
                                   check=True, stdout=subprocess.DEVNULL)
                if not target.exists():
                    sys.exit(f"{row['path']}: not converted to 16 kHz")
            (work / "ctl").write_text("".join(f"{row['id']}\n" for row in rows))
            figures = {}
            _, core, _, peak = run(
                ["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-lm", MODEL / "en-us.lm.bin",
                 "-dict", MODEL / "cmudict-en-us.dict", "-adcin", "yes", "-cepdir", work,
                 "-cepext", ".wav", "-ctl", work / "ctl", "-hyp", work / "pocketsphinx.raw"])
            with open(work / "pocketsphinx.raw", encoding="utf-8") as raw, \
                    open(work / "pocketsphinx.txt", "w", encoding="utf-8") as text:
                for line in raw:  # "words words (id score)"
                    words, _, tail = line.rpartition("(")
                    text.write(f"{tail.split()[0]}\t{words.strip()}\n")
            figures["pocketsphinx"] = (core, peak)
            for system, options in systems.items():
                out, core, _, peak = run(
                    [args.bivox, "transcribe", "--jobs", "1", "-q", "--manifest", folder / "manifest.tsv",
                     "--split", split] + shlex.split(options) + shlex.split(args.options))
                (work / f"{system}.txt").write_text(out)
                figures[system] = (core, peak)
            errors = {}
            for system in totals:
                result = score(args.bivox, work / "reference.txt", work / f"{system}.txt")
                core, peak = figures[system]
                wrong, words = result["words"]["errors"], result["words"]["reference"]
                errors[system] = {u["id"]: u["words"]["errors"] for u in result["per_utterance"]}
                print(f"{name:24} {system:13} {100 * wrong / words:7.2f} {wrong:6}/{words:<6} "
                      f"{core / seconds:9.4f} {peak:8.0f}", flush=True)
                total = totals[system]
                total[0] += wrong
                total[1] += words
                total[2] += core
                total[3] = max(total[3], peak)
            for system in systems:
                differences[system] += [errors["pocketsphinx"][i] - n for i, n in errors[system].items()]
    for system, (wrong, words, core, peak) in totals.items():
        print(f"{'total':24} {system:13} {100 * wrong / words:7.2f} {wrong:6}/{words:<6} "
              f"{core / seconds_in_all:9.4f} {peak:8.0f}")
    for system, fewer in differences.items():
        n = len(fewer)
        mean = sum(fewer) / n
        variance = sum((d - mean) ** 2 for d in fewer) / max(1, n - 1)
        z = mean / math.sqrt(variance / n) if variance > 0 else 0.0
        p = math.erfc(abs(z) / math.sqrt(2))
        print(f"{system}: core-seconds of pocketsphinx / its {totals['pocketsphinx'][2] / totals[system][2]:.2f}; "
              f"matched pairs: {mean:+.3f} errors an utterance fewer, z = {z:.2f}, p = {p:.2g} ({n} utterances)")


if __name__ == "__main__":
    main()
