"""Who a request comes from."""

import pytest

from steersman.apimachinery.errors import ApiError, unauthorized
from steersman.apiserver.authentication.authenticator import Union
from steersman.apiserver.authentication.bearer import InvalidToken
from steersman.apiserver.authentication.client_certificate import ClientCertificate
from steersman.apiserver.authentication.required import RequiredAuthentication
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Connection, PeerCertificate, Request

ALICE, BOB = UserInfo("alice"), UserInfo("bob", "42", ("dev",))


class Fixed:
    """Always finds the same."""

    def __init__(self, found: UserInfo | ApiError | None) -> None:
        self.found, self.asked = found, 0

    def authenticate(self, request: Request) -> UserInfo | None:
        self.asked += 1
        if isinstance(self.found, ApiError):
            raise self.found
        return self.found


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def request_of(authorization: bytes | None = None, connection: Connection | None = None) -> Request:
    headers = {} if authorization is None else {b"authorization": authorization}
    return Request("GET", "/", "", headers, b"", connection or Connection())


def test_a_client_certificate_names_user_and_groups() -> None:
    connection = Connection(secure=True, certificate=PeerCertificate("jane", ("dev", "ops")))

    assert ClientCertificate().authenticate(request_of(connection=connection)) == UserInfo("jane", "", ("dev", "ops"))


@pytest.mark.parametrize("certificate", [None, PeerCertificate("", ("system:masters",))])
def test_without_a_common_name_there_is_no_opinion(certificate: PeerCertificate | None) -> None:
    assert ClientCertificate().authenticate(request_of(connection=Connection(certificate=certificate))) is None


def test_the_first_that_knows_the_user_wins() -> None:
    last = Fixed(BOB)

    assert Union([Fixed(None), Fixed(ALICE), last]).authenticate(request_of()) is ALICE
    assert last.asked == 0


def test_a_refusal_counts_only_if_no_other_knows_the_user() -> None:
    refusal = unauthorized()

    assert Union([Fixed(refusal), Fixed(ALICE)]).authenticate(request_of()) is ALICE
    with pytest.raises(ApiError) as raised:
        Union([Fixed(refusal), Fixed(None)]).authenticate(request_of())
    assert raised.value is refusal
    assert Union([Fixed(None)]).authenticate(request_of()) is None


def test_of_several_refusals_one_that_tells_why_counts() -> None:
    first, second = InvalidToken("too old"), InvalidToken("too new")

    with pytest.raises(ApiError) as raised:
        Union([Fixed(unauthorized()), Fixed(first), Fixed(second)]).authenticate(request_of())
    assert raised.value is first


def test_every_user_is_in_system_authenticated_once() -> None:
    users = [
        RequiredAuthentication(Fixed(user)).authenticate(request_of())
        for user in (BOB, UserInfo("x", groups=("system:authenticated", "y")))
    ]

    assert [user.groups for user in users if isinstance(user, UserInfo)] == [
        ("dev", "system:authenticated"),
        ("system:authenticated", "y"),
    ]


@pytest.mark.parametrize("found", [None, unauthorized()])
def test_anonymous_and_unknown_are_refused(found: ApiError | None) -> None:
    required, connection = RequiredAuthentication(Fixed(found)), Connection()
    for _ in range(2):
        with pytest.raises(ApiError) as raised:
            required.authenticate(request_of(b"Bearer x", connection))
        assert (raised.value.code, raised.value.reason, raised.value.message) == (401, "Unauthorized", "Unauthorized")


def test_a_connection_remembers_its_user_for_a_while() -> None:
    clock, fixed, connection = Clock(), Fixed(BOB), Connection()
    required = RequiredAuthentication(fixed, remember=10, clock=clock)

    users = [required.authenticate(request_of(b"Bearer x", connection)) for _ in range(5)]
    assert fixed.asked == 1
    assert all(user is users[0] for user in users)
    clock.now += 10
    required.authenticate(request_of(b"Bearer x", connection))
    assert fixed.asked == 2


@pytest.mark.parametrize("other", [b"Bearer y", b"Bearer", b"", None])
def test_what_is_remembered_is_for_one_authorization_only(other: bytes | None) -> None:
    fixed, connection = Fixed(BOB), Connection()
    required = RequiredAuthentication(fixed)
    required.authenticate(request_of(b"Bearer x", connection))
    fixed.found = None

    for authorization in (other, b"Bearer x"):
        with pytest.raises(ApiError):
            required.authenticate(request_of(authorization, connection))


def test_a_user_who_is_not_lasting_is_not_remembered() -> None:
    fixed, connection = Fixed(UserInfo("bob", lasting=False)), Connection()
    required = RequiredAuthentication(fixed)
    for _ in range(3):
        required.authenticate(request_of(b"Bearer x", connection))

    assert fixed.asked == 3


def test_a_user_is_remembered_as_long_as_the_credentials_hold() -> None:
    good = [True, True, False]
    fixed, connection = Fixed(UserInfo("bob", holds=lambda: good.pop(0))), Connection()
    required = RequiredAuthentication(fixed)
    counts = []
    for _ in range(4):
        required.authenticate(request_of(b"Bearer x", connection))
        counts.append(fixed.asked)

    assert counts == [1, 1, 1, 2]


def test_other_connections_remember_nothing() -> None:
    fixed = Fixed(BOB)
    required = RequiredAuthentication(fixed)
    for _ in range(3):
        required.authenticate(request_of(b"Bearer x", Connection()))

    assert fixed.asked == 3
