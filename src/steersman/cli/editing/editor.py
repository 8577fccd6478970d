"""The user's editor."""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from steersman.cli.cluster.failure import CommandError


async def edit_text(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The text after the user has had it in the editor of ``KUBE_EDITOR`` or ``EDITOR``, else vi.

    Raises CommandError if the editor cannot be run, or says that it failed.
    """
    editor = environ.get("KUBE_EDITOR") or environ.get("EDITOR") or "vi"
    path = keep_copy(text)
    try:
        await _run([*shlex.split(editor), str(path)])
        return path.read_text(encoding="utf-8")
    finally:
        path.unlink(missing_ok=True)


def keep_copy(text: str) -> Path:
    """The path of a new file with the text."""
    descriptor, name = tempfile.mkstemp(prefix="steersman-edit-", suffix=".yaml")
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)


async def _run(command: list[str]) -> None:
    try:
        process = await asyncio.create_subprocess_exec(*command)
        code = await process.wait()
    except OSError as error:
        raise CommandError(f'unable to launch the editor "{command[0]}": {error.strerror}') from None
    if code:
        raise CommandError(f'there was a problem with the editor "{command[0]}": exit code {code}')
