"""What a measured client is told and what it answers: lines on its standard input and output.

The client says ``ready`` when it has imported and configured all it needs. Then it waits for orders:

- ``sync``: list and watch. It answers ``synced N`` as soon as the N objects that there are have reached its handler,
  and ``events M`` as soon as M updates have.
- ``read``: look into every object of its store. It answers ``read N K``: N objects, K of them of the new edition.

It is killed at the end.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Orders:
    """``objects`` ConfigMaps are there, and ``events`` updates will come, each to the data of ``edition``."""

    kubeconfig: str
    objects: int
    events: int
    edition: str


def given() -> Orders:
    """The orders on the command line."""
    parser = ArgumentParser()
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--edition", required=True)
    return Orders(**vars(parser.parse_args()))


def answer(word: str, *numbers: int) -> None:
    print(word, *numbers, flush=True)


def wait_for(word: str) -> None:
    """Block until the next order comes, which has to be ``word``."""
    line = sys.stdin.readline().strip()
    if line != word:
        raise SystemExit(f"expected the order {word!r}, got {line!r}")


class Tally:
    """Counts, and answers ``word`` as soon as ``expected`` were counted. From one thread."""

    def __init__(self, word: str, expected: int) -> None:
        self._word, self._expected, self._counted = word, expected, 0

    def count(self) -> None:
        self._counted += 1
        if self._counted == self._expected:
            answer(self._word, self._counted)


def answer_read(contents: Iterable[Mapping[str, str]], edition: str) -> None:
    """Look into the data of every object, and say how many there are and how many of them are of ``edition``.

    The certificate of the server, which is in the namespace too, does not count.
    """
    objects = updated = 0
    for data in contents:
        value = data.get("key-0")
        if value is not None:
            objects += 1
            updated += value.startswith(edition)
    answer("read", objects, updated)
