import pytest
from bench.rows import Row, rows
from bench.scale import FULL, SMOKE
from bench.table import Figure, number, render, summary


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (0.2734, "0.273"),
        (0.9996, "1.00"),
        (4.7, "4.70"),
        (9.996, "10.0"),
        (33.18, "33.2"),
        (99.97, "100"),
        (1700.4, "1,700"),
    ],
)
def test_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_median_and_range_of_the_runs() -> None:
    row = Row("get", "get.cpu", "GET: CPU-µs", kubernetes=400, goal=70)

    (line,) = summary([row], {"get.cpu": [Figure(50, 0.9), Figure(40, 0.5), Figure(90, 0.8)]})

    assert (line.median, line.least, line.most) == (50, 40, 90)
    assert (line.ratio, line.met, line.client_share) == (8, True, 0.8)


@pytest.mark.parametrize(
    ("more_is_better", "value", "ratio", "met"),
    [(False, 50, 2, True), (False, 200, 0.5, False), (True, 200, 2, True), (True, 50, 0.5, False)],
)
def test_ratio_above_one_is_better_either_way(more_is_better: bool, value: float, ratio: float, met: bool) -> None:
    row = Row("x", "x", "x", kubernetes=100, goal=100, more_is_better=more_is_better)

    (line,) = summary([row], {"x": [Figure(value)]})

    assert (line.ratio, line.met) == (ratio, met)


def test_rows_without_results_are_left_out() -> None:
    assert summary(rows(FULL), {"get.cpu": [Figure(1)], "unknown": [Figure(1)]})[0].row.key == "get.cpu"
    assert len(summary(rows(FULL), {"get.cpu": [Figure(1)], "idle.cpu": []})) == 1


def test_the_table_as_printed() -> None:
    table = render(
        summary(
            [
                Row("a", "a", "GET: CPU-µs", 467, 70),
                Row("b", "b", "rate: requests/s", 1700, None, True),
                Row("c", "c", "p99"),
            ],
            {"a": [Figure(93.4, 0.84), Figure(93.4, 0.84)], "b": [Figure(5100)], "c": [Figure(1.5)]},
        )
    )

    assert table.splitlines() == [
        "|                  | median |     min–max | kube-apiserver+etcd | ratio | goal | met | client |",
        "| ---------------- | -----: | ----------: | ------------------: | ----: | ---: | --: | -----: |",
        "| GET: CPU-µs      |   93.4 |   93.4–93.4 |                 467 | 5.00× | ≤ 70 |  NO |    84% |",
        "| rate: requests/s |  5,100 | 5,100–5,100 |               1,700 | 3.00× |      |     |        |",
        "| p99              |   1.50 |   1.50–1.50 |                     |       |      |     |        |",
    ]


def test_keys_are_unique_and_belong_to_their_group() -> None:
    table = rows(FULL)

    assert len({row.key for row in table}) == len({row.label for row in table}) == len(table)
    assert all(row.key.split(".")[0] == row.group for row in table if row.group not in ("start", "memory", "idle"))


def test_a_smaller_scale_is_compared_with_nothing() -> None:
    assert all(row.kubernetes is None and row.goal is None for row in rows(SMOKE))
    assert not any("10,000" in row.label for row in rows(SMOKE))
