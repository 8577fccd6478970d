"""Files that configure a server, and what is told of those that cannot be read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from steersman.apiserver.configuration_file import MAX_BYTES, read_document, read_file


@pytest.mark.parametrize("text", ["a: [1]", '{"a": [1]}'])
def test_yaml_and_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert read_document(path) == {"a": [1]}


@pytest.mark.parametrize("read", [read_file, read_document])
def test_files_that_cannot_be_read(tmp_path: Path, read: Callable[[Path], Any]) -> None:
    long = tmp_path / "long"
    long.write_bytes(b"#" * (MAX_BYTES + 1))
    for path, problem in {long: "longer than 1048576 bytes", tmp_path / "none": "No such file or directory"}.items():
        with pytest.raises(ValueError) as refused:
            read(path)
        assert str(refused.value) == f"{path}: {problem}"


def test_what_is_neither_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a: [")
    with pytest.raises(ValueError) as refused:
        read_document(path)
    told = str(refused.value)
    assert told.startswith(f"{path}: error converting YAML to JSON: yaml: ")
    assert "\n" not in told
