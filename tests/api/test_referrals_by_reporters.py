"""Anybody may refer a child: whoever reported records a referral that they made themselves."""

from __future__ import annotations

import pytest

from tests.api.approving import Unchanged
from tests.api.client import REASON, House, body_of

REFERRAL = {"agency": "childrens_social_care", "reason": REASON, "reference": "CSC 4711"}


@pytest.mark.parametrize("in_confidence", [False, True])
def test_it_counts_and_they_see_no_more_than_before(house: House, in_confidence: bool) -> None:
    case = house.report(people=house.two_pupils(), confidential_reporter=in_confidence)["id"]
    before = house.get("reporter", f"/incidents/{case}")
    answer = house.step(case, "escalate", "reporter", **REFERRAL)
    assert answer.status_code == 201, answer.text
    assert body_of(answer) == before
    shown = house.get("dsl", f"/incidents/{case}")
    assert (shown["state"], shown["version"]) == ("escalated", 2)
    (entry,) = (
        each
        for each in house.get("dsl", f"/incidents/{case}/audit-trail")["entries"]
        if each["step"] == "escalate"
    )
    assert entry["by"]["role"] == "reporter"
    assert (house.users["reporter"] in str(entry)) is not in_confidence


def test_nobody_refers_in_the_case_of_another(house: House) -> None:
    house.add_user("colleague", "reporter", house.school)
    case = house.report(people=house.two_pupils())["id"]
    with Unchanged(house):
        assert house.step(case, "escalate", "colleague", **REFERRAL).status_code == 404
        assert house.step(case, "consider_police", "reporter", refer=True, reason=REASON).status_code == 403
