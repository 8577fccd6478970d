"""Field tables of messages out of Go structs: number, JSON name, when JSON leaves the field out, and type.

The result is in the notation that ``steersman.apis.protobuf.messages`` reads.
"""

import re
from collections.abc import Iterable

from protobuf_fields.executable import Executable, GoField, GoType

TAG = re.compile(r'(\w+):"((?:[^"\\]|\\.)*)"')
TYPE_META = "meta/v1.TypeMeta"
SCALARS = {"bool", "int32", "int64", "uint32", "uint64", "string"}
# Messages whose JSON form is not that of a Go struct: how it is made of the message's fields, and which they are. The
# fields of those with None stand in Go's tags.
OWN_JSON_FORM: dict[str, tuple[str, tuple[str, ...] | None]] = {
    "meta/v1.Time": ("time", ("1 seconds int64", "2 nanos int32")),
    "meta/v1.MicroTime": ("microTime", ("1 seconds int64", "2 nanos int32")),
    "meta/v1.FieldsV1": ("json", ("1 raw raw",)),
    "runtime.RawExtension": ("json", ("1 raw raw",)),
    "apiextensions/v1.JSON": ("json", ("1 raw raw",)),
    "apiextensions/v1beta1.JSON": ("json", ("1 raw raw",)),
    "resource.Quantity": ("quantity", ("1 string string",)),
    "intstr.IntOrString": ("intOrString", None),
    "apiextensions/v1.JSONSchemaPropsOrArray": ("schemaOrArray", None),
    "apiextensions/v1.JSONSchemaPropsOrBool": ("schemaOrBool", None),
    "apiextensions/v1.JSONSchemaPropsOrStringArray": ("schemaOrStrings", None),
    "apiextensions/v1beta1.JSONSchemaPropsOrArray": ("schemaOrArray", None),
    "apiextensions/v1beta1.JSONSchemaPropsOrBool": ("schemaOrBool", None),
    "apiextensions/v1beta1.JSONSchemaPropsOrStringArray": ("schemaOrStrings", None),
}
Fields = dict[int, str]


class Messages:
    """Messages by name (``apps/v1.Deployment``), each with its lines by field number, gathered from many programs."""

    def __init__(self) -> None:
        self.lines: dict[str, Fields] = {}
        self.forms: dict[str, str] = {}
        self.kinds: set[str] = set()
        self.renumbered: list[str] = []

    def add_program(self, program: Executable, packages: Iterable[str]) -> None:
        """Take the kinds of these Go packages, and all that they are made of; what is known already stays."""
        wanted = set(packages)
        seen: set[str] = set()
        for found in program.structs():
            if package_of(found.full_name) in wanted and any(is_type_meta(field) for field in found.fields()):
                self.kinds.add(short_name(found.full_name))
                self._add(found, seen)

    def add_text(self, text: str) -> None:
        """Add messages in the notation of the data file, each begun by its name and ``kind`` if it is one."""
        message = ""
        for line in text.splitlines():
            if line[:1].isdigit():
                self.add_line(message, line)
            elif line and not line.startswith("#"):
                message, _, kind = line.partition(" ")
                self.lines.setdefault(message, {})
                if kind:
                    self.kinds.add(message)

    def add_line(self, message: str, line: str) -> None:
        """Add a field unless the message has that number or JSON name already."""
        number, name, _ = line.split(" ")
        fields = self.lines.setdefault(message, {})
        named = {known.split(" ")[1].rstrip("?~"): known for known in fields.values()}
        same_number, same_name = fields.get(int(number)), named.get(name.rstrip("?~"))
        if same_number is None and (same_name is None or name == "."):
            fields[int(number)] = line
        elif same_number is None or same_number != same_name:
            self.renumbered.append(f"{message}: {line}")

    def _add(self, found: GoType, seen: set[str]) -> str:
        name = short_name(found.full_name)
        if name in seen:
            return name
        seen.add(name)
        self.lines.setdefault(name, {})
        form, lines = OWN_JSON_FORM.get(name, ("", None))
        if found.kind == "slice":
            form, lines = "items", (f"1 items []{self._value(found.element, seen)}",)
        elif not form and "MarshalJSON" in found.methods:
            raise ValueError(f"{found.full_name} has a JSON form of its own: add it to OWN_JSON_FORM")
        if form:
            self.forms[name] = form
        for line in lines if lines is not None else self._struct_lines(found, bool(form), seen):
            self.add_line(name, line)
        return name

    def _struct_lines(self, found: GoType, own_form: bool, seen: set[str]) -> Iterable[str]:
        for field in found.fields():
            tags = dict(TAG.findall(field.tag))
            wire = tags.get("protobuf", "-").split(",")
            if wire[0] == "-":
                continue
            name, mode = json_name(field, tags)
            if own_form:
                name, mode = next(part[5:] for part in wire if part.startswith("name=")), ""
            if name == "." and field.type.kind != "struct":
                raise ValueError(f"{found.full_name}: {field.name} is embedded by a pointer")
            if name != "-":
                yield f"{wire[1]} {name}{mode} {self._type(field.type, seen)}"

    def _type(self, of: GoType, seen: set[str]) -> str:
        if of.kind == "pointer":
            return f"*{self._value(of.element, seen)}"
        if of.kind == "map":
            return f"map:{self._value(of.element, seen)}"
        if of.kind == "slice" and "Marshal" not in of.methods and of.element.kind != "uint8":
            element = of.element.element if of.element.kind == "pointer" else of.element
            return f"[]{self._value(element, seen)}"
        return self._value(of, seen)

    def _value(self, of: GoType, seen: set[str]) -> str:
        if of.kind == "slice" and of.element.kind == "uint8":
            return "bytes"
        if of.kind == "float64":
            return "double"
        if of.kind in SCALARS:
            return of.kind
        if of.kind == "struct" or "Marshal" in of.methods:
            return self._add(of, seen)
        raise ValueError(f"{of.name} cannot be a value in a message")


def json_name(field: GoField, tags: dict[str, str]) -> tuple[str, str]:
    """The JSON name and ``?`` where it is left out when empty, ``~`` when zero; the name ``.`` is part of its owner."""
    name, *options = tags.get("json", "").split(",")
    mode = "~" if "omitzero" in options else "?" if "omitempty" in options else ""
    return (".", "") if field.embedded and not name else (name or field.name, mode)


def is_type_meta(field: GoField) -> bool:
    return field.embedded and short_name(field.type.full_name) == TYPE_META


def package_of(full_name: str) -> str:
    """The Go package of a type, without the directory that a program had a copy of it in."""
    return full_name.rpartition(".")[0].rpartition("/vendor/")[2]


def short_name(full_name: str) -> str:
    """``k8s.io/api/apps/v1.Deployment`` → ``apps/v1.Deployment``; packages without a version by their last part."""
    package, _, name = full_name.rpartition(".")
    parts = package.split("/")
    kept = parts[-2:] if re.fullmatch(r"v\d\w*", parts[-1]) else parts[-1:]
    return f"{'/'.join(kept)}.{name}"
