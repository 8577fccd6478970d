"""What comes of a webhook that refuses, and of one that cannot be asked."""

from steersman.admission.webhook.admission_review import Status
from steersman.apimachinery.errors import ApiError, bad_request, internal_error

_HIGHEST_CODE = 599


class CallFailed(Exception):
    """A webhook that could not be asked, or whose answer is none: its failurePolicy decides.

    ``code`` is the HTTP status that metrics tell.
    """

    def __init__(self, name: str, reason: str, code: int = 503) -> None:
        super().__init__(f'failed calling webhook "{name}": {reason}')
        self.code = code

    def error(self) -> ApiError:
        return internal_error(str(self))


class Refused(Exception):
    """A webhook's own no."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


def refusal(name: str, status: Status | None) -> Refused:
    """The webhook's status as the client gets it: with its name, and never less than an error."""
    status = status or Status()
    told = status.message or status.reason
    denied = f'admission webhook "{name}" denied the request'
    message = f"{denied}: {told}" if told else f"{denied} without explanation"
    code = status.code or 0
    return Refused(
        ApiError(
            code if 400 <= code <= _HIGHEST_CODE else 400,
            status.reason or "",
            message,
            status.details,
            metadata=status.metadata or {},
        )
    )


def dry_run_unsupported(name: str) -> ApiError:
    return bad_request(f'admission webhook "{name}" does not support dry run')
