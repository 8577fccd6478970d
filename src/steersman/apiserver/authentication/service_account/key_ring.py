"""The keys of one server: the one that signs, and all that are accepted, read from files when they are needed."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from steersman.apiserver.certificates import write_private

if TYPE_CHECKING:
    from steersman.apiserver.authentication.service_account.keys import SigningKey, VerificationKey


class KeyRing:
    """``signing_file`` has the private key, ``files`` more keys to accept (several, while one takes another's place).

    Without a ``signing_file`` the key is in ``default`` and is made there (mode 0600) at its first use; without that
    it lives as long as the ring. All methods may be called in any thread; they read files, and import what it takes.
    """

    def __init__(self, signing_file: Path | None, files: Sequence[Path] = (), default: Path | None = None) -> None:
        self._signing_file, self._files, self._default = signing_file, tuple(files), default
        self._lock = threading.Lock()
        self._signing: SigningKey | None = None
        self._accepted: tuple[VerificationKey, ...] | None = None

    @property
    def ready(self) -> bool:
        """Whether :meth:`accepted` has what it needs in memory."""
        return self._accepted is not None

    def signing(self) -> "SigningKey":
        """The key that signs. Raises ValueError or OSError, with the file's name, where there is none."""
        with self._lock:
            return self._sign()

    def accepted(self) -> "tuple[VerificationKey, ...]":
        """The keys whose signatures count; none where no key has been made yet. Raises as :meth:`signing`."""
        with self._lock:
            if self._accepted is None and (self._signing or self._signing_file or self._files or self._is_made()):
                self._accepted = self._read()
            return self._accepted or ()

    def _is_made(self) -> bool:
        return self._default is not None and self._default.exists()

    def _sign(self) -> "SigningKey":
        if self._signing is None:
            from steersman.apiserver.authentication.service_account import keys

            path = self._signing_file or self._default
            if path is None:
                pem = keys.make_signing_key()
            elif path == self._signing_file or path.exists():
                pem = path.read_bytes()
            else:
                pem = keys.make_signing_key()
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_private(path, pem)
            with _naming(path):
                self._signing = keys.read_signing_key(pem)
            self._accepted = None
        return self._signing

    def _read(self) -> "tuple[VerificationKey, ...]":
        from steersman.apiserver.authentication.service_account import keys

        signs = self._signing or self._signing_file or self._is_made()
        found = {self._sign().public.id: self._sign().public} if signs else {}
        for path in self._files:
            with _naming(path):
                for key in keys.read_verification_keys(path.read_bytes()):
                    found.setdefault(key.id, key)
        return tuple(found.values())


@contextmanager
def _naming(path: Path | None) -> Iterator[None]:
    """Have errors say which file they are about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
