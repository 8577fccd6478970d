"""Backlogs against the simplest thing that could be right: lists that are searched from the start.

Checked at each step: which item comes next, what is queued, and when the next waiting item is due. Checked at the end:
all that was added has been handed out, and a drain comes to its end.
"""

from abc import abstractmethod

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from steersman.client.work_queue import DelayingBacklog, DelayingFifoBacklog, PriorityBacklog

ITEMS = st.sampled_from("abcdef")
SECONDS = st.integers(0, 30).map(float)


class BacklogMachine(RuleBasedStateMachine):
    """What holds for every backlog; ``due`` is what has to be processed, in the order in which it became so."""

    backlog: DelayingBacklog[str]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.due: list[str] = []
        self.waiting: dict[str, float] = {}
        self.processing: set[str] = set()
        self.owed: set[str] = set()

    @abstractmethod
    def first(self) -> str:
        """The item that has to come next."""

    def handed_out(self, item: str) -> None:
        """What else holds for ``item`` when it has been handed out."""

    def queued(self) -> list[str]:
        return [item for item in self.due if item not in self.processing]

    def take_in(self, item: str) -> bool:
        """Now ``item`` has to be processed; return whether that is news."""
        self.owed.add(item)
        if item in self.due:
            return False
        self.due.append(item)
        return True

    @rule(item=ITEMS)
    def add(self, item: str) -> None:
        assert self.backlog.add(item) == self.take_in(item)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        over = sorted((item for item, at in self.waiting.items() if at <= self.now), key=self.waiting.__getitem__)
        times = {item: self.waiting.pop(item) for item in over}

        added = self.backlog.advance(self.now)

        assert [times[item] for item in added] == sorted(times[item] for item in added)
        news = [item for item in over if item not in self.due]
        assert sorted(added) == sorted(news)
        self.owed.update(over)
        self.due.extend(added)

    @precondition(lambda self: self.queued())
    @rule()
    def get(self) -> None:
        expected = self.first()
        item = self.backlog.get()
        assert item not in self.processing
        assert item == expected
        self.due.remove(item)
        self.owed.discard(item)
        self.processing.add(item)
        self.handed_out(item)

    @precondition(lambda self: not self.queued())
    @rule()
    def get_nothing(self) -> None:
        with pytest.raises(IndexError):
            self.backlog.get()

    @precondition(lambda self: self.processing)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        self.end(data.draw(st.sampled_from(sorted(self.processing))))

    def end(self, item: str) -> None:
        again = item in self.due
        assert self.backlog.done(item) == again
        self.processing.discard(item)
        if again:
            self.due.remove(item)
            self.due.append(item)

    @rule(item=ITEMS)
    def done_without_get(self, item: str) -> None:
        if item not in self.processing:
            with pytest.raises(ValueError, match="not being processed"):
                self.backlog.done(item)

    @invariant()
    def says_what_is_so(self) -> None:
        assert len(self.backlog.queued) == len(self.queued())
        assert self.backlog.next_at == min(self.waiting.values(), default=None)
        assert self.backlog.idle == (not self.due and not self.processing)

    def teardown(self) -> None:
        if self.waiting:
            self.pass_time(max(self.waiting.values()))
        self.backlog.add_after("dropped", self.now + 1)
        self.backlog.shut_down()
        assert self.backlog.next_at is None
        assert not self.backlog.add("late")
        self.backlog.add_after("late", self.now)
        assert self.backlog.advance(self.now) == []
        while self.due or self.processing:
            while self.queued():
                self.get()
            for item in sorted(self.processing):
                self.end(item)
        assert not self.owed
        assert self.backlog.idle


class FifoMachine(BacklogMachine):
    def __init__(self) -> None:
        super().__init__()
        self.backlog = DelayingFifoBacklog()

    def first(self) -> str:
        return self.queued()[0]

    @rule(item=ITEMS, seconds=SECONDS)
    def add_after(self, item: str, seconds: float) -> None:
        at = self.now + seconds
        self.backlog.add_after(item, at)
        self.waiting[item] = min(at, self.waiting.get(item, at))


class PriorityMachine(BacklogMachine):
    def __init__(self) -> None:
        super().__init__()
        self.prioritised: PriorityBacklog[str] = PriorityBacklog()
        self.backlog = self.prioritised
        self.priorities: dict[str, int] = {}

    def first(self) -> str:
        return max(self.queued(), key=lambda item: self.priorities[item])

    def raised(self, item: str, priority: int) -> bool:
        """Whether an item that is known gets a higher priority; give it that."""
        known = self.priorities.get(item)
        if known is None or priority > known:
            self.priorities[item] = priority
        return known is not None and priority > known

    def take_in(self, item: str) -> bool:
        return self.take_in_with(item, 0)

    def take_in_with(self, item: str, priority: int) -> bool:
        self.waiting.pop(item, None)
        known = item in self.due
        if self.raised(item, priority) and known:
            self.due.remove(item)
        super().take_in(item)
        return not known

    def handed_out(self, item: str) -> None:
        assert self.prioritised.priority(item) == self.priorities.pop(item)

    @rule(item=ITEMS, priority=st.integers(-2, 2))
    def add_with_priority(self, item: str, priority: int) -> None:
        assert self.prioritised.add(item, priority) == self.take_in_with(item, priority)

    @rule(item=ITEMS, seconds=SECONDS, priority=st.integers(-2, 2))
    def add_after(self, item: str, seconds: float, priority: int) -> None:
        at = self.now + seconds
        self.prioritised.add_after(item, at, priority)
        raised = self.raised(item, priority)
        if item not in self.due:
            self.waiting[item] = min(at, self.waiting.get(item, at))
        elif raised:
            self.due.remove(item)
            self.due.append(item)


TestFifo = FifoMachine.TestCase
TestPriority = PriorityMachine.TestCase
TestFifo.settings = TestPriority.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
