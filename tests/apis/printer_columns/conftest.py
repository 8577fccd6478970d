"""Tables of single objects at a fixed time."""

from collections.abc import Callable
from typing import Any

import pytest

from steersman.apimachinery.group_version import GroupKind
from steersman.apimachinery.time import parse_time
from steersman.apis.printer_columns import columns_of

NOW = parse_time("2026-01-10T00:00:00Z").timestamp()
CREATED = "2026-01-05T00:00:00Z"


@pytest.fixture
def shown() -> Callable[..., list[Any]]:
    """Gives the cells of an object but its name and its age, which must be right."""

    def cells(group: str, kind: str, obj: dict[str, Any], /, **metadata: Any) -> list[Any]:
        whole = {"metadata": {"name": "it", "creationTimestamp": CREATED, **metadata}, **obj}
        columns = columns_of(GroupKind(group, kind))
        row = dict(zip([column.name for column in columns.columns], columns.cells(whole, NOW), strict=True))
        assert row.pop("Age", "5d") == "5d"
        assert row.pop("Name") == "it"
        return list(row.values())

    return cells
