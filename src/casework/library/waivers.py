"""Checks which rules of a floor or a pack a school may waive in one incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from casework.domain.incident import STEPS
from casework.domain.playbook.rules import NEVER_WAIVED, Authority, Rule, Source
from casework.library.citing import is_about, names_act, parts_of

_BINDING = (Authority.LAW, Authority.GUIDANCE)


def waiver_faults(rule: Rule, sources: Iterable[Source], default: Rule | None = None) -> Iterator[str]:
    """Why `rule` may not be `waivable`; nothing if it is not. It takes the place of `default`, if given.

    `sources` are those that it may cite, those of a floor with the authority they have there.
    """
    if not rule.waivable or not rule.is_duty:
        return
    known = list(sources)
    for part in parts_of(rule.clause):
        binding = [each for each in known if is_about(part, each) and each.authority in _BINDING]
        if binding or names_act(part):
            what = "guidance" if any(each.authority is Authority.GUIDANCE for each in binding) else "law"
            yield f"{part!r} is {what}: only a school's own policy and a default can be waived"
    if rule.protects:
        yield "a duty that protects a child cannot be waived"
    if rule.step in NEVER_WAIVED:
        yield f"{rule.step!r} cannot be waived"
    referrals = dict.fromkeys(step for step in _steps_of(rule) if step in STEPS and STEPS[step].REFERS)
    for step in referrals:
        yield f"{step!r} is a referral, or the decision about one: it cannot be waived"
    if default is not None and not default.waivable:
        yield "the rule it replaces cannot be waived, so this one cannot either"


def as_of_a_floor(sources: Iterable[Source]) -> tuple[Source, ...]:
    """The sources of a floor with their authority: law, unless they say otherwise."""
    return tuple(
        msgspec.structs.replace(source, authority=source.authority or Authority.LAW) for source in sources
    )


def _steps_of(rule: Rule) -> Iterator[str]:
    """The steps that a duty names or is met by."""
    yield rule.step or ""
    yield from (satisfier.step for satisfier in rule.answered_by)
