"""The counts of a term's incidents in a summary, small numbers hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from casework.domain.vocabulary import Agency, Setting, State, Stream
from casework_projections.reading.suppression import (
    THRESHOLD,
    Count,
    shown_count,
    shown_halves,
    shown_median,
    shown_table,
)
from casework_projections.views.figures import Figures

Counts = dict[str, Count]

NOT_NAMED: Final = "not_named"
OTHER_PLATFORM: Final = "other"

# A platform is free text. A rare text that is not a known platform might identify a person.
_WELL_KNOWN: Final = {
    *("bereal", "discord", "email", "facebook", "fortnite", "google", "instagram", "messenger", "minecraft"),
    *("omegle", "onlyfans", "pinterest", "reddit", "roblox", "signal", "skype", "snapchat", "spotify"),
    *("teams", "telegram", "threads", "tiktok", "twitch", "twitter", "whatsapp", "wizz", "x", "youtube"),
    "yubo",
}


class IncidentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The incidents of a term."""

    new: Count
    open: Count
    closed: Count
    reopened: Count
    by_kind: Counts
    by_state: Counts
    by_setting: Counts
    by_platform: Counts


def incident_counts(incidents: Sequence[Figures], kinds: Iterable[str]) -> IncidentCounts:
    """The counts of incidents; every table adds up to the number of new incidents."""
    states = Counter(each.state for each in incidents)
    still_open = {state.value: states[state] for state in State if state is not State.CLOSED}
    opened, by_state = shown_halves(still_open, State.CLOSED.value, states[State.CLOSED])
    settings = Counter(each.setting for each in incidents)
    return IncidentCounts(
        new=shown_count(len(incidents)),
        open=opened,
        closed=by_state[State.CLOSED.value],
        reopened=shown_count(sum(each.reopened for each in incidents)),
        by_kind=shown_table(dict.fromkeys(kinds, 0) | Counter(each.kind for each in incidents)),
        by_state=by_state,
        by_setting=shown_table({setting.value: settings[setting.value] for setting in Setting}),
        by_platform=shown_table(_platforms(each.platform for each in incidents)),
    )


def medians(incidents: Sequence[Figures]) -> dict[str, float | None]:
    """The median hours from the report to each of three steps; None if too few incidents have the step."""
    return {
        f"to_{step}": shown_median([each.hours_to[step] for each in incidents if step in each.hours_to])
        for step in ("triage", "evidence", "debrief")
    }


def clocks(incidents: Iterable[Figures], as_of: datetime) -> Counts:
    """How many duties were done by their time, and how many were done late or are late and not done."""
    clocks = [clock for each in incidents for clock in each.clocks]
    met = sum(clock.answered_at is not None and clock.answered_at <= clock.due_at for clock in clocks)
    missed = sum((clock.answered_at or as_of) > clock.due_at for clock in clocks)
    return {"met": shown_count(met), "missed": shown_count(missed)}


def parents(incidents: Sequence[Figures]) -> Counts:
    """How many times parents were informed, were invited, or had information withheld from them."""
    return {
        "informed": shown_count(sum(len(each.informed) for each in incidents)),
        "invited": shown_count(sum(len(each.invited) for each in incidents)),
        "withheld": shown_count(sum(len(each.withheld) for each in incidents)),
    }


def referrals(incidents: Iterable[Figures]) -> Counts:
    """How many incidents were referred to each agency."""
    counts = Counter(agency for each in incidents for agency in each.referrals)
    return {agency: shown_count(counts[agency]) for agency in {a.value: None for a in Agency} | counts}


def allegations(incidents: Iterable[Figures]) -> Counts:
    """Allegations by outcome. A reader may know their total from the kinds, so it counts as shown."""
    return shown_table(Counter(each.outcome for each in incidents if each.stream is Stream.ALLEGATION))


def _platforms(platforms: Iterable[str | None]) -> dict[str, int]:
    """How many incidents on each platform, ignoring case; rare unknown platforms are counted as `other`."""
    spellings: dict[str, Counter[str]] = {}
    for platform in platforms:
        spelling = NOT_NAMED if platform is None else " ".join(platform.split())
        spellings.setdefault(spelling.casefold(), Counter())[spelling] += 1
    counts: Counter[str] = Counter()
    for folded, used in spellings.items():
        named = used.total() >= THRESHOLD or folded in _WELL_KNOWN or folded == NOT_NAMED
        counts[used.most_common(1)[0][0] if named else OTHER_PLATFORM] += used.total()
    return dict(sorted(counts.items()))


def per_100(new: Count, pupils: int) -> float | None:
    """New incidents for each 100 pupils on roll; None if their number is hidden or no pupil is on roll."""
    return round(new * 100 / pupils, 1) if isinstance(new, int) and pupils else None
