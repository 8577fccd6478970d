"""Libraries of macros alone: comprehensions of two variables, and ``cel.bind``, which Kubernetes leaves out."""

from typing import Final

from steersman.apimachinery.cel.functions import Library, library
from steersman.apimachinery.cel.macros import BINDING_MACROS, TWO_VARIABLE_MACROS

BINDINGS: Final[Library] = library("cel.lib.ext.cel.bindings", macros=BINDING_MACROS)
TWO_VARIABLE_COMPREHENSIONS: Final[Library] = library("comprev2", macros=TWO_VARIABLE_MACROS)
