"""What keeps a mutation from being made."""


class MutationFailed(Exception):
    """The policy's failurePolicy decides; the text says why, as kube-apiserver does."""
