"""Coverage-guided fuzzing of the readers of XML and fixed width files: ``python atheris_readers.py [libFuzzer's options] [corpus]``.

The first byte of an input chooses the reader. Whatever is no ``PacketError`` is a crash, as is a record that is lost between two numbers.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[3] / "include")]

with atheris.instrument_imports(include=["hedui.sources"]):
    from unit.sources import test_fuzz

KINDS = ("xml", "fixed", "fixed with marks", "fixed without lines")


def seeds(folder: Path) -> None:
    """Writes whole files of each kind, from which fuzzing starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        for count in (0, 3):
            content = test_fuzz.WRITERS[kind](["张三", "李四a", ""][:count])
            (folder / f"{number}-{count}").write_bytes(bytes([number]) + content)


def one_input(data: bytes) -> None:
    """Reads one input."""
    if data:
        test_fuzz.read(KINDS[data[0] % len(KINDS)], data[1:])


if __name__ == "__main__":
    seeds(Path(sys.argv[-1]))
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
