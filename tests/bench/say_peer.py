#!/usr/bin/env python3
"""Bivox's voice beside flite, festival and espeak-ng: heard by recognizers, measured against recordings.

  tests/bench/say_peer.py [--corpora CORPORA] [--bivox build/release/apps/bivox] [--say "--voice FOLDER ..."]
                          [--systems bivox,flite:rms,...] [--distance build/bench/tests/bench/speech_distance]
                          [--splits kathleen/dev,...] [--harvard 2] [--ears pocketsphinx,...]
                          [--folder NAME=WAVS]

Texts: lists of Harvard sentences (IEEE 1969; --harvard N takes the first N lists of ten) and the
prompts of corpus splits (CORPORA/corpus/manifest.tsv: id path split speaker gender seconds text). Every
system says every text, a file each; "natural" is the recording. --folder adds ready-made files ID.wav.

Ears: pocketsphinx (Debian's pocketsphinx_batch with pocketsphinx-en-us), or options of `bivox transcribe`
such as "--engine convnet". Word errors as `bivox score` counts them, with 95 % intervals over texts
(bootstrap), and for the prompts mel-cepstral distance and F0 to the recording on the path of dynamic time
warping (tests/bench/speech_distance.cpp; -DBIVOX_BENCH=ON builds it).

Needs of Debian, for the systems named: flite, festival with festvox-us-slt-hts, espeak-ng, pocketsphinx,
pocketsphinx-en-us, sndfile-programs and samplerate-programs.
"""

import argparse
import csv
import json
import pathlib
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import wave

MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us")
SYSTEMS = "natural,bivox,flite:rms,flite:slt,festival:cmu_us_slt_arctic_hts,espeak-ng"
HARVARD = [
    """The birch canoe slid on the smooth planks.
Glue the sheet to the dark blue background.
It's easy to tell the depth of a well.
These days a chicken leg is a rare dish.
Rice is often served in round bowls.
The juice of lemons makes fine punch.
The box was thrown beside the parked truck.
The hogs were fed chopped corn and garbage.
Four hours of steady work faced us.
A large size in stockings is hard to sell.""",
    """The boy was there when the sun rose.
A rod is used to catch pink salmon.
The source of the huge river is the clear spring.
Kick the ball straight and follow through.
Help the woman get back to her feet.
A pot of tea helps to pass the evening.
Smoky fires lack flame and heat.
The soft cushion broke the man's fall.
The salt breeze came across from the sea.
The girl at the booth sold fifty bonds.""",
    """The small pup gnawed a hole in the sock.
The fish twisted and turned on the bent hook.
Press the pants and sew a button on the vest.
The swan dive was far short of perfect.
The beauty of the view stunned the young boy.
Two blue fish swam in the tank.
Her purse was full of useless trash.
The colt reared and threw the tall rider.
It snowed, rained, and hailed the same morning.
Read verse out loud for pleasure.""",
    """Hoist the load to your left shoulder.
Take the winding path to reach the lake.
Note closely the size of the gas tank.
Wipe the grease off his dirty face.
Mend the coat before you go out.
The wrist was badly strained and hung limp.
The stray cat gave birth to kittens.
The young girl gave no clear response.
The meal was cooked before the bell rang.
What joy there is in living.""",
]


def read_texts(args):
    """{set: [(id, text, recording or None)]}"""
    texts = {}
    if args.harvard:
        texts["harvard"] = [(f"harvard{l + 1:02}_{i + 1:02}", line, None) for l, block in
                            enumerate(HARVARD[:args.harvard]) for i, line in enumerate(block.split("\n"))]
    for name in filter(None, args.splits.split(",")):
        corpus, split = name.split("/")
        with open(args.corpora / corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                    if row["split"] == split]
        if not rows:
            sys.exit(f"{name}: no utterance")
        texts[name] = [(row["id"], row["text"], args.corpora / corpus / row["path"]) for row in rows]
    return texts


def to_16k(source, target):
    """Any audio file to a mono WAV at 16 kHz; sndfile-resample refuses to do nothing."""
    decoded = target.with_suffix(".decoded.wav")
    subprocess.run(["sndfile-convert", "-pcm16", source, decoded], check=True, stdout=subprocess.DEVNULL)
    with wave.open(str(decoded)) as file:
        rate = file.getframerate()
    if rate == 16000:
        decoded.rename(target)
        return
    subprocess.run(["sndfile-resample", "-to", "16000", "-c", "0", decoded, target], check=True,
                   stdout=subprocess.DEVNULL)
    decoded.unlink()


def say(system, text, recording, path, args):
    """Writes what a system makes of a text; False where it has nothing."""
    kind, _, voice = system.partition(":")
    raw = path.with_suffix(".raw.wav")
    if kind == "natural":
        if recording is None:
            return False
        to_16k(recording, path)
        return True
    if kind == "bivox":
        command = [args.bivox, "say", "-q", "-o", raw] + shlex.split(args.say) + shlex.split(voice) + ["--", text]
    elif kind == "flite":
        command = ["flite", "-voice", voice or "rms", "-t", text, "-o", raw]
    elif kind == "espeak-ng":
        command = ["espeak-ng", "-v", voice or "en-us", "-w", raw, "--", text]
    elif kind == "festival":
        command = ["text2wave", "-o", raw] + (["-eval", f"(voice_{voice})"] if voice else [])
        subprocess.run(command, input=text.encode(), check=True, stderr=subprocess.DEVNULL)
        command = None
    else:
        sys.exit(f"{system}: no such system")
    if command:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    to_16k(raw, path)
    raw.unlink()
    return True


def hear(ear, folder, ids, args):
    """{id: words}"""
    heard = {}
    if ear == "pocketsphinx":
        (folder / "ctl").write_text("".join(f"{i}\n" for i in ids))
        subprocess.run(["pocketsphinx_batch", "-hmm", MODEL / "en-us", "-lm", MODEL / "en-us.lm.bin", "-dict",
                        MODEL / "cmudict-en-us.dict", "-adcin", "yes", "-cepdir", folder, "-cepext", ".wav",
                        "-ctl", folder / "ctl", "-hyp", folder / "hyp"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for line in (folder / "hyp").read_text().splitlines():  # "words words (id score)"
            words, _, tail = line.rpartition("(")
            heard[tail.split()[0]] = words.strip()
        return heard
    for i in ids:
        out = subprocess.run([args.bivox, "transcribe", "-q", folder / f"{i}.wav"] + shlex.split(ear),
                             check=True, capture_output=True).stdout.decode()
        heard[i] = " ".join(out.split())
    return heard


def count_errors(texts, heard, args, work):
    """[(errors, words)] of every text."""
    (work / "reference.txt").write_text("".join(f"{i}\t{text}\n" for i, text, _ in texts))
    (work / "heard.txt").write_text("".join(f"{i}\t{heard.get(i, '')}\n" for i, _, _ in texts))
    out = subprocess.run([args.bivox, "score", work / "reference.txt", work / "heard.txt", "--json",
                          "--per-utterance"], check=True, capture_output=True).stdout
    return [(u["words"]["errors"], u["words"]["reference"]) for u in json.loads(out)["per_utterance"]]


def wer(counts):
    return 100.0 * sum(e for e, _ in counts) / max(1, sum(n for _, n in counts))


def interval(counts, draws=1000):
    rng = random.Random(1)
    values = sorted(wer(rng.choices(counts, k=len(counts))) for _ in range(draws))
    return values[int(0.025 * draws)], values[int(0.975 * draws)]


def distances(texts, folder, natural, args):
    """Means of mel-cepstral distance (dB) and F0 RMSE (cents) to the recordings."""
    pairs = "".join(f"{natural / (i + '.wav')}\t{folder / (i + '.wav')}\n" for i, _, _ in texts)
    out = subprocess.run([args.distance], input=pairs.encode(), check=True, capture_output=True).stdout
    rows = [[float(x) for x in line.split("\t")] for line in out.decode().splitlines()]
    return [sum(column) / len(rows) for column in zip(*rows)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=pathlib.Path)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--say", default="", help="options of bivox say")
    parser.add_argument("--systems", default=SYSTEMS, help="bivox:OPTIONS adds options of bivox say")
    parser.add_argument("--folder", action="append", default=[], help="NAME=WAVS: files ID.wav that exist")
    parser.add_argument("--splits", default="")
    parser.add_argument("--harvard", type=int, default=2, choices=range(0, len(HARVARD) + 1))
    parser.add_argument("--ears", default="pocketsphinx")
    parser.add_argument("--distance", help="the program speech_distance; without it nothing is measured")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the sound files")
    parser.add_argument("--print-texts", action="store_true", help="print `id TAB text` and end")
    args = parser.parse_args()
    texts = read_texts(args)
    if args.print_texts:
        for rows in texts.values():
            print("".join(f"{i}\t{text}\n" for i, text, _ in rows), end="")
        return
    ready = dict(entry.split("=", 1) for entry in args.folder)
    systems = list(filter(None, args.systems.split(","))) + list(ready)
    ears = args.ears.split(",")
    print(f"{'texts':16} {'system':34} " + " ".join(f"{'WER % ' + ear:>34}" for ear in ears)
          + f" {'MCD dB':>7} {'F0 cents':>9}")
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        home = args.keep or work
        for name, rows in texts.items():
            natural = home / name.replace("/", "-") / "natural"
            natural.mkdir(parents=True, exist_ok=True)
            if args.distance and rows[0][2] is not None:
                for i, _, recording in rows:
                    to_16k(recording, natural / f"{i}.wav")
            for system in systems:
                folder = home / name.replace("/", "-") / "".join(c if c.isalnum() else "-" for c in system)
                folder.mkdir(parents=True, exist_ok=True)
                if system in ready:
                    for i, _, _ in rows:
                        shutil.copy(pathlib.Path(ready[system]) / f"{i}.wav", folder / f"{i}.wav")
                elif not all([say(system, text, recording, folder / f"{i}.wav", args)
                              for i, text, recording in rows]):
                    continue
                cells = []
                for ear in ears:
                    counts = count_errors(rows, hear(ear, folder, [r[0] for r in rows], args), args, work)
                    low, high = interval(counts)
                    cells.append(f"{wer(counts):6.2f} ({low:.1f} to {high:.1f})")
                measured = ""
                if args.distance and rows[0][2] is not None and system != "natural":
                    mcd, _, cents, _ = distances(rows, folder, natural, args)
                    measured = f" {mcd:7.2f} {cents:9.0f}"
                print(f"{name:16} {system:34} " + " ".join(f"{cell:>34}" for cell in cells) + measured,
                      flush=True)


if __name__ == "__main__":
    main()
