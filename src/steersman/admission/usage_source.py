"""Where past usage of images is known: what InitialResources asks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CPU, MEMORY = "cpu", "memory"


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """``resource`` is CPU or MEMORY; ``namespace`` None is any; without ``tagged``, any tag of the image counts."""

    resource: str
    image: str
    tagged: bool
    namespace: str | None
    days: int


class UsageSource(Protocol):
    async def samples(self, query: UsageQuery) -> Sequence[float]:
        """What containers of the image used, in cores or bytes, in the last days. Raises UsageUnknown."""
        ...

    async def close(self) -> None: ...


class UsageUnknown(Exception):
    """The source cannot tell; in one line, why."""


_REPOSITORY = re.compile(r"(?P<repository>.*?)(:[^/:@]*)?(@.*)?", re.DOTALL)


def repository(image: str) -> str:
    """The image without tag and digest: ``registry:5000/nginx`` of ``registry:5000/nginx:1``."""
    found = _REPOSITORY.fullmatch(image)
    return found["repository"] if found else image
