"""One authority and one client certificate for all tests of the room."""

import pytest
from tests.client.config.certificates import Pair, issue


@pytest.fixture(scope="session")
def authority() -> Pair:
    return issue("authority", is_ca=True)


@pytest.fixture(scope="session")
def user_pair(authority: Pair) -> Pair:
    return issue("someone", authority)
