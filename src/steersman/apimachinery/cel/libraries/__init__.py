"""Function libraries beyond the bare language, one file each. ``KUBERNETES`` are those of kube-apiserver 1.37."""

from typing import Final

from steersman.apimachinery.cel.functions import Library
from steersman.apimachinery.cel.libraries.authorizer import (
    AUTHORIZER,
    AUTHORIZER_TYPE,
    AUTHORIZER_VARIABLE,
    REQUEST_RESOURCE_VARIABLE,
    RESOURCE_CHECK_TYPE,
    Authorizer,
    AuthorizerValue,
    CheckAttributes,
    Decision,
    ResourceCheck,
)
from steersman.apimachinery.cel.libraries.cidr import CIDR_LIBRARY
from steersman.apimachinery.cel.libraries.comprehensions import BINDINGS, TWO_VARIABLE_COMPREHENSIONS
from steersman.apimachinery.cel.libraries.format import FORMAT
from steersman.apimachinery.cel.libraries.ip import IP_LIBRARY
from steersman.apimachinery.cel.libraries.list_extension import LIST_EXTENSION
from steersman.apimachinery.cel.libraries.lists import LISTS
from steersman.apimachinery.cel.libraries.math import MATH
from steersman.apimachinery.cel.libraries.mutation import MUTATION
from steersman.apimachinery.cel.libraries.optional import OPTIONAL
from steersman.apimachinery.cel.libraries.quantity import QUANTITY
from steersman.apimachinery.cel.libraries.regex import REGEX
from steersman.apimachinery.cel.libraries.semver import SEMVER
from steersman.apimachinery.cel.libraries.sets import SETS
from steersman.apimachinery.cel.libraries.strings import STRING_REVERSE, STRINGS
from steersman.apimachinery.cel.libraries.url import URL_LIBRARY

KUBERNETES: Final[tuple[Library, ...]] = (
    URL_LIBRARY,
    REGEX,
    LISTS,
    AUTHORIZER,
    OPTIONAL,
    QUANTITY,
    STRINGS,
    SETS,
    IP_LIBRARY,
    CIDR_LIBRARY,
    FORMAT,
    TWO_VARIABLE_COMPREHENSIONS,
    SEMVER,
    LIST_EXTENSION,
)
"""What every expression of Kubernetes may use. Those of a MutatingAdmissionPolicy have MUTATION as well."""

EXTENSIONS: Final[tuple[Library, ...]] = (MATH, BINDINGS, STRING_REVERSE)
"""cel-go's extensions that Kubernetes leaves out."""

__all__ = [
    "AUTHORIZER_TYPE",
    "AUTHORIZER_VARIABLE",
    "EXTENSIONS",
    "KUBERNETES",
    "MUTATION",
    "REQUEST_RESOURCE_VARIABLE",
    "RESOURCE_CHECK_TYPE",
    "Authorizer",
    "AuthorizerValue",
    "CheckAttributes",
    "Decision",
    "ResourceCheck",
]
