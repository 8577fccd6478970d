"""A server, a reflector that may lose its watch, and a consumer: whatever happens, the cache ends up right."""

from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from steersman.client.cache import (
    NAMESPACE_INDEX,
    CachedObject,
    DeletedFinalStateUnknown,
    Delta,
    DeltaFIFO,
    Deltas,
    DeltaType,
    Indexer,
)

KEYS = [f"{namespace}/{name}" for namespace in ("a", "b") for name in ("x", "y", "z")]
TAGS = st.lists(st.sampled_from(["red", "green", "blue"]), max_size=3)


def tags(obj: CachedObject) -> Iterable[str]:
    return list(obj["spec"]["tags"])


def parity(obj: CachedObject) -> Iterable[str]:
    return ["even" if int(obj.resource_version) % 2 == 0 else "odd"]


class CacheModel(RuleBasedStateMachine):
    """``server`` is what there is; ``told`` is what the reflector told the queue last: the same while it watches."""

    def __init__(self) -> None:
        super().__init__()
        self.revision = 0
        self.watching = False
        self.server: dict[str, CachedObject] = {}
        self.told: dict[str, CachedObject] = {}
        self.unpopped: dict[str, list[Delta]] = {}
        self.waiting: list[str] = []
        self.indexer = Indexer({"tag": tags})
        self.fifo = DeltaFIFO(known_objects=self.indexer)

    def _made(self, key: str, tagged: list[str]) -> CachedObject:
        self.revision += 1
        namespace, name = key.split("/")
        metadata = {"namespace": namespace, "name": name, "resourceVersion": str(self.revision)}
        return CachedObject.from_dict({"metadata": metadata, "spec": {"tags": tagged}})

    def _tell(self, type_: DeltaType, obj: CachedObject | DeletedFinalStateUnknown) -> None:
        """Note what the consumer has to be handed out."""
        self.unpopped.setdefault(obj.key, []).append(Delta(type_, obj))

    @rule(key=st.sampled_from(KEYS), tagged=TAGS)
    def write(self, key: str, tagged: list[str]) -> None:
        obj = self._made(key, tagged)
        existed = key in self.server
        self.server[key] = obj
        if self.watching:
            self.told[key] = obj
            self._tell(DeltaType.UPDATED if existed else DeltaType.ADDED, obj)
            (self.fifo.update if existed else self.fifo.add)(obj)

    @precondition(lambda self: self.server)
    @rule(data=st.data(), again=st.booleans())
    def remove(self, data: st.DataObject, again: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.server)))
        final = self._made(key, list(self.server.pop(key)["spec"]["tags"]))
        if self.watching:
            del self.told[key]
            self._tell(DeltaType.DELETED, final)
            self.fifo.delete(final)
            if again:
                self.fifo.delete(self._made(key, []))

    @rule()
    def lose_the_watch(self) -> None:
        self.watching = False

    @rule()
    def list_and_watch(self) -> None:
        for obj in self.server.values():
            self._tell(DeltaType.REPLACED, obj)
        for key in self.told.keys() - self.server.keys():
            self._tell(DeltaType.DELETED, DeletedFinalStateUnknown(key, self.told[key]))
        self.fifo.replace(self.server.values(), str(self.revision))
        self.told = dict(self.server)
        self.watching = True

    @rule()
    def resync(self) -> None:
        for obj in self.indexer.list():
            if obj.key not in self.unpopped:
                self._tell(DeltaType.SYNC, obj)
        self.fifo.resync()

    @rule(count=st.integers(1, 4))
    def consume(self, count: int) -> None:
        for _ in range(count):
            self.fifo.pop(self._process)

    @rule()
    def index_anew(self) -> None:
        if "parity" not in self.indexer.get_indexers():
            self.indexer.add_indexers({"parity": parity})

    def _process(self, deltas: Deltas, in_initial_list: bool) -> None:
        key = deltas.key
        assert key == self.waiting.pop(0), "who came first is served first"
        assert deltas == self.unpopped.pop(key), "every change is handed out, in its order, each once"
        for type_, obj in deltas:
            if type_ is DeltaType.DELETED:
                self.indexer.delete(obj)
            else:
                assert isinstance(obj, CachedObject)
                self.indexer.update(obj)
        assert self.indexer.get_by_key(key) == self.told.get(key), "what was told last is what is held"

    @invariant()
    def who_comes_later_waits_behind(self) -> None:
        keys = self.fifo.list_keys()
        assert keys[: len(self.waiting)] == self.waiting
        self.waiting = keys

    @invariant()
    def what_waits_is_what_was_told(self) -> None:
        assert {key: self.fifo.get_by_key(key) for key in self.fifo.list_keys()} == self.unpopped

    @invariant()
    def indexes_are_what_they_would_be_from_scratch(self) -> None:
        for name, function in self.indexer.get_indexers().items():
            fresh: dict[str, set[str]] = {}
            for obj in self.indexer.list():
                for value in function(obj):
                    fresh.setdefault(value, set()).add(obj.key)
            held = {value: self.indexer.index_keys(name, value) for value in self.indexer.list_index_func_values(name)}
            assert {value: set(keys) for value, keys in held.items()} == fresh
            assert all(len(set(keys)) == len(keys) for keys in held.values())

    def teardown(self) -> None:
        self.list_and_watch()
        self.who_comes_later_waits_behind()
        while self.fifo.pop(self._process):
            pass
        assert self.fifo.has_synced
        assert self.unpopped == {}
        assert {obj.key: obj for obj in self.indexer.list()} == self.server
        assert len(self.indexer.by_index(NAMESPACE_INDEX, "a")) == sum(key.startswith("a/") for key in self.server)


CacheModel.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCacheModel = CacheModel.TestCase
