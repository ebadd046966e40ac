#!/usr/bin/env python3
"""Command mode beside Debian's pocketsphinx_batch: same model, dictionary, grammar and audio.

  tests/bench/command_mode_peer.py CORPUS [--split test] [--sample N] [--bivox build/release/apps/bivox]
                                   [--options "..."] [--no-peer]

CORPUS is a folder with manifest.tsv (id path split speaker gender seconds text) whose texts are single
words, such as Speech Commands. The ten command words become a grammar; 0.3 s of silence is appended to
every file, for both programs. Each decodes all files in one process on one core. Printed: accuracy on the
command words, with rejection off for Bivox as PocketSphinx has none; the matched-pairs test of the two
(McNemar, exact); core-seconds a second of audio. Then, for each strength of --rejection, on the same files:
command words taken wrongly or rejected, and, where the split has other words, how many of those are accepted.

Needs Debian's pocketsphinx, pocketsphinx-en-us, sndfile-programs and samplerate-programs.
"""

import argparse
import csv
import math
import os
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile
import wave

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
COMMANDS = "down go left no off on right stop up yes".split()
SILENCE_S = 0.3
RATE = 16000


def run(command):
    """Runs a command; returns what it printed and its core-seconds."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return out.decode(), usage.ru_utime + usage.ru_stime


def convert(source, target):
    """16 kHz, 16 bit, with the silence appended; returns the seconds."""
    decoded = target.with_suffix(".decoded.wav")
    subprocess.run(["sndfile-convert", "-pcm16", source, decoded], check=True, stdout=subprocess.DEVNULL)
    with wave.open(str(decoded)) as file:
        rate = file.getframerate()
    if rate != RATE:  # sndfile-resample refuses to do nothing
        resampled = target.with_suffix(".resampled.wav")
        subprocess.run(["sndfile-resample", "-to", str(RATE), "-c", "0", decoded, resampled],
                       check=True, stdout=subprocess.DEVNULL)
        resampled.rename(decoded)
    with wave.open(str(decoded)) as file:
        frames = file.readframes(file.getnframes())
    decoded.unlink()
    frames += bytes(2 * int(SILENCE_S * RATE))
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(frames)
    return len(frames) / 2 / RATE


def mcnemar(only_first, only_second):
    """Two-sided exact test on the files that only one of two got right."""
    n = only_first + only_second
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, k) for k in range(min(only_first, only_second) + 1)) / 2 ** n
    return min(1.0, 2 * tail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--sample", type=int, default=0, help="files drawn at random; 0: all")
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--options", default="", help="further options of bivox transcribe")
    parser.add_argument("--no-peer", action="store_true", help="leave PocketSphinx out")
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    with open(args.corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["split"] == args.split]
    if args.sample:
        rows = random.Random(1).sample(rows, min(args.sample, len(rows)))
    if not rows:
        sys.exit(f"{args.corpus}: no utterance of split {args.split}")
    with tempfile.TemporaryDirectory() as work_name:
        work = pathlib.Path(work_name)
        audio = work / "audio"
        audio.mkdir()
        seconds = sum(convert(args.corpus / row["path"], audio / f"{row['id']}.wav") for row in rows)
        said = {row["id"]: row["text"] for row in rows}
        commands = [i for i, word in said.items() if word in COMMANDS]
        others = [i for i, word in said.items() if word not in COMMANDS]
        grammar = work / "commands.jsgf"
        grammar.write_text("#JSGF V1.0;\ngrammar commands;\npublic <command> = " + " | ".join(COMMANDS) + ";\n")
        (work / "ctl").write_text("".join(f"{i}\n" for i in said))
        with open(work / "manifest.tsv", "w", encoding="utf-8") as file:
            file.write("id\tpath\tsplit\ttext\n")
            file.writelines(f"{i}\taudio/{i}.wav\t{args.split}\t{word}\n" for i, word in said.items())

        def bivox(rejection):
            out, core = run([args.bivox, "transcribe", "--model", str(MODEL), "--jobs", "1", "-q", "--grammar",
                             grammar, "--rejection", rejection, "--manifest", work / "manifest.tsv"] +
                            shlex.split(args.options))
            return dict(line.split("\t") for line in out.splitlines()), core

        heard = {}
        if not args.no_peer:
            _, core = run(["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-jsgf", grammar, "-dict",
                           MODEL / "cmudict-en-us.dict", "-adcin", "yes", "-cepdir", audio, "-cepext", ".wav",
                           "-ctl", work / "ctl", "-hyp", work / "hyp"])
            heard["pocketsphinx"] = {}
            for line in (work / "hyp").read_text().splitlines():  # "words (id score)"
                words, _, tail = line.rpartition("(")
                heard["pocketsphinx"][tail.split()[0]] = words.strip()
            report(heard["pocketsphinx"], said, commands, "pocketsphinx", core / seconds)
        heard["bivox"], core = bivox("off")
        report(heard["bivox"], said, commands, "bivox", core / seconds)
        if not args.no_peer:
            right = {system: {i for i in commands if heard[system].get(i) == said[i]} for system in heard}
            only_bivox = len(right["bivox"] - right["pocketsphinx"])
            only_peer = len(right["pocketsphinx"] - right["bivox"])
            print(f"right with bivox alone {only_bivox}, with pocketsphinx alone {only_peer}: "
                  f"p = {mcnemar(only_bivox, only_peer):.2g} (McNemar)")
        print(f"\n{'--rejection':12} {'right %':>8} {'wrong %':>8} {'rejected %':>10} {'others accepted %':>18} "
              f"{'core-s/s':>9}")
        for rejection in ("off", "low", "medium", "high"):
            texts, core = bivox(rejection)
            right = sum(texts[i] == said[i] for i in commands)
            rejected = sum(texts[i] == "" for i in commands)
            accepted = sum(texts[i] != "" for i in others)
            n = max(1, len(commands))
            accepted_part = f"{100 * accepted / len(others):.1f}" if others else "-"
            print(f"{rejection:12} {100 * right / n:8.2f} {100 * (len(commands) - right - rejected) / n:8.2f} "
                  f"{100 * rejected / n:10.2f} {accepted_part:>18} {core / seconds:9.4f}")


def report(texts, said, commands, system, speed):
    right = sum(texts.get(i) == said[i] for i in commands)
    print(f"{system:13} {100 * right / max(1, len(commands)):6.2f} % right ({right}/{len(commands)}), "
          f"{speed:.4f} core-s/s", flush=True)


if __name__ == "__main__":
    main()
