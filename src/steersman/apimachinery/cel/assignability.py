"""Which type can stand for which, and what type parameters come to stand for. As cel-go's checker has it."""

from typing import Final

from steersman.apimachinery.cel.types import DYN, Kind, Type, parameter_type

_OPEN: Final = frozenset({Kind.DYN, Kind.ERROR})
_TAKES_NULL: Final = frozenset({Kind.NULL, Kind.NULLABLE, Kind.OPAQUE, Kind.OBJECT})


class Substitution:
    """What each type parameter stands for, as far as it is known."""

    def __init__(self) -> None:
        self._bound: dict[Type, Type] = {}
        self._made = 0

    def snapshot(self) -> dict[Type, Type]:
        """What is known now, for ``restore``."""
        return dict(self._bound)

    def restore(self, bound: dict[Type, Type]) -> None:
        """Forget what was learnt since, and know what was known then."""
        self._bound = bound

    def fresh(self) -> Type:
        """A type parameter that no one else has."""
        self._made += 1
        return parameter_type(f"%T{self._made}")

    def instantiate(self, types: tuple[Type, ...]) -> tuple[Type, ...]:
        """The types of one overload, its type parameters replaced by fresh ones."""
        renamed: dict[Type, Type] = {}

        def rename(type: Type) -> Type:
            if type.kind is Kind.PARAMETER:
                if type not in renamed:
                    renamed[type] = self.fresh()
                return renamed[type]
            if not type.parameters:
                return type
            return Type(type.kind, type.name, tuple(map(rename, type.parameters)))

        return tuple(map(rename, types))

    def resolve(self, type: Type, unknown: Type | None = None) -> Type:
        """The type with what is known put in for its parameters; ``unknown`` is put in for the others."""
        type = self._walk(type)
        if type.kind is Kind.PARAMETER:
            return unknown or type
        if not type.parameters:
            return type
        return Type(type.kind, type.name, tuple([self.resolve(inner, unknown) for inner in type.parameters]))

    def final(self, type: Type) -> Type:
        """The type when all is known: what could be any type is ``dyn``."""
        return self.resolve(type, DYN)

    def all_assignable(self, targets: tuple[Type, ...], actual: tuple[Type, ...]) -> bool:
        """Whether each actual type can stand for its target. Type parameters are bound only if all can."""
        before = dict(self._bound)
        if len(targets) == len(actual) and all(map(self._assignable, targets, actual)):
            return True
        self._bound = before
        return False

    def assignable(self, target: Type, actual: Type) -> bool:
        """Whether one type can stand for another, likewise."""
        return self.all_assignable((target,), (actual,))

    def join(self, left: Type, right: Type) -> Type | None:
        """The more general of two types that fit each other; None if they do not."""
        if not self.assignable(left, right):
            return None
        left, right = self.resolve(left), self.resolve(right)
        if left.kind in _OPEN:
            return left
        return right if right.kind in _OPEN or left.kind is Kind.NULL else left

    def _walk(self, type: Type) -> Type:
        while type.kind is Kind.PARAMETER and type in self._bound:
            type = self._bound[type]
        return type

    def _occurs(self, parameter: Type, type: Type) -> bool:
        type = self._walk(type)
        return type == parameter or any(self._occurs(parameter, inner) for inner in type.parameters)

    def _bind(self, parameter: Type, type: Type) -> bool:
        if parameter == type:
            return True
        if self._occurs(parameter, type):
            return False
        self._bound[parameter] = type
        return True

    def _assignable(self, target: Type, actual: Type) -> bool:
        if target.kind is Kind.PARAMETER and (bound := self._bound.get(target)) is not None:
            if not self._assignable(bound, actual):
                return False
            if self._walk(actual).kind is Kind.DYN:
                self._bound[target] = DYN
            return True
        target, actual = self._walk(target), self._walk(actual)
        if target.kind is Kind.PARAMETER:
            return self._bind(target, actual)
        if actual.kind is Kind.PARAMETER:
            return self._bind(actual, target)
        if target.kind in _OPEN or actual.kind in _OPEN:
            return True
        if actual.kind is Kind.NULL or target.kind is Kind.NULL:
            other = target if actual.kind is Kind.NULL else actual
            return other.kind in _TAKES_NULL
        if target.kind is not actual.kind or target.name != actual.name:
            return False
        # Values of any two types can be of different types; the types themselves are all of one.
        return target.kind is Kind.TYPE or all(map(self._assignable, target.parameters, actual.parameters))
