"""How CustomResourceDefinitions are written: what the server sets, what it checks, how a deletion begins."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from steersman.apiextensions.conditions import TERMINATING, Condition, conditions_of, with_conditions
from steersman.apiextensions.conversion import to_v1beta1
from steersman.apiextensions.custom_resource import converts_by_webhook, storage_version
from steersman.apiextensions.defaults import default_v1, default_v1beta1
from steersman.apimachinery.errors import FieldError
from steersman.apimachinery.names import subdomain_name
from steersman.apimachinery.schema.formats import string_format
from steersman.apiserver.registry.resource import Strategy

if TYPE_CHECKING:
    from steersman.apiextensions.schema_rules import Schema

Object = dict[str, Any]

FINALIZER = "customresourcecleanup.apiextensions.k8s.io"

_NUMBER_FORMATS = {"integer": ("int32", "int64"), "number": ("float", "double")}
_PENDING = Condition(
    TERMINATING,
    "True",
    "InstanceDeletionPending",
    "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
)
_RULES_NOT_EVALUATED = (
    "x-kubernetes-validations: the rules are kept but this server does not evaluate them yet: objects that break them "
    "are not refused"
)


class DefinitionStrategy(Strategy):
    """The strategy of one served version of the kind; ``v1`` says whether it is v1 or v1beta1."""

    tracks_generation = True
    has_status = True
    validate_name = staticmethod(subdomain_name)

    def __init__(self, v1: bool) -> None:
        self._v1 = v1
        self._default = default_v1 if v1 else default_v1beta1

    def prepare_for_create(self, obj: Object) -> None:
        self._default(obj)
        obj["status"] = {"acceptedNames": {"kind": "", "plural": ""}, "conditions": [], "storedVersions": []}
        _record_stored_version(obj)

    def prepare_for_update(self, obj: Object, old: Object) -> None:
        super().prepare_for_update(obj, old)
        self._default(obj)
        _record_stored_version(obj)

    def may_go(self, obj: Object) -> bool:
        """Not before it was marked: the mark brings the finalizer that its instances are removed under."""
        return "deletionTimestamp" in obj["metadata"] and super().may_go(obj)

    def begin_deletion(self, obj: Object) -> None:
        meta = obj["metadata"]
        finalizers = meta.get("finalizers") or []
        if FINALIZER not in finalizers:
            meta["finalizers"] = [*finalizers, FINALIZER]
        conditions = with_conditions(conditions_of(obj), [_PENDING], meta["deletionTimestamp"])
        obj["status"] = {**(obj.get("status") or {}), "conditions": conditions}

    def validate(self, obj: Object) -> list[FieldError]:
        # Imported, as below, for those who write definitions: the server starts sooner.
        from steersman.apiextensions.compatibility import rules_for_create
        from steersman.apiextensions.validation import validate_definition

        return validate_definition(self._checked_form(obj), rules_for_create(self._v1))

    def validate_update(self, obj: Object, old: Object) -> list[FieldError]:
        from steersman.apiextensions.compatibility import rules_for_update
        from steersman.apiextensions.validation import validate_definition_status, validate_definition_update

        new = self._checked_form(obj)
        if obj["spec"] == old["spec"] and obj["metadata"].get("annotations") == old["metadata"].get("annotations"):
            return validate_definition_status(new)
        before = self._checked_form(old)
        return validate_definition_update(new, before, rules_for_update(self._v1, new, before))

    def warnings(self, obj: Object) -> list[str]:
        from steersman.apiextensions.definition_schema import schemas_of
        from steersman.apiextensions.schema_rules import subschemas

        form = self._checked_form(obj)
        schemas = [inner for schema in schemas_of(form["spec"]) for inner in subschemas(schema)]
        warnings = list(dict.fromkeys(warning for schema in schemas for warning in _schema_warnings(schema)))
        if any(schema.get("x-kubernetes-validations") for schema in schemas):
            warnings.append(_RULES_NOT_EVALUATED)
        if converts_by_webhook(form["spec"]):
            warnings.append(
                "spec.conversion: this server does not call conversion webhooks yet: only the storage version "
                f'"{storage_version(form["spec"])}" is served'
            )
        return warnings

    def _checked_form(self, obj: Object) -> Object:
        return to_v1beta1(obj) if self._v1 else obj


def _record_stored_version(obj: Object) -> None:
    """Add the storage version to status.storedVersions; what was stored in another version may still be there."""
    status, storage = obj.get("status") or {}, storage_version(obj.get("spec") or {})
    stored = status.get("storedVersions") or []
    if storage and storage not in stored:
        obj["status"] = {**status, "storedVersions": [*stored, storage]}


def _is_known(format_: str, type_: str) -> bool:
    return string_format(format_) is not None if type_ == "string" else format_ in _NUMBER_FORMATS.get(type_, ())


def _schema_warnings(schema: "Schema") -> Iterator[str]:
    format_, items = schema.get("format"), schema.get("items")
    if format_ and not _is_known(format_, schema.get("type") or "string"):
        yield f'unrecognized format "{format_}"'
    if schema.get("x-kubernetes-list-type") == "set" and isinstance(items, dict):
        type_ = items.get("type")
        if type_ in ("object", "array"):
            yield (
                f'x-kubernetes-list-type: set for items of type "{type_}" is not supported by server-side apply or '
                "CEL validation rules"
            )
