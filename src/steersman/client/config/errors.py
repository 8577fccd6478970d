"""What goes wrong before a request is sent. No message holds a token, a password or a key."""


class ConfigError(Exception):
    """A configuration that cannot be used.

    ``problems`` has one line each: the file, the field or the user, cluster or context at fault, and what to do.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotInCluster(ConfigError):
    """This process does not run in a pod with a service account's token."""


class CredentialError(Exception):
    """Credentials could not be had: a token file that cannot be read, a credential plugin that failed."""
