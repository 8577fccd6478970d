"""The folder that generated files go to: what is there is compared, and only what was generated is replaced."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from steersman.client.code_generator.module import HEADER


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done for the folder to have ``files``: paths in it, sorted.

    ``stale`` are generated files beside the wanted ones that are wanted no more; ``foreign`` are those that would be
    replaced, but were not generated.
    """

    changed: tuple[Path, ...]
    stale: tuple[Path, ...]
    foreign: tuple[Path, ...]

    @property
    def up_to_date(self) -> bool:
        return not self.changed and not self.stale


class OutputFolder:
    """The folder at ``root``, which is to have ``files``, text by path. Nothing is written before :meth:`write`."""

    def __init__(self, root: Path, files: Mapping[PurePosixPath, str]) -> None:
        self._files = {root / path: text.encode() for path, text in files.items()}

    def changes(self) -> Changes:
        """Compare. Raises OSError for what cannot be read."""
        there = {path: path.read_bytes() for path in self._files if path.exists()}
        packages = {path.parent for path in self._files if path.parent.is_dir()}
        beside = {path for package in packages for path in package.glob("*.py") if path not in self._files}
        return Changes(
            changed=tuple(sorted(path for path, content in self._files.items() if there.get(path) != content)),
            stale=tuple(sorted(path for path in beside if _is_generated(path.read_bytes()))),
            foreign=tuple(
                sorted(
                    path
                    for path, content in there.items()
                    if content.strip() and content != self._files[path] and not _is_generated(content)
                )
            ),
        )

    def write(self, changes: Changes) -> None:
        """Write what has changed and remove what is stale. Raises OSError."""
        for path in changes.changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._files[path])
        for path in changes.stale:
            path.unlink()


def _is_generated(content: bytes) -> bool:
    return content.startswith(HEADER.encode())
