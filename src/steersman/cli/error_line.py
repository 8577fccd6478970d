"""An error in one line, as commands print it."""


def error_line(error: BaseException) -> str:
    """What the error says; of the system's, the file that it is about and the reason, not the number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return "; ".join(str(error).splitlines()) or type(error).__name__
