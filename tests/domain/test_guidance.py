"""The offences and channels shown for an incident: by its day, and never against the playbook."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.guidance import Channel, Circumstances, Guidance, Offence
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.domain.casefile import ALLEGED, PACKS, PARENT, TARGET, TEACHER, CaseFile, at
from tests.domain.situations import DUTIES, KINDS, STAFF_ALLEGED, STAFF_TARGET

TABLES: Final = Library.own().dated_tables
OF_A_PARENT: Final[dict[str, Any]] = {"people": ((PARENT, "target", "parent"), (TEACHER, "alleged", "staff"))}
OF_A_PUPIL: Final[dict[str, Any]] = {"people": ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"))}
NUDES: Final = {"indecent_image"}


def guidance_of(case: CaseFile) -> Guidance:
    return TABLES.guidance(case.incident, case.playbook)


def case_of(kind: str, *content: str, occurred: str = "2026-09-14 10:00", **fields: Any) -> CaseFile:
    """A case of `kind` whose material contains `content`."""
    words = tuple(Content(word) for word in content)
    return CaseFile(kind, content=words, occurred_at=at(occurred), **fields)


def offences(case: CaseFile) -> set[str]:
    return {offence.id for offence in guidance_of(case).offences}


def channels(case: CaseFile) -> dict[str, bool]:
    return {advice.channel.id: advice.suits for advice in guidance_of(case).channels}


def reason(case: CaseFile, channel: str) -> str:
    return next(advice.reason for advice in guidance_of(case).channels if advice.channel.id == channel)


SHOWN: Final = [
    # the kind, the content of the material, the people, and the expected tags
    ("cyberbullying", ["threatening"], {}, {"threatening-communication", "fear-of-violence", "harassment",
     "menacing-or-grossly-offensive-message"}),
    ("cyberbullying", ["abusive"], {}, {"malicious-communication", "harassment",
     "menacing-or-grossly-offensive-message"}),
    ("cyberbullying", ["racist"], {}, {"malicious-communication", "harassment",
     "menacing-or-grossly-offensive-message"}),
    ("cyberbullying", ["self_harm"], {}, {"self-harm-encouraged"}),
    ("cyberbullying", ["personal_data"], {}, {"personal-data-disclosed"}),
    ("cyberbullying", ["extremist"], {}, set()),
    ("cyberbullying", [], {}, set()),
    ("underage_use", [], {}, set()),
    ("underage_use", ["adult_contact"], {}, {"meeting-after-grooming", "sexual-communication-with-a-child"}),
    ("sexting", [], {}, {"indecent-image-of-a-child", "indecent-image-of-a-child-held"}),
    ("staff_allegation", ["sexual"], STAFF_ALLEGED, {"abuse-of-trust", "malicious-communication",
     "harassment", "menacing-or-grossly-offensive-message"}),
    ("cyberbullying", ["indecent_image"], OF_A_PUPIL, {"indecent-image-of-a-child",
     "indecent-image-of-a-child-held", "prohibited-image-of-a-child", "genitals-image-sent"}),
    ("cyberbullying", ["indecent_image"], STAFF_TARGET, {"intimate-image-shared", "genitals-image-sent"}),
    ("cyberbullying", ["indecent_image"], OF_A_PARENT, {"intimate-image-shared", "genitals-image-sent"}),
    ("adult_image", ["indecent_image"], {}, {"intimate-image-shared", "genitals-image-sent"}),
    ("adult_image", ["indecent_image"], OF_A_PUPIL, {"indecent-image-of-a-child",
     "indecent-image-of-a-child-held", "prohibited-image-of-a-child", "genitals-image-sent",
     "intimate-image-shared"}),
    ("online_grooming", [], {}, {"meeting-after-grooming", "sexual-communication-with-a-child"}),
    ("inappropriate_content", ["indecent_image"], {"people": ()}, {"indecent-image-of-a-child",
     "indecent-image-of-a-child-held", "prohibited-image-of-a-child", "genitals-image-sent"}),
    ("parent_post", ["abusive"], {}, {"false-communication", "malicious-communication", "harassment",
     "menacing-or-grossly-offensive-message"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "content", "people", "tags"), SHOWN)
def test_the_recorded_facts_decide_the_tags(
    kind: str, content: list[str], people: dict[str, Any], tags: set[str]
) -> None:
    assert offences(case_of(kind, *content, **people)) == tags


def test_every_tag_that_can_be_shown_is_tested() -> None:
    of_hatred = {"racial-hatred", "religious-hatred", "hatred-for-sexual-orientation"}
    of_its_time = {"intimate-image-disclosed"}
    shown = {tag for _, _, _, tags in SHOWN for tag in tags} | of_hatred | of_its_time
    assert {offence.id for offence in TABLES.offences if offence.shown} == shown


@pytest.mark.parametrize(
    ("hate", "with_threats", "with_abuse"),
    [
        ("racist", "racial-hatred", "racial-hatred"),
        ("religious_hate", "religious-hatred", None),
        ("homophobic", "hatred-for-sexual-orientation", None),
    ],
)
def test_hatred_needs_threats_except_racial_hatred_needs_abuse(
    hate: str, with_threats: str, with_abuse: str | None
) -> None:
    stirring = {"racial-hatred", "religious-hatred", "hatred-for-sexual-orientation"}
    assert offences(case_of("cyberbullying", hate)) & stirring == set()
    assert offences(case_of("cyberbullying", hate, "threatening")) & stirring == {with_threats}
    assert offences(case_of("cyberbullying", hate, "abusive")) & stirring == {with_abuse} - {None}


def test_an_answer_to_the_risk_questions_adds_a_tag() -> None:
    case = case_of("sexting")
    assert "meeting-after-grooming" not in offences(case)
    assert "meeting-after-grooming" in offences(case.take("assess_risk", adult_involved="yes"))


FIRST_AND_LAST: Final = [
    ("indecent-image-of-a-child", "1978-08-20", None),
    ("racial-hatred", "1987-04-01", None),
    ("indecent-image-of-a-child-held", "1988-09-29", None),
    ("unauthorised-access", "1990-08-29", None),
    ("harassment", "1997-06-16", None),
    ("fear-of-violence", "1997-06-16", None),
    ("meeting-after-grooming", "2004-05-01", None),
    ("abuse-of-trust", "2004-05-01", None),
    ("religious-hatred", "2007-10-01", None),
    ("hatred-for-sexual-orientation", "2010-03-23", None),
    ("prohibited-image-of-a-child", "2010-04-06", None),
    ("intimate-image-disclosed", "2015-04-13", "2024-01-30"),
    ("sexual-communication-with-a-child", "2017-04-03", None),
    ("personal-data-disclosed", "2018-05-25", None),
    ("genitals-image-sent", "2024-01-31", None),
    ("intimate-image-shared", "2024-01-31", None),
    ("false-communication", "2024-01-31", None),
    ("threatening-communication", "2024-01-31", None),
    ("flashing-images", "2024-01-31", None),
    ("self-harm-encouraged", "2024-01-31", None),
    ("malicious-communication", None, None),
    ("menacing-or-grossly-offensive-message", None, None),
]


def test_the_dates_of_every_offence_are_tested() -> None:
    listed = {
        offence: (since and date.fromisoformat(since), until and date.fromisoformat(until))
        for offence, since, until in FIRST_AND_LAST
    }
    assert {each.id: (each.since, each.until) for each in TABLES.offences} == listed


@pytest.mark.parametrize(
    ("occurred", "tag"),
    [
        pytest.param("2015-04-12 23:59", None, id="before either"),
        pytest.param("2015-04-13 00:00", "intimate-image-disclosed", id="the first minute of the earlier"),
        pytest.param("2024-01-30 23:59", "intimate-image-disclosed", id="its last minute"),
        pytest.param("2024-01-31 00:00", "intimate-image-shared", id="the first minute of the later"),
    ],
)
def test_the_day_of_the_incident_decides_the_tag(occurred: str, tag: str | None) -> None:
    of_an_adult = case_of("cyberbullying", "indecent_image", occurred=occurred, **STAFF_TARGET)
    about_sharing = {"intimate-image-disclosed", "intimate-image-shared"}
    assert offences(of_an_adult) & about_sharing == {tag} - {None}


def test_the_day_of_guidance_is_in_london() -> None:
    summer = Offence(id="x", title="X", source="Y", since=date(2026, 7, 1), shown=(Circumstances(),))
    tables = msgspec.structs.replace(TABLES, offences=(summer,))
    for occurred, shown in (("2026-06-30 23:59", 0), ("2026-07-01 00:30", 1)):
        case = case_of("cyberbullying", occurred=occurred)
        assert len(tables.guidance(case.incident, case.playbook).offences) == shown


def test_report_remove_is_not_offered_before_it_existed() -> None:
    assert "report_remove" not in channels(case_of("sexting", occurred="2021-05-31 12:00"))
    assert channels(case_of("sexting", occurred="2021-09-01 12:00"))["report_remove"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_note_always_says_that_a_tag_is_not_a_finding(kind: str) -> None:
    assert guidance_of(case_of(kind)).note.startswith(TABLES.finding)
    assert "never a finding" in TABLES.finding


def test_no_tag_accuses_a_child() -> None:
    for offence in TABLES.offences:
        words = offence.title.casefold()
        assert not any(word in words for word in ("pupil", "offender", "guilty", "suspect", "you")), words


@pytest.mark.parametrize(
    "case",
    [
        case_of("sexting"),
        case_of("sexting", "indecent_image"),
        case_of("cyberbullying", "indecent_image"),
        case_of("sexting").take("reclassify", kind="cyberbullying"),
    ],
)
def test_the_note_on_nudes_says_once_that_children_are_protected(case: CaseFile) -> None:
    assert guidance_of(case).note.count("protect the children, not to prosecute them") == 1


def test_other_cases_have_no_note_on_nudes() -> None:
    assert guidance_of(case_of("cyberbullying", "abusive")).note == TABLES.finding
    assert guidance_of(case_of("cyberbullying", "indecent_image", **STAFF_TARGET)).note != TABLES.finding


SUITS: Final = [
    # the channel, the kind, the content of the material, the people
    ("ceop", "cyberbullying", [], {}, False),
    ("ceop", "cyberbullying", ["threatening", "racist"], {}, False),
    ("ceop", "cyberbullying", ["adult_contact"], {}, True),
    ("ceop", "underage_use", [], {}, False),
    ("ceop", "underage_use", ["adult_contact"], {}, True),
    ("ceop", "cyberbullying", ["blackmail"], {}, True),
    ("ceop", "sexting", [], {}, False),
    ("report_remove", "sexting", [], {}, True),
    ("report_remove", "cyberbullying", ["indecent_image"], OF_A_PUPIL, True),
    ("report_remove", "cyberbullying", ["indecent_image"], STAFF_TARGET, False),
    ("report_remove", "image_without_consent", [], {}, False),
    ("revenge_porn_helpline", "sexting", ["indecent_image"], {}, False),
    ("revenge_porn_helpline", "cyberbullying", ["indecent_image"], OF_A_PUPIL, False),
    ("revenge_porn_helpline", "cyberbullying", ["indecent_image"], STAFF_TARGET, True),
    ("revenge_porn_helpline", "cyberbullying", ["abusive"], STAFF_TARGET, False),
    ("police", "cyberbullying", [], {}, False),
    ("police", "cyberbullying", ["racist"], {}, True),
    ("police", "sexting", [], {}, True),
    ("platform", "underage_use", [], {}, True),
    ("platform", "staff_allegation", [], {}, False),
    ("platform", "inappropriate_content", [], {}, False),
    ("iwf", "inappropriate_content", ["indecent_image"], {}, True),
    ("iwf", "inappropriate_content", ["extremist"], {}, False),
    ("iwf", "sexting", ["indecent_image"], {}, False),
    ("professionals_helpline", "cyberbullying", [], STAFF_TARGET, True),
    ("professionals_helpline", "staff_allegation", [], {}, False),
    ("childline", "cyberbullying", [], {}, True),
    ("childline", "parent_post", [], {}, False),
    ("lado", "staff_allegation", [], {}, True),
    ("lado", "staff_misuse", [], {}, False),
    ("lado", "cyberbullying", [], {}, False),
    ("childrens_social_care", "cyberbullying", ["self_harm"], {}, True),
    ("childrens_social_care", "cyberbullying", ["abusive"], {}, False),
    ("health", "cyberbullying", ["self_harm"], {}, True),
    ("health", "cyberbullying", [], {}, False),
    ("prevent", "inappropriate_content", ["extremist"], {}, True),
    ("prevent", "inappropriate_content", [], {}, False),
    ("regulator", "image_without_consent", [], {}, True),
    ("regulator", "cyberbullying", ["personal_data"], {}, True),
    ("regulator", "cyberbullying", [], {}, False),
    ("it", "inappropriate_content", [], {}, True),
    ("it", "cyberbullying", [], {}, False),
    ("report_harmful_content", "cyberbullying", ["abusive"], {}, False),
]


@pytest.mark.parametrize(("channel", "kind", "content", "people", "suits"), SUITS)
def test_a_channel_suits_a_case_by_its_kind_content_and_people(
    channel: str, kind: str, content: list[str], people: dict[str, Any], suits: bool
) -> None:
    assert channels(case_of(kind, *content, **people))[channel] is suits


def test_every_channel_is_tested_both_ways() -> None:
    tested = {(channel, suits) for channel, _, _, _, suits in SUITS} | {("report_harmful_content", True)}
    assert tested == set(product((each.id for each in TABLES.channels), (True, False)))


def test_report_harmful_content_suits_after_a_platform_refused() -> None:
    refused = (
        case_of("cyberbullying", "abusive").take("request_removal").take("record_removal", outcome="refused")
    )
    assert channels(refused)["report_harmful_content"]
    unlawful = case_of("sexting").take("request_removal").take("record_removal", outcome="refused")
    assert not channels(unlawful)["report_harmful_content"]


def test_the_lado_suits_once_the_threshold_is_met() -> None:
    concern = case_of("staff_misuse")
    assert not channels(concern)["lado"]
    assert channels(concern.take("decide_threshold", met=True, limbs=("harmed",)))["lado"]


@pytest.mark.parametrize("risk", ["yes", "unknown"])
def test_the_police_and_social_care_suit_a_case_with_a_risk(risk: str) -> None:
    case = case_of("cyberbullying").take("assess_risk", immediate_risk=risk)
    assert channels(case)["police"]
    assert channels(case)["childrens_social_care"]


@pytest.mark.parametrize("kind", ["cyberbullying", "underage_use"])
@pytest.mark.parametrize("question", ["adult_involved", "coercion"])
def test_ceop_suits_once_an_adult_or_coercion_is_found(kind: str, question: str) -> None:
    assert channels(case_of(kind).take("assess_risk", **{question: "yes"}))["ceop"]
    assert not channels(case_of(kind).take("assess_risk", **{question: "unknown"}))["ceop"]


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_health_and_social_care_suit_a_child_who_may_be_at_risk_now(answer: str) -> None:
    case = case_of("cyberbullying").take("assess_welfare", at_risk_now=answer)
    assert channels(case)["health"]
    assert channels(case)["childrens_social_care"]


def test_an_unsuitable_channel_has_a_reason() -> None:
    assert "not of bullying alone" in reason(case_of("cyberbullying"), "ceop")
    assert "below the minimum age" in reason(case_of("underage_use"), "ceop")
    assert "adults only" in reason(case_of("sexting"), "revenge_porn_helpline")
    for kind in KINDS:
        assert all(advice.reason for advice in guidance_of(case_of(kind)).channels)


def refused(case: CaseFile) -> Iterator[tuple[str, str]]:
    """The suitable channels whose step the playbook refuses, each with the rule that refuses it."""
    for advice in guidance_of(case).channels:
        recording = advice.channel.recorded_by
        if advice.suits and recording is not None:
            step = case.build(recording.step, **recording.preset)
            refusal = case.playbook.refusal(case.incident, step)
            if refusal is not None:
                yield advice.channel.id, refusal.rule


@pytest.mark.parametrize("entry", DUTIES, ids=lambda entry: entry.rule.id)
def test_the_playbook_refuses_no_suitable_channel(entry: Any) -> None:
    for case in entry.cases():
        assert list(refused(case)) == []


CONTENT: Final = st.sets(st.sampled_from(Content))
PEOPLE: Final = st.sampled_from([{}, STAFF_TARGET, OF_A_PUPIL, OF_A_PARENT, {"people": ()}])


@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), content=CONTENT, people=PEOPLE,
       risk=st.sampled_from(["no", "yes", "unknown"]))  # fmt: skip
def test_no_suitable_channel_is_refused_in_any_generated_case(
    kind: str, pack: str, content: set[Content], people: dict[str, Any], risk: str
) -> None:
    if kind in ("staff_misuse", "staff_allegation"):
        people = {}
    case = CaseFile(kind, pack, content=tuple(content), **people)
    assert list(refused(case)) == []
    case.take("assess_risk", adult_involved=risk, coercion=risk)
    assert list(refused(case)) == []


@given(kind=st.sampled_from(KINDS), content=CONTENT)
def test_every_channel_of_the_day_is_listed_once(kind: str, content: set[Content]) -> None:
    shown = [advice.channel for advice in guidance_of(case_of(kind, *content)).channels]
    assert shown == list(TABLES.channels_on(date(2026, 9, 14)))


@given(day=st.dates(), since=st.none() | st.dates(), until=st.none() | st.dates())
def test_a_row_is_in_force_from_its_first_day_to_its_last(
    day: date, since: date | None, until: date | None
) -> None:
    row = Channel(
        id="x",
        title="X",
        source="Y",
        since=since,
        until=until,
        about="Z",
        suits=(),
        unsuited=(),
        otherwise="-",
    )
    assert row.in_force(day) is ((since or date.min) <= day <= (until or date.max))
