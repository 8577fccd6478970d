import copy
from collections.abc import Callable
from typing import Any

import pytest

from steersman.client.cache import ReadOnlyList, ReadOnlyMapping

CONTENT = {"a": 1, "nested": {"b": [1, {"c": 2}]}, "none": None}
NUMBERS = [3, 1, 2]


def mapping_view() -> Any:
    return ReadOnlyMapping(copy.deepcopy(CONTENT))


def list_view() -> Any:
    return ReadOnlyList([*NUMBERS])


def set_item(view: Any) -> None:
    view["a"] = 2


def delete_item(view: Any) -> None:
    del view["a"]


def merge_in(view: Any) -> None:
    view |= {"a": 2}


def set_nested(view: Any) -> None:
    view["nested"]["b"][1]["c"] = 3


def set_element(view: Any) -> None:
    view[0] = 2


def delete_element(view: Any) -> None:
    del view[0]


def extend_in_place(view: Any) -> None:
    view += [4]


def repeat_in_place(view: Any) -> None:
    view *= 2


@pytest.mark.parametrize(
    "change",
    [
        set_item,
        delete_item,
        merge_in,
        set_nested,
        lambda view: view.clear(),
        lambda view: view.pop("a"),
        lambda view: view.popitem(),
        lambda view: view.setdefault("x", 1),
        lambda view: view.update(a=2),
        lambda view: view["nested"]["b"].append(2),
    ],
)
def test_a_mapping_refuses_every_change(change: Callable[[Any], None]) -> None:
    view = mapping_view()
    with pytest.raises(TypeError, match=r"read-only: change the result of deep_copy\(\) instead"):
        change(view)
    assert view == CONTENT


@pytest.mark.parametrize(
    "change",
    [
        set_element,
        delete_element,
        extend_in_place,
        repeat_in_place,
        lambda view: view.append(1),
        lambda view: view.extend([1]),
        lambda view: view.insert(0, 1),
        lambda view: view.remove(1),
        lambda view: view.pop(),
        lambda view: view.clear(),
        lambda view: view.sort(),
        lambda view: view.reverse(),
    ],
)
def test_a_list_refuses_every_change(change: Callable[[Any], None]) -> None:
    view = list_view()
    with pytest.raises(TypeError, match=r"deep_copy\(\)"):
        change(view)
    assert view == NUMBERS


def test_no_method_that_changes_a_dict_or_list_is_forgotten() -> None:
    pure = {
        "copy",
        "fromkeys",
        "__or__",
        "__ror__",
        "__class_getitem__",
        "__reversed__",
        "__add__",
        "__mul__",
        "__rmul__",
    }
    for plain, view in ((dict, ReadOnlyMapping), (list, ReadOnlyList)):
        assert {name for name in vars(plain) if not hasattr(view, name)} <= pure


def test_a_mapping_reads_like_a_dict() -> None:
    view = mapping_view()
    assert view["a"] == 1
    assert view.get("absent", 7) == 7
    assert view.get("nested") == {"b": [1, {"c": 2}]}
    assert "a" in view
    assert "absent" not in view
    assert [*view] == [*CONTENT]
    assert dict(view.items()) == CONTENT
    assert len(view) == 3
    assert view["none"] is None
    with pytest.raises(KeyError, match="absent"):
        view["absent"]


def test_a_list_reads_like_a_list() -> None:
    view = list_view()
    assert view[0] == 3
    assert view[-1] == 2
    assert view[1:] == [1, 2]
    assert [*view] == NUMBERS
    assert 1 in view
    assert 9 not in view
    assert len(view) == 3
    assert sorted(view) == [1, 2, 3]
    assert view.index(1) == 1


def test_what_is_nested_is_read_only_however_it_is_reached() -> None:
    view = mapping_view()
    in_list = view["nested"]["b"]
    reached = [view["nested"], view.get("nested"), dict(view.items())["nested"], in_list[1], [*in_list][1]]
    assert {type(one) for one in reached} == {ReadOnlyMapping}
    assert type(view["nested"]["b"][:1]) is ReadOnlyList


def test_views_are_equal_by_content_and_no_keys() -> None:
    assert mapping_view() == mapping_view()
    assert mapping_view() != {"a": 1}
    assert {"nested": mapping_view()["nested"]} == {"nested": CONTENT["nested"]}
    assert list_view() == list_view()
    assert list_view() != (3, 1, 2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(mapping_view())


def test_a_deep_copy_is_plain_and_its_own() -> None:
    view = mapping_view()
    for copied in (view.deep_copy(), copy.deepcopy(view)):
        assert type(copied) is dict
        copied["nested"]["b"].append("mine")
    assert view == CONTENT
    elements = view["nested"]["b"].deep_copy()
    elements[1]["c"] = "mine"
    assert view == CONTENT


def test_a_view_can_be_matched() -> None:
    match mapping_view():
        case {"nested": {"b": [1, {"c": found}]}}:
            assert found == 2
        case _:
            pytest.fail("a view is a mapping, and its lists are sequences")
