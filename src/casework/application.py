"""The composition root: the use cases, and the parts they are built from."""

from __future__ import annotations

from collections.abc import Callable

from casework.library import Library
from casework.record import Record
from casework.record.gate import Gate, NoGate
from casework.record.known_people import EverybodyKnown, KnownPeople
from casework.record.recusals import NoRecusals, Recusals
from casework.record.roll import NoRoll, Roll
from casework.record.user_directory import NoDirectory, UserDirectory
from casework.settings import Settings
from casework.storage.database import Database
from casework.storage.event_log import EventLog
from casework.storage.keys import DataKeys, MasterKey
from casework.storage.sealing import Sealer
from casework.storage.stored_record import StoredRecord
from casework.storage.vault import Vault
from casework.usecases.account_approvals import AccountApprovals
from casework.usecases.appointments import Appointments
from casework.usecases.approvals import Approvals
from casework.usecases.cases import Cases
from casework.usecases.conflicts import Conflicts
from casework.usecases.declarations import Declarations
from casework.usecases.enrolment import Enrolment
from casework.usecases.evidence import Evidence
from casework.usecases.incidents import Incidents
from casework.usecases.joins import Joins
from casework.usecases.people import People
from casework.usecases.relations import Relations
from casework.usecases.schools import Schools
from casework.usecases.secrets import Secrets
from casework.usecases.tokens import Tokens
from casework.usecases.users import Users
from casework.usecases.year_groups import YearGroups


class Casework:
    """The use cases over one database. Open it after a fork, never before.

    `settings` say where the database, the vault and the keys are; create the tables first with
    `casework.storage.migrations.create_tables`. `record` creates the record from the event log, `directory`
    what finds other users with the same e-mail address, `recusals` what finds joined records, people who are
    close and names that are alike, `known_people` who has a record already, and `roll` who is on the roll:
    without them none is found. `gate` shuts users out of a case before its history is replayed.
    """

    def __init__(
        self,
        settings: Settings,
        record: Callable[[EventLog], Record] = StoredRecord,
        *,
        directory: Callable[[Casework], UserDirectory] = lambda _: NoDirectory(),
        recusals: Callable[[Casework], Recusals] = lambda _: NoRecusals(),
        known_people: Callable[[Casework], KnownPeople] = lambda _: EverybodyKnown(),
        roll: Callable[[Casework], Roll] = lambda _: NoRoll(),
        gate: Callable[[Casework], Gate] = lambda _: NoGate(),
    ) -> None:
        self.settings = settings
        own_packs = settings.playbook_folder
        self.library = Library.own() if own_packs is None else Library.own().with_packs(own_packs)
        master = MasterKey.load(settings.master_key_file)
        self.database = Database(settings.database_url)
        self.keys = DataKeys(master, self.database.engine)
        self.sealer = Sealer(self.keys, master)
        self.secrets = Secrets(master.derive)
        self.vault = Vault.from_url(settings.evidence_url)
        self.log = EventLog(self.database, self.sealer)
        self.record = record(self.log)
        self.schools = Schools(self.record, self.library)
        found_users = directory(self)
        self.appointments = Appointments(self.record, self.schools, found_users)
        self.users = Users(self.record, found_users)
        self.tokens = Tokens(self.record, self.secrets)
        self.enrolment = Enrolment(self.record, self.secrets, self.tokens, found_users)
        self.recusals = recusals(self)
        self.gate = gate(self)
        known = known_people(self)
        self.people = People(self.record, self.schools, known, found_users)
        self.year_groups = YearGroups(self.record, self.schools, roll(self))
        self.relations = Relations(self.record, self.people, known)
        self.joins = Joins(self.record, self.people, found_users)
        self.declarations = Declarations(self.record, self.schools, self.library)
        self.cases = Cases(self.record, self.schools, self.library, self.recusals, self.gate)
        self.incidents = Incidents(self.record, self.cases, self.schools, self.library, self.secrets)
        self.conflicts = Conflicts(self.record, self.cases)
        accounts = AccountApprovals(self.record, found_users, self.appointments, self.users, self.enrolment)
        self.approvals = Approvals(self.record, self.cases, self.incidents.taking, accounts)
        self.evidence = Evidence(self.record, self.cases, self.incidents, self.vault, self.keys, self.secrets)

    def close(self) -> None:
        """Close the connections to the database."""
        self.log.close()
        self.database.close()
