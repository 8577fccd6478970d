"""Custom resources as pydantic classes: a kind is a class, and its objects are instances, free to be changed.

::

    class DatabaseSpec(ApiModel):
        size: int
        storage_class_name: str = ""

    class Database(CustomResource, group="example.com", version="v1", plural="databases"):
        spec: DatabaseSpec

    databases = client.resource(Database)
    database = await databases.create(Database(metadata=ObjectMeta(name="orders"), spec=DatabaseSpec(size=3)))
    database.spec.size = 5
    await databases.update(database)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn, Self, Unpack, get_args

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from steersman.apimachinery.names import check_dns1035_label, check_dns1123_subdomain
from steersman.client.api_model import ApiModel, encode
from steersman.client.api_resource import ApiResource, Codec
from steersman.client.object_meta import ObjectMeta

__all__ = ["ApiModel", "CustomResource", "ObjectMeta", "ResourceNames", "Scope"]

Scope = Literal["Namespaced", "Cluster"]

_ERRORS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """What a resource is called besides its plural and kind: ``spec.names`` of its definition."""

    singular: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]


class CustomResource(ApiModel):
    """An object of a custom resource. Derive from it with the resource as keywords of the class.

    :param group: a DNS subdomain; without it (and ``version``, ``plural``) the class is for deriving from only.
    :param version: such as ``v1alpha1``.
    :param plural: the name in paths.
    :param kind: by default the name of the class.
    :param singular: by default the kind in lower case.
    :param scope: ``Namespaced`` or ``Cluster``.
    :param short_names: what kubectl takes besides.
    :param categories: groups of kinds that kubectl lists together, such as ``all``.

    A class derived from a resource's without keywords is of the same resource. Wrong keywords raise TypeError, which
    names all that is wrong. Objects that say another apiVersion or kind than the class are refused with ValueError; for
    those that do not say, both are set.
    """

    api_resource: ClassVar[ApiResource[Self]]
    """What clients and informers have to know; its codec raises ValueError with the path of what does not fit."""

    resource_names: ClassVar[ResourceNames]

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)

    def __init_subclass__(
        cls,
        *,
        group: str = "",
        version: str = "",
        plural: str = "",
        kind: str = "",
        singular: str = "",
        scope: Scope = "Namespaced",
        short_names: Sequence[str] = (),
        categories: Sequence[str] = (),
        **config: Unpack[ConfigDict],
    ) -> None:
        super().__init_subclass__()
        kind = kind or cls.__name__
        singular = singular or str(kind).lower()
        if group or version or plural:
            said = {"group": group, "version": version, "plural": plural, "kind": kind, "singular": singular}
            _check(cls, {**said, "short_names": short_names, "categories": categories}, scope, config)
            cls.api_resource = ApiResource(group, version, plural, kind, scope == "Namespaced", _codec(cls))
            cls.resource_names = ResourceNames(singular, tuple(short_names), tuple(categories))
        elif config or short_names or categories or singular != cls.__name__.lower() or scope != "Namespaced":
            _refuse(cls, ["group, version and plural are needed to say what resource it is"])
        elif (of := _resource(cls)) is not None:
            cls.api_resource = ApiResource(of.group, of.version, of.plural, of.kind, of.namespaced, _codec(cls))

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        resource = _resource(type(self))
        if resource is None:
            return self
        for name, field, expected in (
            ("apiVersion", "api_version", resource.api_version),
            ("kind", "kind", resource.kind),
        ):
            value = self.__dict__[field]
            if not value:
                self.__dict__[field] = expected
                self.__pydantic_fields_set__.add(field)
            elif value != expected:
                raise PydanticCustomError(
                    "another_kind",
                    "{name} is {value}, not {expected}",
                    {"name": name, "value": value, "expected": expected},
                )
        return self


def _resource(cls: type[CustomResource]) -> ApiResource[Any] | None:
    return getattr(cls, "api_resource", None)


def _codec(cls: type[CustomResource]) -> Codec[Any]:
    def decode(data: bytes) -> CustomResource:
        try:
            return cls.model_validate_json(data, by_alias=True, by_name=False)
        except ValidationError as error:
            raise ValueError(f"{cls.__name__}: {_explain(error)}") from None

    return Codec(decode, encode)


def _explain(error: ValidationError) -> str:
    """What does not fit, on one line: paths as in field errors of the API (``spec.ports[0].name``)."""
    details = error.errors(include_url=False, include_input=False, include_context=False)
    texts = [f"{path}: {one['msg']}" if (path := _path(one["loc"])) else one["msg"] for one in details[:_ERRORS_SHOWN]]
    more = len(details) - len(texts)
    return "; ".join([*texts, f"and {more} more"] if more else texts)


def _path(location: tuple[int | str, ...]) -> str:
    parts = (f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{part}]" for part in location)
    return "".join(parts).removeprefix(".")


def _check(cls: type, said: dict[str, Any], scope: object, config: ConfigDict) -> None:
    """Raise TypeError that tells all that is wrong with the keywords of a class."""
    problems = [f"it has no {keyword}" for keyword in ("group", "version", "plural") if not said[keyword]]
    problems += [f"{keyword} is not a keyword of it" for keyword in config]
    if scope not in get_args(Scope):
        problems.append(f"scope is {scope!r}, not 'Namespaced' or 'Cluster'")
    for keyword, value in said.items():
        is_list = keyword in ("short_names", "categories")
        if is_list and (isinstance(value, str) or not isinstance(value, Sequence)):
            problems.append(f"{keyword} is {value!r}, not a sequence of names")
            continue
        for name in value if is_list else filter(None, [value]):
            problems += [f"{keyword} {name!r}: {problem}" for problem in _name_problems(keyword, name)]
    if problems:
        _refuse(cls, problems)


def _name_problems(keyword: str, name: object) -> list[str]:
    if not isinstance(name, str):
        return ["it is not a string"]
    if keyword == "group":
        return check_dns1123_subdomain(name) or ([] if "." in name else ["it should be a domain with a dot"])
    return check_dns1035_label(name.lower() if keyword == "kind" else name)


def _refuse(cls: type, problems: list[str]) -> NoReturn:
    raise TypeError(f"class {cls.__name__}: {'; '.join(problems)}")
