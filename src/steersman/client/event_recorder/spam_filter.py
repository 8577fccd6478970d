"""How many events one reporter may send about one object: client-go's EventSourceObjectSpamFilter."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

BURST: Final = 25
QPS: Final = 1 / 300
MAX_ENTRIES: Final = 4096


class SpamFilter:
    """Lets ``burst`` events through for each key, and then ``qps`` a second; the keys used last are remembered.

    Pure: ``now`` is in seconds on a clock that does not go back.
    """

    def __init__(self, burst: int = BURST, qps: float = QPS, max_entries: int = MAX_ENTRIES) -> None:
        self._burst, self._qps, self._max_entries = burst, qps, max_entries
        self._tokens: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # and when there were so many

    def accepts(self, key: Hashable, now: float) -> bool:
        """Whether one more event about ``key`` may be sent; it then counts."""
        tokens, at = self._tokens.get(key, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - at) * self._qps)
        accepted = tokens >= 1.0
        self._tokens[key] = (tokens - 1.0 if accepted else tokens, now)
        self._tokens.move_to_end(key)
        if len(self._tokens) > self._max_entries:
            self._tokens.popitem(last=False)
        return accepted
