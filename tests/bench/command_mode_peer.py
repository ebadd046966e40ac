#!/usr/bin/env python3
"""Command mode beside Debian's pocketsphinx_batch: same grammar and audio.

  tests/bench/command_mode_peer.py CORPUS [--split test] [--sample N] [--bivox build/release/apps/bivox]
                                   [--system "NAME=OPTIONS" ...] [--noise FOLDER] [--no-peer]

Without --system Bivox reads the peer's own model and dictionary; each --system is one to measure in its place,
with these options of `bivox transcribe` ("convnet=", "gmm=--engine gmm").

CORPUS is a folder with manifest.tsv (id path split speaker gender seconds text) whose texts are single
words, such as Speech Commands. The ten command words become a grammar. Bivox reads the files as they are;
PocketSphinx gets them as 16 kHz WAV with 0.3 s of silence appended. Each decodes all files in one process on
one core. Printed: accuracy on the command words, with rejection off for Bivox as PocketSphinx has none; the
matched-pairs test beside it (McNemar, exact); core-seconds a second of audio. Then, for each strength of
--rejection, on the same files: command words taken wrongly or rejected, and how many other words (where the split has them) and how many seconds of noise (the
second one of each recording of the folder --noise, which has a manifest.tsv, too) are taken for a command.

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
STRENGTHS = ("off", "low", "medium", "high")
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


def convert(source, target, silence_s=SILENCE_S, second=None):
    """16 kHz, 16 bit, the whole or one second of it, then silence; returns the seconds without it."""
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
    if second is not None:
        frames = frames[2 * second * RATE:2 * (second + 1) * RATE]
    seconds = len(frames) / 2 / RATE
    frames += bytes(2 * int(silence_s * RATE))
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(frames)
    return seconds


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
    parser.add_argument("--system", action="append", default=[], metavar="NAME=OPTIONS")
    parser.add_argument("--noise", type=pathlib.Path, help="folder of recordings that hold no speech")
    parser.add_argument("--no-peer", action="store_true", help="leave PocketSphinx out")
    args = parser.parse_args()
    systems = dict(text.split("=", 1) for text in args.system) or {"bivox": f"--model {MODEL}"}
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
        noises = []
        if args.noise:
            with open(args.noise / "manifest.tsv", encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                    noises.append(f"noise {row['id']}".replace("/", "-"))
                    convert(args.noise / row["path"], audio / f"{noises[-1]}.wav", silence_s=0.0, second=1)
        grammar = work / "commands.jsgf"
        grammar.write_text("#JSGF V1.0;\ngrammar commands;\npublic <command> = " + " | ".join(COMMANDS) + ";\n")
        (work / "ctl").write_text("".join(f"{i}\n" for i in said))
        folder = args.corpus.resolve()
        write_manifest(work / "said.tsv", {row["id"]: (folder / row["path"], row["text"]) for row in rows})
        write_manifest(work / "noise.tsv", {i: (audio / f"{i}.wav", "") for i in noises})

        def bivox(options, rejection, manifest):
            out, core = run([args.bivox, "transcribe", "--jobs", "1", "-q", "--grammar", grammar, "--rejection",
                             rejection, "--manifest", work / manifest] + shlex.split(options))
            return dict(line.split("\t") for line in out.splitlines()), core

        peer = {}
        if not args.no_peer:
            _, core = run(["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-jsgf", grammar, "-dict",
                           MODEL / "cmudict-en-us.dict", "-adcin", "yes", "-cepdir", audio, "-cepext", ".wav",
                           "-ctl", work / "ctl", "-hyp", work / "hyp"])
            for line in (work / "hyp").read_text().splitlines():  # "words (id score)"
                words, _, tail = line.rpartition("(")
                peer[tail.split()[0]] = words.strip()
            report(peer, said, commands, "pocketsphinx", core / seconds)
        table = []
        for name, options in systems.items():
            for rejection in STRENGTHS:
                texts, core = bivox(options, rejection, "said.tsv")
                if rejection == "off":
                    report(texts, said, commands, name, core / seconds)
                    if peer:
                        compare(texts, peer, said, commands, name)
                right = sum(texts[i] == said[i] for i in commands)
                rejected = sum(texts[i] == "" for i in commands)
                in_noise = bivox(options, rejection, "noise.tsv")[0] if noises else {}
                table.append((name, rejection, share(right, commands),
                              share(len(commands) - right - rejected, commands), share(rejected, commands),
                              share(sum(texts[i] != "" for i in others), others),
                              share(sum(text != "" for text in in_noise.values()), noises),
                              f"{core / seconds:.4f}"))
        heads = ("system", "--rejection", "right %", "wrong %", "rejected %", "others accepted %",
                 "noise accepted %", "core-s/s")
        print()
        for row in [heads] + table:
            print(" ".join(f"{cell:>{max(9, len(head))}}" for cell, head in zip(row, heads)))


def share(count, of):
    return f"{100 * count / len(of):.1f}" if of else "-"


def write_manifest(path, utterances):
    with open(path, "w", encoding="utf-8") as file:
        file.write("id\tpath\tsplit\ttext\n")
        file.writelines(f"{i}\t{audio}\tall\t{text}\n" for i, (audio, text) in utterances.items())


def compare(texts, peer, said, commands, name):
    right = {i for i in commands if texts.get(i) == said[i]}
    peer_right = {i for i in commands if peer.get(i) == said[i]}
    only, only_peer = len(right - peer_right), len(peer_right - right)
    print(f"right with {name} alone {only}, with pocketsphinx alone {only_peer}: "
          f"p = {mcnemar(only, only_peer):.2g} (McNemar)")


def report(texts, said, commands, system, speed):
    right = sum(texts.get(i) == said[i] for i in commands)
    print(f"{system:13} {100 * right / max(1, len(commands)):6.2f} % right ({right}/{len(commands)}), "
          f"{speed:.4f} core-s/s", flush=True)


if __name__ == "__main__":
    main()
