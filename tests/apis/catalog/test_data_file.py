"""The data file as a file: its size, and that only a part of it is read."""

import zlib
from pathlib import Path

import pytest

from steersman.apis.catalog.data_file import DATA_FILE, DataFile


def test_the_file_is_small() -> None:
    assert DATA_FILE.stat().st_size < 512 * 1024


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(bytes(64))

    with pytest.raises(ValueError, match=r"^other\.bin is not a catalog"):
        DataFile(other)


def test_a_package_is_read_without_the_others(tmp_path: Path) -> None:
    content = bytearray(DATA_FILE.read_bytes())
    offset, size = DataFile().index["packages"]["io.k8s.api.apps.v1"]
    start = len(content) - sum(size for _, size in DataFile().index["packages"].values()) + offset
    content[start : start + size] = bytes(size)
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(content)

    file = DataFile(damaged)

    assert "ConfigMap" in file.block("io.k8s.api.core.v1").names(37)
    with pytest.raises(zlib.error):
        file.block("io.k8s.api.apps.v1")


def test_every_span_of_every_definition_can_be_read() -> None:
    file = DataFile()
    first, last = file.index["first"], file.index["last"]

    for package in file.packages():
        block = file.block(package)
        for minor in range(first, last + 1):
            for name in block.names(minor):
                assert isinstance(block.definition(name, minor), dict)
