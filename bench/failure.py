"""What is raised when a benchmark cannot say what it claims to."""


class BenchmarkFailed(Exception):
    """The server did not start, answered wrongly or too late, or left something out; the message says which."""
