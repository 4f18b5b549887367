"""Which sources a clause cites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casework.domain.playbook.rules import Source
from casework.library.hints import hint


def parts_of(clause: str) -> list[str]:
    """The citations of which a clause consists."""
    return [part.strip() for part in clause.split(";")]


def cites(clause: str, sources: Iterable[Source]) -> bool:
    """Whether each part of `clause` cites one of `sources`, or an Act, which need not be listed."""
    return not _uncited(clause, list(sources))


def _uncited(clause: str, known: list[Source]) -> list[str]:
    """The parts of `clause` that cite no source and no Act."""
    return [
        part
        for part in parts_of(clause)
        if not names_act(part) and not any(is_about(part, source) for source in known)
    ]


def citation_faults(clause: str, sources: Iterable[Source]) -> Iterator[str]:
    """What is wrong with a citation in a file that lists `sources`."""
    known = list(sources)
    for part in _uncited(clause, known):
        begins = hint(part.partition(" ")[0], (source.cited_as for source in known))
        yield f"{part!r} cites no source of this file{begins}"


def is_about(part: str, source: Source) -> bool:
    """Whether `part` of a clause cites `source`."""
    return part == source.cited_as or part.startswith((source.cited_as + " ", source.cited_as + ","))


def names_act(part: str) -> bool:
    """Whether `part` of a clause names an Act."""
    return " Act " in part
