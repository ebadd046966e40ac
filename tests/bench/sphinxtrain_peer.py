#!/usr/bin/env python3
"""SphinxTrain beside Bivox's ladder: same audio, dictionary and language model.

  tests/bench/sphinxtrain_peer.py CORPORA --bivox build/release/apps/bivox --work FOLDER
      [--train librispeech/train-clean-5] [--test librispeech/dev-clean librispeech/dev-other]
      [--model tri=runs/gmm/tri --model lda-mllt=runs/gmm/lda-mllt] [--senones 1500] [--densities 8]

CORPORA is a folder with one folder a corpus, each holding manifest.tsv (id path split speaker gender
seconds text) and audio. Debian's sphinxtrain trains a continuous triphone model with the set-up that it
installs (13 cepstra with differences, flat start, trees of its own, no LDA/MLLT); its scripts are run one
by one, as the driver that Debian packages looks for them in a wrong folder. Words that the dictionary
lacks are a filler word with a phone of its own, as in Bivox. pocketsphinx_batch decodes with the shipped
language model and dictionary, once for each of --weights. Every --model NAME=FOLDER, trained on the same
audio by `bivox train gmm`, is decoded by `bivox transcribe` with the same language model and dictionary,
once for each of --bivox-weights, unadapted. For both the weight with the fewest errors on all test splits
together counts. `bivox score` counts the errors of all.

--work is kept: audio that was converted and a model that was trained are used again.
Needs Debian's sphinxtrain, pocketsphinx, sphinxbase-utils and sndfile-programs, and Perl.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

SCRIPTS = pathlib.Path("/usr/lib/x86_64-linux-gnu/sphinxtrain")
BINARIES = "/usr/lib/sphinxtrain"
STEPS = ["000.comp_feat/slave_feat.pl", "00.verify/verify_all.pl", "20.ci_hmm/slave_convg.pl",
         "30.cd_hmm_untied/slave_convg.pl", "40.buildtrees/slave.treebuilder.pl",
         "45.prunetree/slave.state-tying.pl", "50.cd_hmm_tied/slave_convg.pl"]
MODELS = pathlib.Path(__file__).resolve().parents[2] / "models/pretrained/en-small"
UNKNOWN = "++UNK++"


def read_manifest(corpora, name):
    corpus, split = name.split("/")
    with open(corpora / corpus / "manifest.tsv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["split"] == split]
    if not rows:
        sys.exit(f"{corpora / corpus}/manifest.tsv: no utterance of split {split}")
    for row in rows:
        row["audio"] = corpora / corpus / row["path"]
    return rows


def convert(rows, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        target = folder / f"{row['id']}.wav"
        if not target.exists():
            part = folder / "part.wav"
            subprocess.run(["sndfile-convert", "-pcm16", row["audio"], part], check=True,
                           stdout=subprocess.DEVNULL)
            part.rename(target)


def read_dictionary(path):
    """Lines (word, phones) without stress, alternates kept; equal ones once."""
    entries, seen = [], set()
    counts = {}
    for line in open(path, encoding="utf-8"):
        fields = line.split("#")[0].split()
        if len(fields) < 2 or line.startswith(";;;"):
            continue
        word = re.sub(r"\(\d+\)$", "", fields[0])
        phones = " ".join(re.sub(r"\d$", "", p) for p in fields[1:])
        if (word, phones) in seen:
            continue
        seen.add((word, phones))
        counts[word] = counts.get(word, 0) + 1
        entries.append((word if counts[word] == 1 else f"{word}({counts[word]})", phones))
    return entries, set(counts)


def words_of(text):
    return re.findall(r"[a-z0-9'.-]+", text.lower())


def write_task(work, rows, dictionary, args):
    entries, known = read_dictionary(dictionary)
    etc = work / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    used, unknown, total = set(), 0, 0
    with open(etc / "peer_train.fileids", "w") as ids, open(etc / "peer_train.transcription", "w") as texts:
        for row in rows:
            words = words_of(row["text"])
            total += len(words)
            unknown += sum(word not in known for word in words)
            used.update(words)
            words = [word if word in known else UNKNOWN for word in words]
            ids.write(row["id"] + "\n")
            texts.write(f"<s> {' '.join(words)} </s> ({row['id']})\n")
    phones = set()
    with open(etc / "peer.dic", "w") as out:
        for word, pronunciation in entries:
            if re.sub(r"\(\d+\)$", "", word) in used:
                out.write(f"{word} {pronunciation}\n")
                phones.update(pronunciation.split())
    (etc / "peer.filler").write_text(f"<s> SIL\n</s> SIL\n<sil> SIL\n{UNKNOWN} +SPN+\n")
    (etc / "peer.phone").write_text("".join(p + "\n" for p in sorted(phones | {"SIL", "+SPN+"})))
    shutil.copy(SCRIPTS / "etc/feat.params", etc)
    config = (SCRIPTS / "etc/sphinx_train.cfg").read_text()
    for old, new in (("___DB_NAME___", "peer"), ("___BASE_DIR___", str(work)),
                     ("___SPHINXTRAIN_DIR___", str(SCRIPTS)), ("___SPHINXTRAIN_BIN_DIR___", BINARIES),
                     ("$CFG_N_TIED_STATES = 200", f"$CFG_N_TIED_STATES = {args.senones}"),
                     ("$CFG_FINAL_NUM_DENSITIES = 8;", f"$CFG_FINAL_NUM_DENSITIES = {args.densities};")):
        if old not in config:
            sys.exit(f"{SCRIPTS}/etc/sphinx_train.cfg: no '{old}': another version of sphinxtrain")
        config = config.replace(old, new)
    (etc / "sphinx_train.cfg").write_text(config)
    print(f"training: {len(rows)} utterances, {total} words, {unknown} not in the dictionary", flush=True)


def train(work):
    began = os.times()
    # The scripts read their configuration from the current folder, which Perl no longer searches.
    environment = dict(os.environ, PERL_USE_UNSAFE_INC="1")
    for step in STEPS:
        start = time.monotonic()
        with open(work / "train.log", "a") as log:
            if subprocess.run(["perl", SCRIPTS / "scripts" / step], cwd=work, stdout=log,
                              stderr=log, env=environment).returncode != 0:
                sys.exit(f"sphinxtrain step {step} failed; see {work}/train.log")
        print(f"  {step:36} {time.monotonic() - start:7.1f} s", flush=True)
    now = os.times()
    print(f"  core-seconds of training: {now[2] + now[3] - began[2] - began[3]:.0f}", flush=True)


def score(bivox, rows, texts, work):
    (work / "reference.txt").write_text("".join(f"{row['id']}\t{row['text']}\n" for row in rows))
    (work / "hypothesis.txt").write_text(texts)
    out = subprocess.run([bivox, "score", work / "reference.txt", work / "hypothesis.txt", "--json"],
                         check=True, capture_output=True).stdout
    words = json.loads(out)["words"]
    return words["errors"], words["reference"]


def decode_sphinx(work, model, split, rows, weight):
    (work / "ctl").write_text("".join(f"{row['id']}\n" for row in rows))
    subprocess.run(["pocketsphinx_batch", "-hmm", model, "-lm", work / "peer.lm.bin",
                    "-dict", work / "decode.dic", "-lw", str(weight), "-wip", "0.2", "-beam", "1e-80",
                    "-wbeam", "1e-40", "-adcin", "yes", "-cepdir", work / "test" / split.replace("/", "_"),
                    "-cepext", ".wav", "-ctl", work / "ctl", "-hyp", work / "raw"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    texts = ""
    for line in open(work / "raw", encoding="utf-8"):
        words, _, tail = line.rpartition("(")
        words = re.sub(r"\(\d+\)", "", words)
        texts += f"{tail.split()[0]}\t{words.strip()}\n"
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=pathlib.Path)
    parser.add_argument("--bivox", default="build/release/apps/bivox")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--train", default="librispeech/train-clean-5")
    parser.add_argument("--test", nargs="+", default=["librispeech/dev-clean", "librispeech/dev-other"])
    parser.add_argument("--dict", type=pathlib.Path, help="default: CORPORA/lexicon/cmudict.dict")
    parser.add_argument("--weights", nargs="+", type=float, default=[6.5, 8, 10, 12])
    parser.add_argument("--bivox-weights", nargs="+", type=float, default=[9, 11, 13])
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--senones", type=int, default=1500)
    parser.add_argument("--densities", type=int, default=8)
    args = parser.parse_args()
    work = args.work.resolve()
    dictionary = args.dict or args.corpora / "lexicon/cmudict.dict"
    model = work / f"model_parameters/peer.cd_cont_{args.senones}"

    if not (model / "means").exists():
        rows = read_manifest(args.corpora, args.train)
        convert(rows, work / "wav")
        write_task(work, rows, dictionary, args)
        train(work)
    with open(work / "decode.dic", "w") as out:
        for word, phones in read_dictionary(MODELS / "words.dict")[0]:
            out.write(f"{word} {phones}\n")
    if not (work / "peer.lm.bin").exists():
        subprocess.run([args.bivox, "lm", "convert", MODELS / "lm.bin", "-o", work / "peer.arpa"], check=True)
        subprocess.run(["sphinx_lm_convert", "-i", work / "peer.arpa", "-ifmt", "arpa", "-o",
                        work / "peer.lm.bin", "-ofmt", "bin"], check=True, stderr=subprocess.DEVNULL)

    tests = {}
    for split in args.test:
        tests[split] = read_manifest(args.corpora, split)
        convert(tests[split], work / "test" / split.replace("/", "_"))
    results = {}  # system -> [(errors, words) for each split]
    for weight in args.weights:
        results[f"sphinxtrain, weight {weight:g}"] = [
            score(args.bivox, rows, decode_sphinx(work, model, split, rows, weight), work)
            for split, rows in tests.items()]
        print(f"decoded with weight {weight:g}", flush=True)
    best = min(results, key=lambda name: sum(errors for errors, _ in results[name]))
    for entry in args.model:
        name, _, folder = entry.partition("=")
        for weight in args.bivox_weights:
            system = f"bivox {name}, weight {weight:g}"
            results[system] = []
            for split, rows in tests.items():
                corpus = args.corpora / split.split("/")[0]
                texts = subprocess.run(
                    [args.bivox, "transcribe", "--engine", "gmm", "--model", folder, "--jobs", "1", "-q",
                     "--lm", MODELS / "lm.bin", "--dict", MODELS / "words.dict", "--lm-weight", str(weight),
                     "--manifest", corpus / "manifest.tsv", "--split", split.split("/")[1]],
                    check=True, capture_output=True, text=True).stdout
                results[system].append(score(args.bivox, rows, texts, work))
    print(f"\n{'system':28}" + "".join(f"{split:>34}" for split in tests) + "   relative to the best weight of sphinxtrain")
    for name, counts in results.items():
        line = f"{name:28}"
        for errors, words in counts:
            line += f"{100 * errors / words:21.2f} ({errors}/{words})".rjust(34)
        ratios = [1 - mine[0] / peer[0] for mine, peer in zip(counts, results[best])]
        print(line + "   " + " ".join(f"{-100 * ratio:+.1f}%" for ratio in ratios))


if __name__ == "__main__":
    main()
