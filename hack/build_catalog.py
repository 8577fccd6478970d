"""Build the catalog of built-in API kinds: ``python hack/build_catalog.py [--cache DIR] [--check]``."""

import argparse
import sys
from pathlib import Path

from catalog import data_file, definitions, resources, sources
from generated_file import settle

from steersman.apis.catalog.data_file import DATA_FILE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".build/catalog"), help="where the source packages are kept")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the committed file differs")
    options = parser.parse_args()

    sources.fetch(options.cache, _progress)
    _progress("read definitions")
    restored = definitions.restore(sources.read_definition_documents(options.cache))
    _progress("read resources")
    derived = resources.derive(restored, sources.read_resources(options.cache))
    content = data_file.write(restored, derived)
    _progress(f"{len(restored)} minors, {len(derived)} resources, {len(content)} bytes")
    return settle(DATA_FILE, content, options.check, _progress)


def _progress(line: str) -> None:
    print(f"catalog: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
