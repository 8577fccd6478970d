"""Which versions can be served."""

import pytest

from steersman.apis.versions import FIRST_MINOR, LAST_MINOR, NEWEST, KubernetesVersion


@pytest.mark.parametrize(
    ("text", "minor"), [("1.7", 7), ("1.20", 20), ("v1.20", 20), ("1.20.2", 20), ("v1.37.0-rc.1", 37)]
)
def test_a_version_is_read(text: str, minor: int) -> None:
    assert KubernetesVersion.parse(text) == KubernetesVersion(minor)


@pytest.mark.parametrize("text", ["", "1", "1.", "1.6", "1.38", "2.20", "1.x", "1.²", "1.-7", "vv1.20", "latest"])
def test_what_cannot_be_served_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version that can be served") as refused:
        KubernetesVersion.parse(text)
    assert str(refused.value).startswith(repr(text))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("minor", range(FIRST_MINOR, LAST_MINOR + 1))
def test_what_is_shown_can_be_read(minor: int) -> None:
    assert KubernetesVersion.parse(str(KubernetesVersion(minor))).minor == minor


def test_the_newest_is_the_greatest() -> None:
    assert str(NEWEST) == "1.37"
    assert max(KubernetesVersion(9), NEWEST) == NEWEST
