from collections.abc import Callable

import orjson
import pytest

from steersman import __version__
from steersman.apimachinery.errors import ApiError
from steersman.apiserver.http.message import Request
from steersman.apiserver.version import Version, git_version, version_info


def test_our_own_version_does_not_count_in_comparisons() -> None:
    plain, _, build = git_version(37).partition("+")

    assert plain == "v1.37.0"
    assert build == f"steersman-{__version__}"


def test_tells_all_that_clients_read() -> None:
    info = version_info(37)

    assert (info["major"], info["minor"], info["gitVersion"]) == ("1", "37", git_version(37))
    assert set(info) >= {"gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"}


@pytest.mark.parametrize(("minor", "tells"), [(7, False), (32, False), (33, True), (37, True)])
def test_emulation_is_told_since_1_33(minor: int, tells: bool) -> None:
    info = version_info(minor)

    assert ("emulationMinor" in info) is tells
    assert info.get("emulationMinor", str(minor)) == str(minor)
    assert info.get("minCompatibilityMinor", str(minor - 1)) == str(minor - 1)


def test_serves_the_version(get: Callable[..., Request]) -> None:
    version = Version(version_info(20))

    answer = version.handle(get("/version"))

    assert isinstance(answer.body, bytes)
    assert orjson.loads(answer.body) == version_info(20)
    with pytest.raises(ApiError):
        version.handle(get("/version", method="POST"))
