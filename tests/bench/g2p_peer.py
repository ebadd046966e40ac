"""Pronunciations of held-out words: Bivox beside the letter-to-sound rules of flite.

    python3 tests/bench/g2p_peer.py build/release/apps/bivox cmudict.dict [--seed 2]

Bivox is trained on nine tenths of the dictionary and measured on the rest; then flite's rules alone
(lts_apply of its cmulex, never its own dictionary) pronounce the same words. flite's rules were
learnt from an edition of the same dictionary, these words included: the comparison favours flite.
A word is right when it matches one of its pronunciations. Vowel names that the two write in
different ways (flite's ax is AH0) are made equal. Needs: Debian flite1-dev.
"""
import argparse
import ctypes
import pathlib
import re
import subprocess
import sys
import tempfile
import time


class Flite:
    def __init__(self):
        ctypes.CDLL("libflite.so", mode=ctypes.RTLD_GLOBAL)
        self.base = ctypes.CDLL("libflite.so")
        self.lexicon = ctypes.CDLL("libflite_cmulex.so")
        self.lexicon.cmu_lex_init()  # fills the rules in
        self.rules = ctypes.addressof(ctypes.c_char.in_dll(self.lexicon, "cmu_lts_rules"))
        self.base.lts_apply.restype = ctypes.c_void_p
        self.base.lts_apply.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
        for name in ("val_car", "val_cdr"):
            getattr(self.base, name).restype = ctypes.c_void_p
            getattr(self.base, name).argtypes = [ctypes.c_void_p]
        self.base.val_string.restype = ctypes.c_char_p
        self.base.val_string.argtypes = [ctypes.c_void_p]
        self.base.delete_val.argtypes = [ctypes.c_void_p]

    def pronounce(self, word):
        letters = re.sub("[^a-z]", "", word).encode()
        first = at = self.base.lts_apply(letters, b"", self.rules)
        phones = []
        while at:
            phones.append(self.base.val_string(self.base.val_car(at)).decode().upper())
            at = self.base.val_cdr(at)
        if first:
            self.base.delete_val(first)
        return [re.sub(r"^AX\d?$", "AH0", phone) for phone in phones]


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def bare(phones):
    return [phone.rstrip("012") for phone in phones]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bivox")
    parser.add_argument("dictionary")
    parser.add_argument("--seed", default="2")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        held_out = pathlib.Path(folder) / "held_out.dict"
        result = subprocess.run(
            [args.bivox, "g2p", "train", args.dictionary, "--evaluate-only", "--seed", args.seed,
             "--write-held-out", str(held_out)], check=True, text=True, stdout=subprocess.PIPE)
        print("Bivox\n" + result.stdout)
        words = {}
        for line in held_out.read_text().splitlines():
            word, *phones = line.split()
            words.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(phones)
    flite = Flite()
    start = time.process_time()
    found = {word: flite.pronounce(word) for word in words}
    seconds = time.process_time() - start
    wrong = wrong_phones = all_phones = 0
    for word, references in words.items():
        errors, length = min((distance(bare(r), bare(found[word])), len(r)) for r in references)
        wrong += errors > 0
        wrong_phones += errors
        all_phones += length
    print(f"flite letter-to-sound rules\n{len(words)} words: word error "
          f"{100 * wrong / len(words):.2f} %; phone error {100 * wrong_phones / all_phones:.2f} %\n"
          f"{len(words) / seconds:.0f} words a second on one core, called from Python")


if __name__ == "__main__":
    sys.exit(main())
