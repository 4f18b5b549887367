"""When the clock of a debrief starts: at the end of the investigation, or when nothing else is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from casework.domain.incident.corrections import answers_at
from casework.domain.incident.facts import Item
from casework.domain.playbook.rules import Rule
from casework.domain.playbook.situation import Situation

Owed = Iterable[tuple[Rule, Item | None]]
Answered = Callable[[Rule, Item | None], datetime | None]
"""Returns when a duty was answered; None if it is open."""


def last_duty(
    case: Situation, rule: Rule, duties: Iterable[Rule], owed: Owed, answered: Answered
) -> datetime | None:
    """When the investigation ended; else when the last other duty was answered, None while one is open.

    `duties` are those of the kind, `owed` those that apply now. Duties that have a day of their own, such as
    actions, are not waited for.
    """
    ended = case.last_after(rule.since, "complete_investigation")
    if ended is not None:
        return ended.happened_at
    moments = [step.happened_at for name in rule.since for step in case.steps.get(name, ())]
    for other, item in owed:
        if other.step == rule.step or (other.clock is not None and other.clock.of == "item"):
            continue
        moment = answered(other, item)
        if moment is None:
            return None
        moments.append(moment)
    moments += _no_longer_owed(case, duties)
    return max(moments, key=datetime.timestamp, default=None)


def _no_longer_owed(case: Situation, duties: Iterable[Rule]) -> Iterator[datetime]:
    """When the steps were taken that answer duties which no longer apply, as that of a closed enquiry."""
    for rule in duties:
        if rule.modality.binding and not case.holds(rule.when):
            for answer in rule.answered_by:
                for step in case.steps.get(answer.step, ()):
                    if case.matches(step, answer.given):
                        yield answers_at(step, case.incident.superseded)
