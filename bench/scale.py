"""How much work each benchmark does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts of objects, requests and watchers; times in seconds.

    ``creates_to_few`` and ``creates_to_many`` are made while ``few_watchers`` and ``many_watchers`` watch,
    ``paced_creates`` at ``pace`` a second while ``few_watchers`` watch. ``many_objects`` 0 leaves that row out.

    Client libraries sync ``client_objects``, one count after the other; up to ``client_events`` objects they also see
    each of them updated. ``queue_items`` go through the work queue.

    ``chain_creates`` go through each of the compared admission chains, ``webhook_creates`` through each mix of
    webhooks, ``initialized_creates`` through two initializers.
    """

    objects: int
    many_objects: int
    connections: int
    gets: int
    lists: int
    page: int
    few_watchers: int
    many_watchers: int
    creates_to_few: int
    creates_to_many: int
    paced_creates: int
    pace: float
    idle: float
    settle: float
    client_objects: tuple[int, ...]
    client_events: int
    queue_items: int
    chain_creates: int
    webhook_creates: int
    initialized_creates: int


FULL = Scale(
    objects=10_000,
    many_objects=100_000,
    connections=32,
    gets=20_000,
    lists=10,
    page=500,
    few_watchers=100,
    many_watchers=1_000,
    creates_to_few=1_000,
    creates_to_many=200,
    paced_creates=500,
    pace=50,
    idle=5.0,
    settle=1.0,
    client_objects=(2_000, 10_000, 50_000, 100_000),
    client_events=10_000,
    queue_items=200_000,
    chain_creates=8_000,
    webhook_creates=1_000,
    initialized_creates=1_000,
)

SMOKE = Scale(
    objects=300,
    many_objects=0,
    connections=32,
    gets=300,
    lists=2,
    page=50,
    few_watchers=10,
    many_watchers=40,
    creates_to_few=40,
    creates_to_many=40,
    paced_creates=25,
    pace=50,
    idle=0.5,
    settle=0.1,
    client_objects=(200,),
    client_events=200,
    queue_items=2_000,
    chain_creates=200,
    webhook_creates=20,
    initialized_creates=40,
)
