"""Files that configure a server: bounded in size, in YAML or JSON, and named in whatever is told of them."""

from pathlib import Path
from typing import Any

from steersman.apimachinery.errors import ApiError

MAX_BYTES = 1 << 20


def read_file(path: Path) -> bytes:
    """What is in the file. Raises ValueError, with one line that names it, if it cannot be read or is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path}: longer than {MAX_BYTES} bytes")
    return data


def read_document(path: Path) -> Any:
    """The document in the file. Raises ValueError as :func:`read_file`, and for what is neither YAML nor JSON."""
    # Imported for those who have a file: a server without one starts sooner.
    from steersman.apimachinery.encoding import yaml

    try:
        return yaml.decode(read_file(path))
    except ApiError as error:
        raise ValueError(f"{path}: {' '.join(error.message.split())}") from None
