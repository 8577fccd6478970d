"""Parts of API objects as pydantic models: JSON's names outside, Python's inside, and nothing lost on the way.

A controller reads an object, changes it and writes it back; the server may have fields that the controller's types do
not know yet. An :class:`ApiModel` keeps these, and sends only what it was given: by the server or by assignment.
"""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema
from pydantic_core.core_schema import UnionSchema

_SCALARS = frozenset({str, int, float, bool, type(None)})


def json_name(name: str) -> str:
    """``storageClassName`` for ``storage_class_name``, and ``from`` for ``from_``."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


class ApiModel(BaseModel):
    """A part of an object, to be derived from::

        class DatabaseSpec(ApiModel):
            storage_class_name: str = ""  # storageClassName in JSON
            replicas: int | None = None

    What was never set is not sent, so that the server's defaults hold; ``None`` that was set is sent as null. ``del
    spec.replicas`` takes a field back to what was never set. Fields of the JSON that are not declared are kept in
    ``model_extra``. Objects can be changed, and what is assigned is validated.

    Defining a class raises TypeError for a field whose model would lose what it does not know: it has to be an ApiModel
    too, a model with ``extra="allow"``, or a TypedDict.
    """

    model_config = ConfigDict(
        alias_generator=json_name,
        extra="allow",
        protected_namespaces=(),
        serialize_by_alias=True,
        validate_assignment=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    @classmethod
    def __pydantic_on_complete__(cls) -> None:
        super().__pydantic_on_complete__()
        for name, field in cls.model_fields.items():
            for part in _classes(field.annotation):
                if _loses_fields(part):
                    raise TypeError(
                        f"{cls.__name__}.{name}: {part.__name__} would lose fields that it does not know: derive it "
                        f"from ApiModel"
                    )

    # Not for type checkers, which would take any attribute for one that can be set.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in type(self).model_fields and name[:1] != "_" and not hasattr(type(self), name):
                raise AttributeError(f"{type(self).__name__} has no field {name!r}; others are in model_extra")
            super().__setattr__(name, value)

        def __delattr__(self, name: str) -> None:
            field = type(self).model_fields.get(name)
            if field is None:
                super().__delattr__(name)
                return
            if field.is_required():
                raise AttributeError(f"{type(self).__name__}.{name} is required")
            self.__dict__[name] = field.get_default(call_default_factory=True, validated_data=self.__dict__)
            self.__pydantic_fields_set__.discard(name)


def encode(model: ApiModel) -> bytes:
    """The model as JSON: what was set, in place too (``metadata.labels["a"] = "b"``), and what is not declared."""
    _note_changes(model)
    return model.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _note_changes(value: object) -> None:
    """Have all models in ``value`` take those fields as set whose default was changed in place."""
    if isinstance(value, BaseModel):
        fields, fields_set = type(value).model_fields, value.__pydantic_fields_set__
        for name, item in value.__dict__.items():
            if type(item) in _SCALARS:
                continue
            _note_changes(item)
            if name not in fields_set and name in fields and _differs(item, fields[name], value):
                fields_set.add(name)
    elif isinstance(value, list | tuple | dict):
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) not in _SCALARS:
                _note_changes(item)


def _differs(item: object, field: FieldInfo, model: BaseModel) -> bool:
    """Whether a field that was never set has another value than its default."""
    if not item and field.default_factory in (list, dict):
        return False
    return bool(item != field.get_default(call_default_factory=True, validated_data=model.__dict__))


def _classes(annotation: Any) -> Iterator[type]:
    """The classes in a field's type."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _classes(argument)


def _loses_fields(part: type) -> bool:
    if issubclass(part, BaseModel):
        return part.model_config.get("extra") != "allow"
    return is_dataclass(part)


class _OneError:
    """Has a union tell what it wants in one error, rather than in one for each of its members."""

    def __init__(self, name: str, message: str) -> None:
        self._name, self._message = name, message

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: UnionSchema = handler(source)  # type: ignore[assignment]
        return {**schema, "custom_error_type": self._name, "custom_error_message": self._message}


class OrNewer:
    """Marks a choice of values, to type checkers: newer servers may have more of them, so that others are read too.

    ``Annotated[Literal["Fast", "Safe"], OrNewer]``
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        others = (core_schema.str_schema(), core_schema.bool_schema(strict=True), core_schema.int_schema(strict=True))
        return core_schema.union_schema(
            [handler(source), *others],
            custom_error_type="scalar",
            custom_error_message="Input should be a string, a number or a boolean",
        )


IntOrString: TypeAlias = Annotated[int | str, _OneError("int_or_string", "Input should be an integer or a string")]
"""A number, or a name or percentage: ``80``, ``"http"``, ``"25%"``."""

Quantity: TypeAlias = Annotated[str | int | float, _OneError("quantity", "Input should be a string or a number")]
"""A resource quantity such as ``"500m"`` or ``"1Gi"``, kept as it was written."""
