"""``--validate``: what the server does about fields that it does not know (KEP-2885)."""

from steersman.cli.cluster.failure import UsageError

_MODES = {"strict": "Strict", "true": "Strict", "warn": "Warn", "ignore": "Ignore", "false": "Ignore"}


def field_validation(text: str) -> str:
    """The mode as a parameter has it. Raises UsageError."""
    if text.lower() not in _MODES:
        raise UsageError(f'invalid validation "{text}": must be one of strict, warn, ignore')
    return _MODES[text.lower()]
