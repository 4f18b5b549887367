"""Which sources a clause cites."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from casework.domain.playbook.rules import Source


def parts_of(clause: str) -> list[str]:
    """The citations of which a clause consists."""
    return [part.strip() for part in clause.split(";")]


def cites(clause: str, sources: Iterable[Source]) -> bool:
    """Whether each part of `clause` cites one of `sources`, or an Act, which need not be listed."""
    known = list(sources)
    parts = parts_of(clause)
    return all(any(is_about(part, source) for source in known) or names_act(part) for part in parts)


def citation_faults(clause: str, sources: Iterable[Source]) -> Iterator[str]:
    """What is wrong with a citation in a file that lists `sources`."""
    if not cites(clause, sources):
        yield f"{clause!r} cites no source of this file"


def is_about(part: str, source: Source) -> bool:
    """Whether `part` of a clause cites `source`."""
    return part == source.cited_as or part.startswith((source.cited_as + " ", source.cited_as + ","))


def names_act(part: str) -> bool:
    """Whether `part` of a clause names an Act."""
    return " Act " in part
