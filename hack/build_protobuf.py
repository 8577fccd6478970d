"""Build the field tables of protobuf bodies: ``python hack/build_protobuf.py [--cache DIR] [--check]``."""

import argparse
import sys
from pathlib import Path

from generated_file import settle
from protobuf_fields import data_file, sources
from protobuf_fields.executable import Executable
from protobuf_fields.structs import Messages

from steersman.apis.protobuf.messages import DATA_FILE

BY_HAND = Path(__file__).parent / "protobuf_fields" / "by_hand.txt"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".build/protobuf"), help="where the packages are kept")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed file differs")
    options = parser.parse_args()

    sources.fetch(options.cache, _progress)
    messages = Messages()
    packages = set(data_file.go_packages().values())
    for name, content in sources.executables(options.cache):
        messages.add_program(Executable(content), packages)
        _progress(f"read {name}: {len(messages.lines)} messages")
    messages.add_text(BY_HAND.read_text())
    for line in messages.renumbered:
        _progress(f"left out, its number or name had another use: {line}")
    content = data_file.write(messages)
    _progress(f"{len(messages.lines)} messages, {len(messages.kinds)} kinds, {len(content)} bytes")
    return settle(DATA_FILE, content, options.check, _progress)


def _progress(line: str) -> None:
    print(f"protobuf: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
