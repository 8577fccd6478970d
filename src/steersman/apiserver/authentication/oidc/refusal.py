"""Why a token is not taken."""


class Refused(Exception):
    """A token that is not good, or cannot be looked at now. The message is for the log."""
