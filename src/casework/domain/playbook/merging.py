"""The rules of a case in one list: those of its floor and its pack, and those that it keeps from before."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from casework.domain.playbook.floor import Floor
from casework.domain.playbook.pack import Pack
from casework.domain.playbook.rules import Rule


class Earlier(msgspec.Struct, frozen=True):
    """Editions that applied to a case until a rebase, and the ids of their rules that it keeps."""

    floor: Floor
    pack: Pack
    kept: frozenset[str]

    def rules(self) -> tuple[Rule, ...]:
        """The rules that the case keeps."""
        every = merged(self.floor.every_rule(), self.pack.rules)
        return tuple(rule for rule in every if rule.id in self.kept)


def merged(floor: Iterable[Rule], pack: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules of the floor and the pack. A replacement takes the place of its default; the rest follow.

    Last come the duties to tell somebody, of the rules that have one.

    Rules about one kind come before the common rules, so that a refusal names the most specific rule.
    """
    replacing = {rule.replaces: rule for rule in pack if rule.replaces}
    rules = [_replaced(rule, replacing.get(rule.id)) for rule in floor]
    rules += [rule for rule in pack if not rule.replaces]
    telling = [rule.telling for rule in rules]
    return _specific_first([*rules, *(rule for rule in telling if rule is not None)])


def _replaced(default: Rule, by: Rule | None) -> Rule:
    """`by` in the place of `default`; if the default cannot be waived, its replacement cannot either."""
    if by is None:
        return default
    return msgspec.structs.replace(by, waivable=by.waivable and default.waivable)


def kept_beside(own: tuple[Rule, ...], earlier: Iterable[Earlier]) -> tuple[Rule, ...]:
    """The rules that a case keeps from `earlier` editions and that none of its `own` rules repeats."""
    asked = {_but_for_words(rule) for rule in own}
    kept: dict[bytes, Rule] = {}
    for rule in (rule for each in earlier for rule in each.rules()):
        if _but_for_words(rule) not in asked:
            kept.setdefault(_but_for_words(rule), _in_order_of(rule, own))
    return tuple(kept.values())


def beside(own: tuple[Rule, ...], kept: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Both, in the order in which they refuse."""
    return _specific_first([*own, *kept])


def with_facts_of(floor: Floor, earlier: Iterable[Earlier]) -> Floor:
    """`floor` with what makes a case critical, and the stated facts, of the `earlier` floors as well."""
    critical = {each.concern: each for each in floor.critical}
    facts = {each.id: each for each in floor.facts}
    for before in earlier:
        critical = {each.concern: each for each in before.floor.critical} | critical
        # A fact may test those stated before it, so those of earlier floors come first.
        facts = {each.id: each for each in before.floor.facts} | facts
    return msgspec.structs.replace(floor, critical=tuple(critical.values()), facts=tuple(facts.values()))


def _in_order_of(rule: Rule, own: tuple[Rule, ...]) -> Rule:
    """`rule` as it is kept: it does not come before a step that `own` rules put before its own steps.

    Two editions may put the same steps in opposite orders, and neither could be taken. That of `own` applies.
    """
    steps = {each.step for each in rule.answered_by}
    first = {
        each.step
        for other in own
        if other.is_duty and not steps.isdisjoint(other.before)
        for each in other.answered_by
    }
    return msgspec.structs.replace(rule, before=tuple(step for step in rule.before if step not in first))


def _but_for_words(rule: Rule) -> bytes:
    """What the rule asks, without its name and its words: the same for two rules that ask the same."""
    unsaid = {"id": "", "clause": "", "reason": "", "told": (), "told_done": None, "replaces": None}
    return msgspec.json.encode(msgspec.structs.replace(rule, **unsaid, adjustable=False, floor=False))


def _specific_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: not rule.kinds))
