from typing import Any

import pytest

from steersman.client.leader_election import LeaderElectionConfig

NAMES = {"name": "l", "namespace": "n", "identity": "a"}


def test_the_defaults_are_those_of_kubernetes() -> None:
    config = LeaderElectionConfig(**NAMES)  # type: ignore[arg-type]  # mypy takes the names for any field's

    assert (config.lease_duration, config.renew_deadline, config.retry_period) == (15.0, 10.0, 2.0)
    assert config.release_on_cancel


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lease_duration": 10.0}, "lease_duration must be greater than renew_deadline"),
        ({"renew_deadline": 2.4}, "renew_deadline must be greater than 1.2 * retry_period"),
        ({"retry_period": 0.0}, "retry_period must be greater than zero"),
        ({"retry_period": -1.0}, "retry_period must be greater than zero"),
        ({"lease_duration": float("inf")}, "lease_duration must be finite"),
        ({"lease_duration": float("nan")}, "lease_duration must be greater"),
        ({"identity": ""}, "identity must not be empty"),
        ({"name": ""}, "the lease needs a name and a namespace"),
        ({"namespace": ""}, "the lease needs a name and a namespace"),
    ],
)
def test_times_that_do_not_fit_together_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        LeaderElectionConfig(**{**NAMES, **fields})


def test_the_lease_lasts_at_least_as_long_as_was_asked_for() -> None:
    assert LeaderElectionConfig(**NAMES, lease_duration=10.5).lease_seconds == 11  # type: ignore[arg-type]
