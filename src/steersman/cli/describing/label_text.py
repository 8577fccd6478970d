"""Field names as words: ``podCIDRs`` is "Pod CIDRs", ``apiVersion`` is "API Version"; ``ipv4`` stays as it is."""

import re

_ACRONYMS = frozenset(("API", "URL", "UID", "OSB", "GUID"))

_PLAIN = re.compile(r"[A-Za-z-]+")
# The last of several capitals belongs to the word behind it, unless that is but the s of a plural.
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|-+")


def label_text(field: str) -> str:
    if not _PLAIN.fullmatch(field):
        return field
    words = _WORD.findall(field)
    return " ".join(word.upper() if word.upper() in _ACRONYMS else word[:1].upper() + word[1:] for word in words)
