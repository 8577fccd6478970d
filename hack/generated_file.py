"""The end of every build script: the file is written, or compared with the one that is there."""

from collections.abc import Callable
from pathlib import Path


def settle(path: Path, content: bytes, check: bool, progress: Callable[[str], None]) -> int:
    """Write ``content``, or with ``check`` only compare it; returns the exit code, 1 where the file differs."""
    if check:
        if path.read_bytes() == content:
            progress(f"{path.name} is up to date")
            return 0
        progress(f"{path.name} differs from what its sources give: run this without --check and commit it")
        return 1
    path.write_bytes(content)
    progress(f"wrote {path.name}")
    return 0
