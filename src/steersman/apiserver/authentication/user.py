"""The user that a request comes from."""

from collections.abc import Callable, Mapping

from msgspec import Struct, field

ALL_AUTHENTICATED = "system:authenticated"
"""The group of every user who was authenticated."""
ALL_UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"


class UserInfo(Struct, frozen=True):
    """``extra`` has what an authenticator adds for authorizers: lists of strings by lower-case key.

    ``lasting`` is false where who found the user is to be asked for each request. ``holds``, where there is one, tells
    for each request whether the credentials are still good, which may end at any moment; it is cheap.
    """

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lasting: bool = True
    holds: Callable[[], bool] | None = None

    def __hash__(self) -> int:
        # Mappings have no hash.
        return hash((self.name, self.uid, self.groups))


SERVER = UserInfo("system:apiserver", groups=("system:masters",))
"""Who writes what the server writes by itself."""
