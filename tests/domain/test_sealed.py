"""A sealed text is plain to whoever asks for it and invisible to whoever prints it."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable
from uuid import UUID

import pytest

from casework.domain.sealed import ERASED, Sealed

SECRET = "a pupil's name"
SUBJECT = UUID(int=1)


def closed(answer: str | None) -> tuple[Sealed, list[None]]:
    """A closed value that unseals to `answer`, and a list as long as the number of times it was unsealed."""
    asked: list[None] = []

    def unseal() -> str | None:
        asked.append(None)
        return answer

    return Sealed.closed(SUBJECT, unseal), asked


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


def test_the_text_is_in_no_traceback_that_shows_local_variables() -> None:
    def fail(name: Sealed) -> None:
        raise ValueError(name)

    with pytest.raises(ValueError, match="Sealed") as raised:
        fail(Sealed(SECRET))
    trace = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    shown = "".join(trace.format())
    assert "name = Sealed(…)" in shown
    assert SECRET not in shown


def test_a_closed_value_is_unsealed_once_and_only_when_asked_for() -> None:
    value, asked = closed(SECRET)
    assert (repr(value), value.under) == ("Sealed(…)", SUBJECT)
    assert asked == []

    assert (value.text, value.text, value.erased) == (SECRET, SECRET, False)
    assert len(asked) == 1


def test_an_erased_value_says_so() -> None:
    value, asked = closed(None)
    assert (value.text, value.erased) == (ERASED, True)
    assert len(asked) == 1


def test_a_text_that_reads_like_an_erased_one_is_not_erased() -> None:
    assert not Sealed(ERASED).erased
    assert Sealed(ERASED) != closed(None)[0]


def test_values_are_equal_by_their_text() -> None:
    value, _ = closed(SECRET)
    assert value == Sealed(SECRET)
    assert hash(value) == hash(Sealed(SECRET))
    assert value != Sealed("another")
    assert Sealed(SECRET) != SECRET


def test_a_value_keeps_its_text_when_it_is_copied() -> None:
    value = Sealed(SECRET, SUBJECT)
    for duplicate in (copy.copy(value), copy.deepcopy(value)):
        assert (duplicate.text, duplicate.under) == (SECRET, SUBJECT)


@pytest.mark.parametrize("attribute", ["colour", "name"])
def test_nothing_else_can_be_hung_on_a_value(attribute: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Sealed(SECRET), attribute, SECRET)
