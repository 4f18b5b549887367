"""The text of a sealed value can be read, but is never shown when the value is printed."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable
from uuid import UUID

import pytest

from casework.domain.sealed import ERASED, Sealed

SECRET = "a pupil's name"
SUBJECT = UUID(int=1)


def closed(text: str | None) -> tuple[Sealed, list[None]]:
    """A closed value that unseals to `text`, and a list with one entry for each time it was unsealed."""
    calls: list[None] = []

    def unseal() -> str | None:
        calls.append(None)
        return text

    return Sealed.closed(SUBJECT, unseal), calls


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(format, id="format"),
        pytest.param("{}".format, id="str.format"),
        pytest.param("%s".__mod__, id="percent"),
        pytest.param(lambda value: f"{value!s} {value!r} {value!a}", id="f-string"),
        pytest.param(lambda value: repr([value, {"name": value}]), id="within a container"),
    ],
)
@pytest.mark.parametrize("opened", [True, False])
def test_the_text_is_never_shown(shown: Callable[[Sealed], str], opened: bool) -> None:
    value, _ = closed(SECRET)
    if opened:
        assert value.text == SECRET
    for sealed in (value, Sealed(SECRET, SUBJECT)):
        assert SECRET not in shown(sealed)


def test_the_text_is_not_in_a_traceback_with_local_variables() -> None:
    def fail(name: Sealed) -> None:
        raise ValueError(name)

    with pytest.raises(ValueError, match="Sealed") as raised:
        fail(Sealed(SECRET))
    trace = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    shown = "".join(trace.format())
    assert "name = Sealed(…)" in shown
    assert SECRET not in shown


def test_a_closed_value_is_unsealed_once_when_first_read() -> None:
    value, calls = closed(SECRET)
    assert (repr(value), value.under) == ("Sealed(…)", SUBJECT)
    assert calls == []

    assert (value.text, value.text, value.erased) == (SECRET, SECRET, False)
    assert len(calls) == 1


def test_an_erased_value_is_marked_as_erased() -> None:
    value, calls = closed(None)
    assert (value.text, value.erased) == (ERASED, True)
    assert len(calls) == 1


def test_a_text_equal_to_the_erased_mark_is_not_erased() -> None:
    assert not Sealed(ERASED).erased
    assert Sealed(ERASED) != closed(None)[0]


def test_values_with_the_same_text_are_equal() -> None:
    value, _ = closed(SECRET)
    assert value == Sealed(SECRET)
    assert hash(value) == hash(Sealed(SECRET))
    assert value != Sealed("another")
    assert Sealed(SECRET) != SECRET


def test_a_copied_value_has_the_same_text() -> None:
    value = Sealed(SECRET, SUBJECT)
    for duplicate in (copy.copy(value), copy.deepcopy(value)):
        assert (duplicate.text, duplicate.under) == (SECRET, SUBJECT)


@pytest.mark.parametrize("attribute", ["colour", "name"])
def test_a_value_accepts_no_other_attributes(attribute: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Sealed(SECRET), attribute, SECRET)
