"""The parameters of list and watch requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

NOT_OLDER_THAN: Final = "NotOlderThan"

OVERTIME_SECONDS: Final = 30.0
"""How much longer than it was asked for a watch may last, before its connection is taken for dead."""


@dataclass(frozen=True, slots=True)
class ListOptions:
    """What a list or a watch asks for (API concepts, sections "Resource versions" and "Streaming lists").

    Empty strings, 0 and False are left out of the request. ``limit`` is in objects, ``timeout_seconds`` is when the
    server ends a watch. ``include_uninitialized`` asks for what waits for initializers too; ``only``, which Steersman
    knows, for that alone.
    """

    label_selector: str = ""
    field_selector: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    limit: int = 0
    continue_token: str = ""
    timeout_seconds: int = 0
    allow_watch_bookmarks: bool = False
    send_initial_events: bool = False
    include_uninitialized: bool | str = False

    def query(self) -> list[tuple[str, str]]:
        """The parameters as they stand in a URL, without ``watch``."""
        fields: tuple[tuple[str, str | int | bool], ...] = (
            ("labelSelector", self.label_selector),
            ("fieldSelector", self.field_selector),
            ("resourceVersion", self.resource_version),
            ("resourceVersionMatch", self.resource_version_match),
            ("limit", self.limit),
            ("continue", self.continue_token),
            ("timeoutSeconds", self.timeout_seconds),
            ("allowWatchBookmarks", self.allow_watch_bookmarks),
            ("sendInitialEvents", self.send_initial_events),
            ("includeUninitialized", self.include_uninitialized),
        )
        return [(name, "true" if value is True else str(value)) for name, value in fields if value]


# Changes the options of every request, such as to narrow the selectors; client-go's TweakListOptionsFunc.
TweakListOptions = Callable[[ListOptions], ListOptions]
