"""Over HTTP: a school adopts a later version of its policy, and an open case moves to it by two people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.api.approving import Unchanged, faults, post
from tests.api.client import REASON, House, Json, body_of, furnished
from tests.domain.casefile import PACKS
from tests.domain.test_pack_editions import written
from tests.engines import Engine
from tests.settings import settings_for

NOW: Final = "2026-09-14 10:20"
FLOOR: Final = "england@2026-09-01"
FIRST: Final = """\
id = "oakfield"
version = "1"
title = "Oakfield"
adopted = 2026-09-01
review_every_months = 12
sources = [{ cited_as = "OAK", title = "Policy" }]

[[rules]]
id = "oak-police"
modality = "must"
kinds = ["cyberbullying"]
step = "escalate"
preset = { agency = "police" }
clock = { of = "reported", within = 1, unit = "days" }
before = ["debrief", "close"]
clause = "OAK §1"
reason = "Bullying online is reported to the police."

[[rules]]
id = "oak-advice"
modality = "must"
kinds = ["cyberbullying"]
step = "seek_advice"
clock = { of = "reported", within = 5, unit = "days" }
before = ["close"]
clause = "OAK §2"
reason = "Advice is asked for within five days."
"""
SECOND: Final = """\
id = "oakfield"
version = "2"
adopted = 2026-09-15
differs_from = "oakfield@1"
without = ["oak-police"]

[[rules]]
id = "oak-advice"
modality = "must"
kinds = ["cyberbullying"]
step = "seek_advice"
clock = { of = "reported", within = 2, unit = "days" }
before = ["close"]
clause = "OAK §2"
reason = "Advice is asked for within two days."

[[added_rules]]
id = "oak-safe"
modality = "must"
kinds = ["cyberbullying"]
step = "make_safe"
before = ["close"]
clause = "OAK §3"
reason = "It is recorded how the child is safe."
"""


class Oakfield:
    """A school in one database, whose server is started again when its folder of packs has changed."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._key, self.furniture = furnished(engine, "headcorn", NOW)
        self._engine, self._folder = engine, folder

    @contextmanager
    def database(self) -> Iterator[str]:
        with self._engine.database(self._folder, like=self._key) as url:
            yield url

    @contextmanager
    def served(self, url: str, now: str, **packs: str) -> Iterator[House]:
        """The school at `now`, with these files of its own."""
        playbooks = written(self._folder / "playbooks", **packs)
        settings = settings_for(url, self._folder, key=self.furniture.key)
        settings = msgspec.structs.replace(settings, playbook_folder=playbooks)
        house = House(settings, "headcorn", now, self.furniture)
        try:
            yield house
        finally:
            house.close()


def adopt(house: House, pack: str = "oakfield") -> None:
    answer = house.ask("admin", "PATCH", f"/schools/{house.school}", json={"pack": pack})
    assert answer.status_code == 200, answer.text


def rebase(house: House, incident: str, pack: str) -> Json:
    """The incident after a rebase that the lead asks for and the head approves."""
    answer = house.step(incident, "rebase", pack=pack, reason=REASON)
    assert answer.status_code == 202, answer.text
    decided = house.decide(body_of(answer)["approval"])
    assert decided.status_code == 200, decided.text
    return body_of(decided)["result"]


def pack_of(house: House, incident: str) -> str:
    return str(house.get("dsl", f"/incidents/{incident}")["policy"]["pack"])


def rules_of(house: House, incident: str) -> set[str]:
    return {item["rule"] for item in house.next_steps(incident)}


def test_an_open_case_moves_to_a_later_version_by_two_people_and_loses_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    oakfield = Oakfield(engine, tmp_path)
    with oakfield.database() as url:
        with oakfield.served(url, NOW, first=FIRST) as house:
            adopt(house)
            old = str(house.bullying(NOW)["id"])
            assert pack_of(house, old) == "oakfield@1"
            assert house.due(old, "escalate", agency="police") == "2026-09-15T23:59"
            assert house.due(old, "seek_advice") == "2026-09-19T23:59"
        with oakfield.served(url, "2026-09-16 09:00", second=SECOND) as house:
            # The file alone changes nothing, and nobody can move a case to what the school has not adopted.
            assert pack_of(house, str(house.bullying("2026-09-16 09:05")["id"])) == "oakfield@1"
            for other in ("oakfield@2", "st_thomas", "elm"):
                answer = house.step(old, "rebase", pack=other, reason=REASON)
                (message,) = faults(answer)["$.pack"]
                assert message == "must be an edition that this school adopted: headcorn@2022-03, oakfield@1"
            adopt(house)
            new = str(house.bullying("2026-09-16 09:10")["id"])
            assert pack_of(house, new) == "oakfield@2"
            assert {"oak-advice", "oak-safe"} <= rules_of(house, new)
            assert "oak-police" not in rules_of(house, new)
            assert pack_of(house, old) == "oakfield@1"
            assert "oak-safe" not in rules_of(house, old)

            due = {(item["step"], str(item.get("preset"))) for item in house.next_steps(old)}
            answer = house.step(old, "rebase", pack="oakfield@2", reason=REASON)
            assert answer.status_code == 202, answer.text
            assert pack_of(house, old) == "oakfield@1", "one person moves nothing"
            approval = body_of(answer)["approval"]
            assert house.decide(approval, "dsl").status_code == 403
            moved = body_of(house.decide(approval))["result"]
            assert moved["policy"] == {"floor": FLOOR, "pack": "oakfield@2"}

            after = {(item["step"], str(item.get("preset"))) for item in house.next_steps(old)}
            assert due < after
            assert {"oak-police", "oak-advice", "oak-safe"} <= rules_of(house, old)
            # What was replaced: the earlier of the two times. What was dropped: as it was.
            assert house.due(old, "seek_advice") == "2026-09-16T23:59"
            assert house.due(old, "escalate", agency="police") == "2026-09-15T23:59"
            house.answer_everything(old, but=frozenset({"escalate", "close", "debrief"}))
            assert house.refused(old, "close", outcome="Over.", rationale=REASON)["rule"] == "oak-police"
            house.take(old, "escalate", agency="police", reason=REASON)
            assert "oak-police" not in rules_of(house, old)


@pytest.mark.parametrize("pack", ["headcorn", PACKS["headcorn"]], ids=["id", "edition"])
def test_the_police_stay_due_when_a_case_of_nudes_moves_to_a_policy_that_may_decline(
    engine: Engine, tmp_path: Path, pack: str
) -> None:
    """As it was seen: `st_thomas` to `headcorn` by one lead, the police gone, the case closed."""
    oakfield = Oakfield(engine, tmp_path)
    with oakfield.database() as url, oakfield.served(url, NOW) as house:
        adopt(house, "st_thomas")
        incident = str(house.report("dsl", kind="sexting", people=house.two_pupils())["id"])
        adopt(house, "headcorn")
        with Unchanged(house):
            alone = post(house, incident, {"step": "rebase", "pack": "todwick", "reason": REASON})
            assert alone.status_code == 422
        moved = rebase(house, incident, pack)
        assert moved["policy"]["pack"] == PACKS["headcorn"]
        assert moved | {"links": []} == house.get("dsl", f"/incidents/{incident}")
        assert "st-thomas-sexting-police" in rules_of(house, incident)
        refusal = house.refused(incident, "close", outcome="Over.", rationale=REASON)
        assert refusal["status"] == 409

        # Words of it may be corrected, by two people, and nothing is lost by that.
        number = moved["version"]
        fields = {"corrects": number, "reason": REASON, "fields": {"reason": "Quite another reason."}}
        answer = house.step(incident, "correct", **fields)
        assert answer.status_code == 202, answer.text
        assert house.decide(body_of(answer)["approval"]).status_code == 200
        assert "st-thomas-sexting-police" in rules_of(house, incident)
        for fault in ({"void": True}, {"fields": {"pack": "st_thomas"}}):
            again = house.step(incident, "correct", corrects=number, reason=REASON, **fault)
            assert again.status_code == 422


def test_a_rebase_is_no_part_of_a_list_of_steps(engine: Engine, tmp_path: Path) -> None:
    oakfield = Oakfield(engine, tmp_path)
    with oakfield.database() as url, oakfield.served(url, NOW) as house:
        incident = str(house.bullying(NOW)["id"])
        steps = [{"step": "acknowledge"}, {"step": "rebase", "pack": "headcorn", "reason": REASON}]
        with Unchanged(house):
            answer = post(house, incident, steps)
            assert answer.status_code == 422
            assert body_of(answer)["type"].endswith("takes-two")
