"""The user that a request comes from."""

from collections.abc import Mapping

from msgspec import Struct, field

ALL_AUTHENTICATED = "system:authenticated"
"""The group of every user who was authenticated."""
ALL_UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"


class UserInfo(Struct, frozen=True):
    """``extra`` has what an authenticator adds for authorizers: lists of strings by lower-case key.

    ``lasting`` is false where the credentials may end at any moment: who found the user is asked for each request.
    """

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lasting: bool = True

    def __hash__(self) -> int:
        # Mappings have no hash.
        return hash((self.name, self.uid, self.groups))
