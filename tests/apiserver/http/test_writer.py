"""Bodies in slices, frames, and what is compressed."""

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.apiserver.http.compression import Compressor, accepts_gzip
from steersman.apiserver.http.message import Frame
from steersman.apiserver.http.writer import Pieces


@given(st.lists(st.binary(max_size=50)), st.integers(1, 40))
def test_slices_are_the_body_in_parts_of_bounded_size(body: list[bytes], size: int) -> None:
    pieces = Pieces(body)
    parts = [bytes(part) for part in pieces.slices(size)]

    assert b"".join(parts) == b"".join(body)
    assert pieces.size == sum(map(len, body))
    assert all(len(part) <= size for part in parts)


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1), st.integers(10, 40))
def test_slices_join_as_many_neighbours_as_fit(body: list[bytes], size: int) -> None:
    lengths = [len(part) for part in Pieces(body).slices(size)]

    assert all(one + other > size - 9 for one, other in pairwise(lengths))


def test_one_piece_is_cut() -> None:
    assert [bytes(part) for part in Pieces(b"abcdefg").slices(3)] == [b"abc", b"def", b"g"]


def test_the_chunk_of_a_frame_is_made_once() -> None:
    frame = Frame(b"x" * 26)

    assert frame.chunk == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert frame.chunk is frame.chunk


def test_an_empty_frame_does_not_end_the_stream() -> None:
    assert Frame(b"").chunk == b""


@pytest.mark.parametrize("field", [b"gzip", b"GZIP", b"deflate, gzip;q=1.0, *;q=0.5", b"br ,gzip ; q=0.001"])
def test_gzip_is_accepted(field: bytes) -> None:
    assert accepts_gzip(field)


@pytest.mark.parametrize("field", [b"", b"deflate", b"gzip;q=0", b"gzip; q=0.000", b"xgzip", b"identity;q=1"])
def test_gzip_is_not_accepted(field: bytes) -> None:
    assert not accepts_gzip(field)


async def test_compression_is_gzip() -> None:
    compressor = Compressor()
    body = [b"%d," % number for number in range(300_000)]

    packed = [part async for part in compressor.compress(Pieces(body))]
    compressor.close()

    assert gzip.decompress(b"".join(packed)) == b"".join(body)
    assert all(packed)
    assert len(packed) > 1
