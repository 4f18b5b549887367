"""The classes of moments and days while time is frozen, and the classes that fields declare."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final

import msgspec
import pytest
from freezegun import freeze_time

from casework.domain.clocks import LONDON
from casework.domain.incident import STEPS
from casework.domain.moments import Instant, LocalDate, standard, standardised

# In a tuple: freezegun replaces the attributes of modules.
REAL: Final = (datetime, date)
PACKAGES: Final = ("casework", "casework_projections", "casework_api")


def structs(base: type = msgspec.Struct) -> Iterator[type]:
    """Every struct that casework defines."""
    derived: type
    for derived in base.__subclasses__():
        if derived.__module__.partition(".")[0] in PACKAGES:
            yield derived
        yield from structs(derived)


@freeze_time("2026-10-25 00:30:00.000005")
def test_frozen_moments_become_standard_ones() -> None:
    now = datetime.now(UTC)
    for frozen, real in ((now, REAL[0]), (now.date(), REAL[1])):
        assert type(frozen) is not real
        assert type(standard(frozen)) is real
        assert standard(frozen) == frozen


def test_the_repeated_hour_in_autumn_is_preserved() -> None:
    later = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1)
    assert standard(later).utcoffset() == later.utcoffset() != later.replace(fold=0).utcoffset()


def test_only_the_class_of_moments_in_a_document_changes() -> None:
    with freeze_time("2026-09-14"):
        document = {"on": date(2026, 9, 14), "at": [datetime(2026, 9, 14, 10, tzinfo=UTC)], "from": time(8)}
        result = standardised(document)
    assert result == {"on": date(2026, 9, 14), "at": [datetime(2026, 9, 14, 10, tzinfo=UTC)], "from": time(8)}
    assert (type(result["at"][0]), type(result["on"])) == REAL


@pytest.mark.parametrize("value", [object(), 1, None, "2026-09-14"])
def test_any_other_value_is_refused_with_its_type(value: Any) -> None:
    with pytest.raises(NotImplementedError, match=f"{type(value).__name__} has no JSON form"):
        standard(value)


def test_a_moment_without_an_offset_is_not_an_instant() -> None:
    assert msgspec.convert("2026-09-14T10:05:00+01:00", Instant).utcoffset() is not None
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("2026-09-14T10:05:00", Instant)


def test_decoded_fields_have_standard_types() -> None:
    with freeze_time("2026-09-14"):
        read = msgspec.convert(["2026-09-14T10:05:00Z", "2026-09-14"], tuple[Instant, LocalDate])
    assert tuple(map(type, read)) == REAL


def test_every_past_moment_of_a_step_is_declared_as_past() -> None:
    unmarked = {
        (name, field)
        for name, step in STEPS.items()
        for field, hint in step.__annotations__.items()
        if re.search(r"\bInstant\b", str(hint))
    }
    assert unmarked == {("invite_parent", "meeting_at")}, "declare PastInstant from casework.domain.fields"


def test_no_struct_declares_datetime_or_date() -> None:
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            # Alembic's module can be imported only by Alembic.
            if not module.name.endswith(".migrations.env"):
                import_module(module.name)
    named = re.compile(r"\b(datetime|date)\b")
    declared = {
        f"{struct.__module__}.{struct.__qualname__}.{field}: {hint}"
        for struct in structs()
        for field, hint in struct.__annotations__.items()
        if named.search(str(hint))
    }
    assert declared == set(), "declare Instant or LocalDate from casework.domain.moments"
