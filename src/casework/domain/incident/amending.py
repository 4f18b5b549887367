"""Steps about the record itself: waive, correct, reclassify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from casework.domain.fields import Code, Narrative, Partial, Reason, ServerSet, UserId
from casework.domain.incident.partial import api_names
from casework.domain.incident.reporting import KeptRules, Policy
from casework.domain.incident.steps import Correctable, Step
from casework.domain.vocabulary import Direction, Stream

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class Waive(Step, frozen=True, kw_only=True):
    """A step that the school's policy requires is not taken, for a reason that a second person authorised."""

    TOPIC: ClassVar[str] = "incident.waive"
    CORRECTABLE: ClassVar[Correctable] = Correctable(fixed=frozenset({"waived", "authorised_by"}))

    waived: Code
    reason: Reason
    authorised_by: UserId

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.authorised_by == self.by:
            return {"$.authorised_by": "must not be the user who waives the step"}
        return {}

    def apply(self, incident: Incident) -> None:
        incident.waived |= {self.waived}


class Correct(Step, frozen=True, kw_only=True):
    """An earlier step was wrong. Both steps stay in the record.

    `void`: the earlier step counts for nothing. `fields`: other values for fields of it. `correction`: what
    is right, in words, if nothing but the words was wrong. Casework sets `opens_duty`: whether something
    would have to be done in a case that is closed; and `last_child`: whether the case is then about no child,
    and was about one.
    """

    TOPIC: ClassVar[str] = "incident.correct"
    CHANGES_PEOPLE: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(replaceable=False)

    corrects: int
    reason: Reason
    void: bool = False
    fields: Partial | None = None
    correction: Narrative | None = None
    opens_duty: Annotated[bool, ServerSet()] = False
    last_child: Annotated[bool, ServerSet()] = False

    @property
    def changes(self) -> bool:
        """Whether it changes what counts, and not only words."""
        return self.void or self.fields is not None

    def judged_as(self, incident: Incident) -> Step:
        form = incident.form_of(self.corrects)
        return self if form is None or self.fields is None else self.fields.on(form)

    def faults(self, incident: Incident) -> dict[str, str]:
        if not 1 <= self.corrects <= incident.version:
            return {"$.corrects": "is not the number of a step of this incident"}
        step = incident.form_of(self.corrects)
        if step is None:
            return {"$.corrects": "is voided already"}
        if self.fields is not None:
            return self._field_faults(self.fields, step)
        return self._void_faults(step) if self.void else self._word_faults()

    @staticmethod
    def _void_faults(step: Step) -> dict[str, str]:
        reason = step.CORRECTABLE.not_voided
        return {} if reason is None else {"$.corrects": f"cannot be voided: {reason}"}

    def _word_faults(self) -> dict[str, str]:
        return {"$.void": "give void, fields, or the correction in words"} if self.correction is None else {}

    def _field_faults(self, fields: Partial, step: Step) -> dict[str, str]:
        if self.void:
            return {"$.fields": "must not be given with void"}
        if not step.CORRECTABLE.replaceable:
            return {"$.fields": f"cannot be given for the step {step.name()}"}
        if not fields.values:
            return {"$.fields": "must name at least one field"}
        names = api_names(type(step))
        faults = {}
        for attribute, value in fields.values.items():
            path = f"$.fields.{names[attribute]}"
            if attribute in step.CORRECTABLE.fixed and not step.works_out_again(attribute, value):
                faults[path] = "cannot be corrected"
            elif value == getattr(step, attribute):
                faults[path] = "has this value already"
        return faults


class Rebase(Step, frozen=True, kw_only=True):
    """From now on, another edition applies to the incident that its school adopted, for a reason.

    `pack` is an edition such as `oakfield@2026-09`, or the id of a pack: the edition of it adopted last.
    Casework sets `policy`, the editions that apply from now on, and `keeps`, the ids of the rules in force
    under those before. The incident keeps these, so that nothing that was due is lost.
    """

    TOPIC: ClassVar[str] = "incident.rebase"
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is undone by another rebase", fixed=frozenset({"pack"})
    )

    pack: Code
    reason: Reason
    policy: Annotated[Policy | None, ServerSet()] = None
    keeps: Annotated[tuple[str, ...], ServerSet()] = ()

    def apply(self, incident: Incident) -> None:
        if self.policy is None:
            return
        if self.keeps:
            incident.kept = (*incident.kept, KeptRules(incident.policy, self.keeps))
        incident.policy = self.policy


class Reclassify(Step, frozen=True, kw_only=True):
    """The incident turns out to be of another kind. All earlier steps stay.

    `direction` is given if the kind requires one and the report had none. Casework sets `kind_stream`: the
    stream of the kind.
    """

    TOPIC: ClassVar[str] = "incident.reclassify"
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is undone by another reclassify", fixed=frozenset({"kind", "direction"})
    )

    kind: Code
    reason: Reason
    direction: Direction | None = None
    kind_stream: Annotated[Stream, ServerSet()] = Stream.CHILD

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.kind": "is the kind of the incident already"} if self.kind == incident.kind else {}

    def apply(self, incident: Incident) -> None:
        incident.kind = self.kind
        incident.kinds_been |= {self.kind}
        incident.raise_concern(f"kind:{self.kind}", self.happened_at)
        incident.kind_stream = self.kind_stream
        incident.direction = self.direction or incident.direction
