"""The base class of all steps, and the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

import msgspec

from casework.domain.embedded import embeds_file
from casework.domain.errors import OpenStep
from casework.domain.event import Event
from casework.domain.fields import Narrative, ServerSet, texts
from casework.domain.vocabulary import Role, State

if TYPE_CHECKING:
    from typing import Any

    from casework.domain.incident.incident import Incident

STEPS: dict[str, type[Step]] = {}


class Correctable(msgspec.Struct, frozen=True, kw_only=True):
    """How the steps of a class may be corrected.

    `not_voided` says why one cannot be voided, or what to do instead; None if it can. Other values may take
    the place of those of its fields, by attribute, except the `fixed` ones; of none unless `replaceable`.
    """

    not_voided: str | None = None
    replaceable: bool = True
    fixed: frozenset[str] = frozenset()


class Step(Event, frozen=True, kw_only=True):
    """Something done about an incident: one step is one event, never edited and never deleted.

    A subclass names its `TOPIC` (`incident.` and the step's name), declares its fields, and says in
    `apply` how it changes the incident. `MILESTONE` is the state it reaches; `INTERNAL` steps are
    recorded by casework and not taken through the steps resource. A step that `ANSWERS_REPORT` cannot happen
    before the report; other steps, such as help for a child, can. One that `CHANGES_PEOPLE` may change whom
    the case is about. One that `REFERS` informs an agency or decides whether to, and is never waived.
    `CORRECTABLE` says how it may be corrected. One
    that is recorded `APART` is no event of the incident. Steps `FOR_REPORTERS` may be taken by the
    person who reported, steps `FOR_ASSIGNEES` by users to whom only the assignment gives access, steps
    `FOR_RECEIVERS` by a lead who received a low-level concern for the head. Casework sets `approved_by`: the
    second user, if the step needed two people; and `counts_for`: the roles, besides that in which it was
    taken, whose holders know of the case by it: those of the users who took and approved it or were told by
    it, and those in whose place they are next because the case is closed to the holders.
    """

    MILESTONE: ClassVar[State | None] = None
    INTERNAL: ClassVar[bool] = False
    ANSWERS_REPORT: ClassVar[bool] = False
    FOR_REPORTERS: ClassVar[bool] = False
    FOR_ASSIGNEES: ClassVar[bool] = False
    FOR_RECEIVERS: ClassVar[bool] = False
    CHANGES_PEOPLE: ClassVar[bool] = False
    APART: ClassVar[bool] = False
    REFERS: ClassVar[bool] = False
    CORRECTABLE: ClassVar[Correctable] = Correctable()
    AT_FIELD: ClassVar[str] = "$.at"
    _NAME: ClassVar[str]

    note: Narrative | None = None
    approved_by: Annotated[UUID | None, ServerSet()] = None
    counts_for: Annotated[tuple[Role, ...], ServerSet()] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("TOPIC"):
            cls._NAME = cls.TOPIC.removeprefix("incident.")
            STEPS[cls._NAME] = cls

    @classmethod
    def name(cls) -> str:
        """The step's name in the playbook and the API."""
        return cls._NAME

    def milestone(self) -> State | None:
        """The state this step reaches, if any."""
        return self.MILESTONE

    @classmethod
    def path_of(cls, path: str) -> str:
        """`path` as clients know it: in the API, the time of a step is not called `happened_at`."""
        return cls.AT_FIELD if path == "$.happened_at" else path

    def faults(self, incident: Incident) -> dict[str, str]:
        """What is wrong with the fields, given the state of `incident`: message by JSON path."""
        return {}

    def judged_as(self, incident: Incident) -> Step:
        """The step whose own rules this one is held to: for a correction, the step in its new form."""
        return self

    def open_before(self) -> tuple[OpenStep, ...]:
        """The steps that would have to be taken before this one, if it is refused because they were not."""
        return ()

    @property
    def number(self) -> int:
        return self.originator_version

    @property
    def in_vain(self) -> bool:
        """Whether it was tried without success: the record keeps it, and it answers no duty."""
        return False

    def works_out_again(self, attribute: str, value: Any) -> bool:
        """Whether `value` is what this field, fixed for users, says already, with what casework fills in."""
        return False

    @property
    def reached(self) -> tuple[str, ...]:
        """The roles whose holders know of the case by this step."""
        return (self.role, *self.counts_for)

    @property
    def every_text(self) -> tuple[str, ...]:
        """Every text of this step."""
        return tuple(texts(self))

    @property
    def embeds_file(self) -> bool:
        """Whether any text of this step contains the bytes of a file."""
        return any(embeds_file(text) for text in texts(self))
