"""Changes to accounts that may take two people, as they are stored until the second person decides."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.fields import Name
from casework.domain.moments import LocalDate, standard
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Matter, Role


class AppointUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to appoint to a role, from one day to another (both included).

    On days on which nobody who holds `standing_in_for` is present, the user acts in that role too.
    """

    user: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None = None
    standing_in_for: Role | None = None


class ChangeAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to an appointment. A field that is not given stays.

    `until` is its last day, no later than the present one and no earlier than yesterday. The user is absent
    from today to `absent_until`; null ends the absence. `confirmed`, which comes alone, makes a provisional
    appointment an ordinary one.
    """

    until: LocalDate | UnsetType = UNSET
    absent_until: LocalDate | UnsetType | None = UNSET
    confirmed: bool | UnsetType = UNSET


class ChangeUser(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a user; fields that are None stay as they are.

    `person` is who they are in incidents of that person's school. A user who is not `active` cannot sign in.
    """

    name: Name | None = None
    email: Name | None = None
    person: UUID | None = None
    active: bool | None = None


class Appoint(msgspec.Struct, frozen=True, kw_only=True, tag="appoint", tag_field="change"):
    """`appointment` is made at `school`. `person` is who the user was there when it was asked for."""

    school: UUID
    appointment: AppointUser
    person: UUID | None


class EndAppointment(msgspec.Struct, frozen=True, kw_only=True, tag="end_appointment", tag_field="change"):
    """An appointment at `school` ends."""

    school: UUID
    appointment: UUID


class AmendAppointment(msgspec.Struct, frozen=True, kw_only=True, tag="amend", tag_field="change"):
    """An appointment at `school` gets an earlier last day or an absence, or is confirmed."""

    school: UUID
    appointment: UUID
    fields: ChangeAppointment


class AmendUser(msgspec.Struct, frozen=True, kw_only=True, tag="amend_user", tag_field="change"):
    """A user is changed."""

    user: UUID
    fields: ChangeUser


class Invite(msgspec.Struct, frozen=True, kw_only=True, tag="invite", tag_field="change"):
    """A user is invited; `invitation` is the id of the invitation."""

    user: UUID
    invitation: UUID


AccountChange = Appoint | EndAppointment | AmendAppointment | AmendUser | Invite

MATTERS: Final[dict[type[Any], Matter]] = {
    Appoint: Matter.APPOINTMENT,
    EndAppointment: Matter.APPOINTMENT,
    AmendAppointment: Matter.APPOINTMENT,
    AmendUser: Matter.USER_CHANGE,
    Invite: Matter.INVITATION,
}
"""What each change is called among the things that take two people."""


def sealed_change(change: AccountChange, under: UUID) -> Sealed:
    """`change` as one JSON text, sealed with the data key of the user whom it is about."""
    return Sealed(msgspec.json.encode(change, enc_hook=_plain, order="deterministic").decode(), under)


def opened_change(sealed: Sealed) -> AccountChange:
    """The change that `sealed_change` sealed."""
    change: AccountChange = _decoder.decode(sealed.text)
    return change


def _plain(value: Any) -> Any:
    return value.text if isinstance(value, Sealed) else standard(value)


def _sealed(kind: type, value: Any) -> Any:
    if kind is Sealed:
        return Sealed(value)
    raise NotImplementedError(f"a change holds no {kind.__name__}")


_decoder: Final = msgspec.json.Decoder(AccountChange, dec_hook=_sealed)
