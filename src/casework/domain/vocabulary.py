"""The closed lists of words that a step or a record may use. Kinds and clauses are data, not code."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far an incident has progressed; the order of the members is the order of the milestones."""

    REPORTED = "reported"
    EVIDENCE_SAVED = "evidence_saved"
    PARENT_INVITED = "parent_invited"
    ESCALATED = "escalated"
    DEBRIEFED = "debriefed"
    CLOSED = "closed"

    @property
    def rank(self) -> int:
        return _STATE_ORDER.index(self)


_STATE_ORDER = tuple(State)


class Stream(StrEnum):
    """Which users may see an incident: allegations against staff are separate from cases about children."""

    CHILD = "child"
    ALLEGATION = "allegation"


class Setting(StrEnum):
    ON_SITE = "on_site"
    OFF_SITE = "off_site"
    ONLINE_AT_HOME = "online_at_home"
    UNKNOWN = "unknown"


class Content(StrEnum):
    THREATENING = "threatening"
    ABUSIVE = "abusive"
    SEXIST = "sexist"
    SEXUAL = "sexual"
    RACIST = "racist"
    HOMOPHOBIC = "homophobic"
    RELIGIOUS_HATE = "religious_hate"
    DISABILITY_HATE = "disability_hate"
    EXTREMIST = "extremist"
    SELF_HARM = "self_harm"
    ADULT_CONTACT = "adult_contact"
    INDECENT_IMAGE = "indecent_image"
    PERSONAL_DATA = "personal_data"
    BLACKMAIL = "blackmail"
    AI_GENERATED = "ai_generated"


class Direction(StrEnum):
    PUPIL_TO_STAFF = "pupil_to_staff"
    STAFF_TO_PUPIL = "staff_to_pupil"
    PARENT_TO_STAFF = "parent_to_staff"
    STAFF_TO_PARENT = "staff_to_parent"


BY_STAFF = frozenset({Direction.STAFF_TO_PUPIL, Direction.STAFF_TO_PARENT})
"""The directions of contact in which an adult at the school is alleged, named or not."""


class Involvement(StrEnum):
    TARGET = "target"
    ALLEGED = "alleged"
    WITNESS = "witness"
    REPORTER = "reporter"
    PARENT = "parent"
    BYSTANDER = "bystander"


class Category(StrEnum):
    PUPIL = "pupil"
    FORMER_PUPIL = "former_pupil"
    STAFF = "staff"
    GOVERNOR = "governor"
    CONTRACTOR = "contractor"
    VOLUNTEER = "volunteer"
    VISITOR = "visitor"
    PARENT = "parent"
    EXTERNAL = "external"
    UNKNOWN = "unknown"

    @property
    def is_or_was_pupil(self) -> bool:
        """Whether this is a pupil of the school, or one who has left: a child, or an adult by now."""
        return self in _PUPILS

    @property
    def works_at_school(self) -> bool:
        """Whether this is staff in the wide sense of KCSIE part 4: all who work or volunteer there."""
        return self in _WORKFORCE

    @property
    def is_of_adults(self) -> bool:
        """Whether only adults are of this category."""
        return self.works_at_school or self is Category.PARENT

    @property
    def belongs_to_school(self) -> bool:
        """Whether a person of this category is on the roll unless a lead or administrator says otherwise."""
        return self in _ROLL


_PUPILS = frozenset({Category.PUPIL, Category.FORMER_PUPIL})
_WORKFORCE = frozenset(
    {Category.STAFF, Category.GOVERNOR, Category.CONTRACTOR, Category.VOLUNTEER, Category.VISITOR}
)
_ROLL = frozenset(
    {Category.PUPIL, Category.STAFF, Category.GOVERNOR, Category.VOLUNTEER, Category.CONTRACTOR}
)


class Relation(StrEnum):
    """What one person is to another."""

    PARENT_OF = "parent_of"
    GUARDIAN_OF = "guardian_of"
    CARER_OF = "carer_of"
    SOCIAL_WORKER_OF = "social_worker_of"
    SIBLING_OF = "sibling_of"
    SPOUSE_OF = "spouse_of"
    PARTNER_OF = "partner_of"
    RELATIVE_OF = "relative_of"
    CLOSE_FRIEND_OF = "close_friend_of"
    LINE_MANAGER_OF = "line_manager_of"

    @property
    def inverse(self) -> EitherRelation:
        """What the other person is to the first: their child, for `parent_of`."""
        return _INVERSES.get(self, EitherRelation(self.value))

    @property
    def is_symmetrical(self) -> bool:
        """Whether each is the same to the other, as siblings are."""
        return self not in _INVERSES


class EitherRelation(StrEnum):
    """What one person is to another, whichever of them it was recorded for."""

    PARENT_OF = "parent_of"
    GUARDIAN_OF = "guardian_of"
    CARER_OF = "carer_of"
    SOCIAL_WORKER_OF = "social_worker_of"
    SIBLING_OF = "sibling_of"
    SPOUSE_OF = "spouse_of"
    PARTNER_OF = "partner_of"
    RELATIVE_OF = "relative_of"
    CLOSE_FRIEND_OF = "close_friend_of"
    LINE_MANAGER_OF = "line_manager_of"
    CHILD_OF = "child_of"
    WARD_OF = "ward_of"
    CARED_FOR_BY = "cared_for_by"
    CLIENT_OF = "client_of"
    MANAGED_BY = "managed_by"


_INVERSES = {
    Relation.PARENT_OF: EitherRelation.CHILD_OF,
    Relation.GUARDIAN_OF: EitherRelation.WARD_OF,
    Relation.CARER_OF: EitherRelation.CARED_FOR_BY,
    Relation.SOCIAL_WORKER_OF: EitherRelation.CLIENT_OF,
    Relation.LINE_MANAGER_OF: EitherRelation.MANAGED_BY,
}


class MayBeContacted(StrEnum):
    """Whether a person may be contacted about the person they are related to."""

    YES = "yes"
    ASK_FIRST = "ask_first"
    NO = "no"


class Role(StrEnum):
    """The roles a user may be appointed to at a school."""

    REPORTER = "reporter"
    DSL = "dsl"
    DEPUTY_DSL = "deputy_dsl"
    HEADTEACHER = "headteacher"
    SLT = "slt"
    CHAIR_OF_GOVERNORS = "chair_of_governors"
    VICE_CHAIR = "vice_chair"
    GOVERNOR = "governor"
    ADMIN = "admin"

    @property
    def reads_cases(self) -> bool:
        """Whether this role may read cases, so that who holds it must be known as a person."""
        return self in _READING

    @property
    def leads(self) -> bool:
        """Whether this role leads safeguarding at a school: the designated lead, a deputy, or the head."""
        return self in _LEADING


_LEADING = frozenset({Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER})
_READING = frozenset(
    {
        Role.DSL,
        Role.DEPUTY_DSL,
        Role.HEADTEACHER,
        Role.SLT,
        Role.CHAIR_OF_GOVERNORS,
        Role.VICE_CHAIR,
    }
)


class OutsideContactOf(StrEnum):
    """Whom a school may reach outside itself."""

    LADO = "lado"
    POLICE = "police"
    LOCAL_AUTHORITY = "local_authority"


class Timing(StrEnum):
    IN_SCHOOL = "in_school"
    OUT_OF_SCHOOL = "out_of_school"


class Ground(StrEnum):
    """Why a school may act on what happened outside it (001 D)."""

    ORDERLY_RUNNING = "orderly_running"
    THREAT_TO_MEMBER = "threat_to_member"
    REPUTATION = "reputation"


class EvidenceForm(StrEnum):
    SCREENSHOT = "screenshot"
    MESSAGE_EXPORT = "message_export"
    LINK = "link"
    DOCUMENT = "document"
    AUDIO_VIDEO = "audio_video"
    WRITTEN_ACCOUNT = "written_account"
    DEVICE_SECURED = "device_secured"


class MeetingOutcome(StrEnum):
    ATTENDED = "attended"
    NO_SHOW = "no_show"
    DECLINED = "declined"


class Addressee(StrEnum):
    PERSON = "person"
    PLATFORM = "platform"
    ISP = "isp"
    REPORT_REMOVE = "report_remove"
    REVENGE_PORN_HELPLINE = "revenge_porn_helpline"
    STOPNCII = "stopncii"


class RemovalOutcome(StrEnum):
    REMOVED = "removed"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


class Agency(StrEnum):
    POLICE = "police"
    CEOP = "ceop"
    CHILDRENS_SOCIAL_CARE = "childrens_social_care"
    EARLY_HELP = "early_help"
    HEALTH = "health"
    OTHER_SCHOOL = "other_school"
    EMPLOYER = "employer"
    PLATFORM = "platform"
    ISP = "isp"
    PREVENT = "prevent"
    GOVERNORS = "governors"

    @property
    def is_milestone(self) -> bool:
        """Whether a referral to this agency escalates the incident; the others are only recorded."""
        return self in _ESCALATES


_ESCALATES = frozenset(
    {Agency.POLICE, Agency.CEOP, Agency.CHILDRENS_SOCIAL_CARE, Agency.HEALTH, Agency.PREVENT}
)


class Respondent(StrEnum):
    """Who may respond to a referral: the agencies and the LADO, whose enquiry `consult_lado` opens."""

    POLICE = "police"
    CEOP = "ceop"
    CHILDRENS_SOCIAL_CARE = "childrens_social_care"
    EARLY_HELP = "early_help"
    HEALTH = "health"
    OTHER_SCHOOL = "other_school"
    EMPLOYER = "employer"
    PLATFORM = "platform"
    ISP = "isp"
    PREVENT = "prevent"
    GOVERNORS = "governors"
    LADO = "lado"


class Recipient(StrEnum):
    """Whom a rule may require to be notified, besides holders of roles and those who respond to referrals."""

    DPO = "dpo"
    IT = "it"
    LINE_MANAGER = "line_manager"
    PARENTS = "parents"


RECIPIENTS = frozenset(str(word) for words in (Role, Respondent, Recipient) for word in words)
"""Everyone whom a rule may require to be notified."""


class Enquiry(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class AdviceTopic(StrEnum):
    OFFICIAL_CHANNEL = "official_channel"
    SAFE_USE = "safe_use"
    REPORTING_TOOLS = "reporting_tools"
    OTHER = "other"


class DecisionTopic(StrEnum):
    REMOVAL_REFUSED = "removal_refused"
    LEGAL_ACTION = "legal_action"
    MANAGED_IN_SCHOOL = "managed_in_school"
    OTHER = "other"


class Limb(StrEnum):
    """The four ways an adult may meet the harm threshold (KCSIE part 4)."""

    HARMED = "harmed"
    POSSIBLE_OFFENCE = "possible_offence"
    MAY_POSE_RISK = "may_pose_risk"
    MAY_BE_UNSUITABLE = "may_be_unsuitable"


class AllegationOutcome(StrEnum):
    SUBSTANTIATED = "substantiated"
    MALICIOUS = "malicious"
    FALSE = "false"
    UNSUBSTANTIATED = "unsubstantiated"
    UNFOUNDED = "unfounded"


class Change(StrEnum):
    """What a lesson learnt changes."""

    POLICY = "policy"
    CURRICULUM = "curriculum"
    TRAINING = "training"
    FILTERING = "filtering"
    OTHER = "other"


class Matter(StrEnum):
    """What needs two people: one user asks for it, another decides."""

    STEP = "step"
    REVEAL_REPORTER = "reveal_reporter"
    LET_IN = "let_in"
    BREAK_GLASS = "break_glass"
    APPOINTMENT = "appointment"
    INVITATION = "invitation"
    USER_CHANGE = "user_change"


class ApprovalState(StrEnum):
    """The state of a request for approval."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
