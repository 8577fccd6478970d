import pytest
from bench.clients.orders import Tally, answer_read


def test_a_tally_answers_once(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally("events", 3)

    for _ in range(5):
        tally.count()

    assert capsys.readouterr().out == "events 3\n"


def test_what_is_read_is_counted_by_edition(capsys: pytest.CaptureFixture[str]) -> None:
    answer_read([{"key-0": "new-a"}, {"key-0": "a"}, {"key-0": "new-b"}], "new-")

    assert capsys.readouterr().out == "read 3 2\n"
