"""Generated code, run."""

import importlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from steersman.client.code_generator.definition import Definition
from steersman.client.code_generator.package import generate


def write(folder: Path, definitions: Iterable[Definition], package: str) -> None:
    """Generate into ``folder``."""
    for path, text in generate(definitions, package).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@contextmanager
def imported(folder: Path, name: str) -> Iterator[ModuleType]:
    """The module of this name in ``folder``, for as long as the block lasts."""
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        top = name.partition(".")[0]
        for loaded in [one for one in sys.modules if one == top or one.startswith(f"{top}.")]:
            del sys.modules[loaded]
