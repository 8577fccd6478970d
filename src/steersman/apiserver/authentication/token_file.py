"""Authentication by bearer tokens listed in a file (kube-apiserver's ``--token-auth-file``)."""

import csv
import hmac
import io
import logging
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from steersman.apimachinery.errors import unauthorized
from steersman.apiserver.authentication.bearer import bearer_token
from steersman.apiserver.authentication.user import UserInfo
from steersman.apiserver.http.message import Request

_logger = logging.getLogger(__name__)


class TokenFileError(ValueError):
    """A token file that cannot be used. The message has the file's name and the line, never the line's text."""


class _Known(NamedTuple):
    digest: bytes
    user: UserInfo


class TokenFile:
    """Lines of ``token,user,uid`` with optional ``"group1,group2"``, read once.

    Tokens are kept only as digests, keyed with a secret of this process: neither a memory dump nor the time a
    comparison takes gives one away. Raises OSError where the file cannot be read, TokenFileError where it is not such
    a file.
    """

    __slots__ = ("_key", "_known")

    def __init__(self, path: Path) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, _Known] = {}
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            _logger.warning("the token file %s can be read by others: its mode should be 0600", path)
        self._read(path)

    def _read(self, path: Path) -> None:
        try:
            reader = csv.reader(io.StringIO(path.read_text("utf-8"), newline=""), strict=True, skipinitialspace=True)
        except UnicodeDecodeError:
            raise TokenFileError(f"{path}: the file is not UTF-8") from None
        try:
            for row in reader:
                self._add(path, reader.line_num, row)
        except csv.Error:
            raise TokenFileError(f"{path}:{reader.line_num}: the line is not valid CSV") from None

    def _add(self, path: Path, line: int, row: list[str]) -> None:
        if not row:
            return
        if len(row) < 3:
            raise TokenFileError(
                f"{path}:{line}: must have at least 3 columns (token, user name, user uid), found {len(row)}"
            )
        token, name, uid = row[:3]
        if not token:
            _logger.warning("%s:%d: empty token, the line is skipped", path, line)
            return
        digest = self._digest(token.encode())
        if digest in self._known:
            _logger.warning("%s:%d: the token is there already, this line counts", path, line)
        groups = tuple(group for group in row[3].split(",") if group) if len(row) > 3 else ()
        self._known[digest] = _Known(digest, UserInfo(name, uid, groups))

    def _digest(self, token: bytes) -> bytes:
        return hmac.digest(self._key, token, "sha256")

    def authenticate(self, request: Request) -> UserInfo | None:
        token = bearer_token(request)
        if not token:
            return None
        digest = self._digest(token)
        known = self._known.get(digest)
        if known is None or not hmac.compare_digest(known.digest, digest):
            raise unauthorized()
        return known.user
