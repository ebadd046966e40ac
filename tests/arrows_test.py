#!/usr/bin/env python3
"""Checks that every include between rooms follows the arrows of the architecture.

Usage: arrows_test.py ROOT

    dsp <- models <- asr/{search,transcript,evaluation,recognizer} <- {asr/convnet, legacy} <- apps
    dsp <- models <- tts <- apps

`legacy` and `asr/convnet` never include each other. A room may always include itself. Tests and
fuzz targets of a room may include what the room may. Also checked: every header says
`#pragma once`, and no room includes by a relative path.
"""
import pathlib
import re
import sys

# Room -> rooms it may include besides itself. The longest matching name is the room of a file.
ALLOWED = {
    "dsp": set(),
    "models": {"dsp"},
    "asr/search": {"dsp", "models"},
    "asr/transcript": {"dsp", "models"},
    "asr/evaluation": {"dsp", "models", "asr/transcript"},
    "asr/recognizer": {"dsp", "models", "asr/search", "asr/transcript"},
    "asr/convnet": {"dsp", "models", "asr/search", "asr/transcript", "asr/evaluation", "asr/recognizer"},
    "legacy": {"dsp", "models", "asr/search", "asr/transcript", "asr/evaluation", "asr/recognizer"},
    "tts": {"dsp", "models"},
    "apps": {"dsp", "models", "asr", "asr/search", "asr/transcript", "asr/evaluation",
             "asr/recognizer", "asr/convnet", "legacy", "tts"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def room_of(path: str) -> str:
    """The room that holds a path relative to the root, or an empty string."""
    fitting = [room for room in ALLOWED if path.startswith(room + "/")]
    return max(fitting, key=len, default="")


def check_file(root: pathlib.Path, path: pathlib.Path, room: str) -> list[str]:
    name = path.relative_to(root).as_posix()
    text = path.read_text(encoding="utf-8")
    faults = []
    if path.suffix == ".h" and "#pragma once" not in text and not name.endswith("-inl.h"):
        faults.append(f"{name}: no #pragma once")
    for included in INCLUDE.findall(text):
        if included.startswith("."):
            if not name.startswith("tests/"):
                faults.append(f"{name}: include of {included} by a relative path")
                continue
            # Tests share helpers; the arrow is that of the file meant.
            target_path = (path.parent / included).resolve()
            if target_path.is_relative_to(root):
                included = target_path.relative_to(root).as_posix()
        target = room_of(included)
        if not target:
            continue
        if not (root / included).exists():
            faults.append(f"{name}: include of {included}, which does not exist")
        elif target != room and target not in ALLOWED[room]:
            faults.append(f"{name}: {room} must not include {target} ({included})")
    return faults


def self_check() -> None:
    """The table itself: no room may reach back to one that may include it."""
    for room, targets in ALLOWED.items():
        for target in targets:
            assert room not in ALLOWED.get(target, set()), (room, target)
    assert room_of("asr/search/decoder.h") == "asr/search"
    assert "legacy" not in ALLOWED["asr/search"] and "asr/convnet" not in ALLOWED["legacy"]


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    self_check()
    faults = []
    count = 0
    for top in sorted({room.split("/")[0] for room in ALLOWED}):
        for folder, is_test in ((root / top, False), (root / "tests" / top, True)):
            for path in sorted(folder.rglob("*")):
                if path.suffix not in (".h", ".cpp"):
                    continue
                name = path.relative_to(root / "tests" if is_test else root).as_posix()
                room = room_of(name)
                if not room:
                    if top == "asr" and is_test:
                        room = "asr/recognizer"  # tests of several parts of asr
                    else:
                        faults.append(f"{name}: lies in no room of the architecture")
                        continue
                count += 1
                faults += check_file(root, path, room)
    for fault in faults:
        print(fault)
    print(f"{count} files, {len(faults)} faults")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
