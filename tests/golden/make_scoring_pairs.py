#!/usr/bin/env python3
"""Writes ref.trn and hyp.trn: made-up utterances with random errors, to be scored by sclite.

Usage: make_scoring_pairs.py FOLDER
A small vocabulary makes many alignments of equal cost, which is where scorers differ.
"""
import pathlib
import random
import sys

WORDS = "a the cat dog sat on mat red we don't know it's all here now said she he".split()


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    rng = random.Random(4)
    ref, hyp = [], []
    for number in range(60):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 25))]
        rate = rng.choice([0.0, 0.1, 0.3, 0.6])
        heard = []
        for word in words:
            roll = rng.random()
            if roll < rate / 3:
                continue
            if roll < 2 * rate / 3:
                heard.append(rng.choice(WORDS))
            else:
                heard.append(word)
            if rng.random() < rate / 3:
                heard.append(rng.choice(WORDS))
        if number % 20 == 7:
            heard = []
        name = f"(s{number % 12}-u{number})"
        ref.append(" ".join(words + [name]))
        hyp.append(" ".join(heard + [name]))
    (folder / "ref.trn").write_text("\n".join(ref) + "\n")
    (folder / "hyp.trn").write_text("\n".join(hyp) + "\n")


if __name__ == "__main__":
    main()
