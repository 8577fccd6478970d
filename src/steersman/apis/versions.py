"""The minor versions of Kubernetes whose API can be served."""

from typing import NamedTuple

FIRST_MINOR, LAST_MINOR = 7, 37


class KubernetesVersion(NamedTuple):
    """A minor version of Kubernetes 1."""

    minor: int

    def __str__(self) -> str:
        return f"1.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> "KubernetesVersion":
        """Read ``1.20``, ``v1.20`` or ``1.20.2``; raises ValueError with one line for what cannot be emulated."""
        major, _, rest = text.removeprefix("v").partition(".")
        minor = rest.partition(".")[0]
        if major == "1" and minor.isascii() and minor.isdecimal() and FIRST_MINOR <= int(minor) <= LAST_MINOR:
            return cls(int(minor))
        raise ValueError(
            f"{text!r} is not a version that can be served: choose one from 1.{FIRST_MINOR} to 1.{LAST_MINOR}"
        )


NEWEST = KubernetesVersion(LAST_MINOR)
