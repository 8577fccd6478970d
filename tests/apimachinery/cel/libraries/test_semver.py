from itertools import pairwise

import pytest

from steersman.apimachinery.cel import KUBERNETES, Environment, EvaluationError

ENVIRONMENT = Environment(libraries=KUBERNETES)
# The order of precedence that the specification gives as its example.
ORDERED = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.10.0",
    "2.0.0",
]


@pytest.mark.parametrize(
    ("text", "valid", "normalized"),
    [
        ("1.0.0", True, True),
        ("1.2.3-rc.1+build.5", True, True),
        ("1.0.0+001", True, True),
        ("v1.0", False, True),
        ("1", False, True),
        ("01.02.03", False, True),
        ("1.0.0-01", False, False),
        ("1.0.0-", False, False),
        ("1.0.0+", False, False),
        ("1.1-rc", False, False),
        ("hello", False, False),
        ("", False, False),
        ("1.2.3.4", False, False),
    ],
)
def test_what_is_a_version(text: str, valid: bool, normalized: bool) -> None:
    assert ENVIRONMENT.compile(f"isSemver('{text}')").evaluate({}) is valid
    assert ENVIRONMENT.compile(f"isSemver('{text}', true)").evaluate({}) is normalized


@pytest.mark.parametrize(("less", "greater"), list(pairwise(ORDERED)))
def test_precedence(less: str, greater: str) -> None:
    program = ENVIRONMENT.compile(
        f"semver('{less}').isLessThan(semver('{greater}')) && semver('{greater}').isGreaterThan(semver('{less}'))"
        f" && semver('{less}').compareTo(semver('{greater}')) == -1 && semver('{less}') != semver('{greater}')"
    )

    assert program.evaluate({}) is True


def test_parts_and_builds() -> None:
    assert ENVIRONMENT.compile("semver('v01.2', true).major()").evaluate({}) == 1
    assert ENVIRONMENT.compile("semver('1.2.3').minor() * 10 + semver('1.2.3').patch()").evaluate({}) == 23
    assert ENVIRONMENT.compile("semver('1.0.0+a') == semver('1.0.0+b')").evaluate({}) is True


def test_errors() -> None:
    with pytest.raises(EvaluationError, match=r"No Major.Minor.Patch elements found"):
        ENVIRONMENT.compile("semver('1.2')").evaluate({})
