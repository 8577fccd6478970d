"""Sets of field paths, and their algebra."""

from collections.abc import Iterable, Iterator, Mapping

from steersman.apimachinery.server_side_apply.path_element import Path, order_of


class FieldSet:
    """A tree: ``members`` are the steps that end a path here, ``children`` the sets below a step.

    A step may be both: the object and some of what is in it. No child is empty. The operators make new sets, which
    may share children with their operands; only :meth:`insert` changes a set, and is for whoever builds it.
    """

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[str] = (), children: Mapping[str, "FieldSet"] | None = None) -> None:
        self.members: set[str] = set(members)
        self.children: dict[str, FieldSet] = {} if children is None else dict(children)

    @classmethod
    def of(cls, *paths: Path) -> "FieldSet":
        made = cls()
        for path in paths:
            made.insert(path)
        return made

    def insert(self, path: Path) -> None:
        """Add a path; the empty one, which is the whole object, nobody owns."""
        if not path:
            return
        node = self
        for element in path[:-1]:
            below = node.children.get(element)
            if below is None:
                below = node.children[element] = FieldSet()
            node = below
        node.members.add(path[-1])

    def under(self, element: str) -> "FieldSet":
        """The paths that begin with a step, without it."""
        return self.children.get(element, _EMPTY)

    def __bool__(self) -> bool:
        return bool(self.members or self.children)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FieldSet):
            return NotImplemented
        return self.members == other.members and self.children == other.children

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, path: Path) -> bool:
        node = self
        for element in path[:-1]:
            node = node.under(element)
        return bool(path) and path[-1] in node.members

    def __iter__(self) -> Iterator[Path]:
        """Every path, in canonical order: what ends here before what goes on."""
        for element in sorted(self.members, key=order_of):
            yield (element,)
        for element in sorted(self.children, key=order_of):
            for path in self.children[element]:
                yield (element, *path)

    def __or__(self, other: "FieldSet") -> "FieldSet":
        children = dict(self.children)
        for element, below in other.children.items():
            mine = children.get(element)
            children[element] = below if mine is None else mine | below
        return FieldSet(self.members | other.members, children)

    def __and__(self, other: "FieldSet") -> "FieldSet":
        children = {
            element: both
            for element in self.children.keys() & other.children.keys()
            if (both := self.children[element] & other.children[element])
        }
        return FieldSet(self.members & other.members, children)

    def __sub__(self, other: "FieldSet") -> "FieldSet":
        """Without the paths of ``other``; what lies below such a path stays."""
        children = {element: left for element, below in self.children.items() if (left := below - other.under(element))}
        return FieldSet(self.members - other.members, children)

    def without(self, other: "FieldSet") -> "FieldSet":
        """Without the paths of ``other`` and all that lies below them."""
        children = {
            element: left
            for element, below in self.children.items()
            if element not in other.members and (left := below.without(other.under(element)))
        }
        return FieldSet(self.members - other.members, children)

    def only(self, element: str) -> "FieldSet":
        """What is at a step of the root, and below it."""
        children = {element: self.children[element]} if element in self.children else {}
        return FieldSet(self.members & {element}, children)

    def leaves(self) -> "FieldSet":
        """Without the paths that others go on from."""
        children = {element: below.leaves() for element, below in self.children.items()}
        return FieldSet(self.members - self.children.keys(), children)

    def __repr__(self) -> str:
        return f"FieldSet({', '.join('/'.join(path) for path in self)})"


_EMPTY = FieldSet()
