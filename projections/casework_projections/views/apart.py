"""Separates the items that fail from the others: by bisection under savepoints, or one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

from eventsourcing.persistence import PersistenceError
from sqlalchemy import Connection, exc

from casework.domain.errors import SetUpError
from casework.library.checking import PlaybookError

T = TypeVar("T")
E = TypeVar("E")
P = ParamSpec("P")

_OUTAGES: Final = (
    *(exc.InterfaceError, exc.InternalError, exc.OperationalError, exc.ProgrammingError, exc.TimeoutError),
    *(PersistenceError, SetUpError, OSError, MemoryError),
)


def is_outage(error: BaseException) -> bool:
    """Whether `error` comes from the database, the disk or the set-up, so that every item would fail.

    A missing edition of a playbook is part of the set-up too, but only the cases that pinned it fail.
    """
    return isinstance(error, _OUTAGES) and not isinstance(error, PlaybookError)


def attempted(otherwise: E, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | E:
    """Return what `work` returns for the arguments, or `otherwise` if it raises; outages are raised again."""
    try:
        return work(*args, **kwargs)
    except Exception as error:
        if is_outage(error):
            raise
        return otherwise


def loaded_apart(load: Callable[[Sequence[UUID]], dict[UUID, T]], ids: Sequence[UUID]) -> dict[UUID, T]:
    """What `load` returns for `ids`, without those it fails for; outages are raised again."""
    together = attempted(None, load, ids)
    if together is not None:
        return together
    found: dict[UUID, T] = {}
    for one in ids:
        found |= attempted({}, load, [one])
    return found


def apart(
    connection: Connection, items: Sequence[T], work: Callable[[Sequence[T]], None]
) -> list[tuple[T, Exception]]:
    """Do `work` for the `items` it does not fail for. Returns the others, each with its error.

    One failure among many items costs about twice the work, and two savepoints for each halving. Outages are
    raised again.
    """
    if not items:
        return []
    error = _attempt(connection, items, work)
    if error is None:
        return []
    if len(items) == 1:
        return [(items[0], error)]
    middle = len(items) // 2
    return apart(connection, items[:middle], work) + apart(connection, items[middle:], work)


def _attempt(
    connection: Connection, items: Sequence[T], work: Callable[[Sequence[T]], None]
) -> Exception | None:
    try:
        with connection.begin_nested():
            work(items)
    except Exception as error:
        if is_outage(error):
            raise
        return error
    return None
