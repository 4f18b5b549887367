"""The setting `no_files` of a kind is enough to refuse files in its cases, and any kind may have it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from casework.domain.errors import Refusal
from casework.domain.incident import STEPS
from casework.domain.incident.evidence import EvidenceFile
from casework.domain.playbook import Playbook
from casework.domain.playbook.floor import FileRefusal, KindOfIncident, NoFiles
from casework.library import Library
from tests.domain.casefile import FILE, FLOOR, PACKS, CaseFile
from tests.domain.test_playbook_files import FLOOR_FILE, PACK_FILE, error, load, replaced

LIBRARY = Library.own()
NO_FILES = NoFiles(
    clause="KCSIE part 1",
    while_of_kind=FileRefusal(rule="no-file-of-a-post", reason="No file."),
    once_of_kind=FileRefusal(rule="no-file-after-a-post", reason="No file later."),
    on_becoming=FileRefusal(rule="no-post-with-a-file", reason="It holds files."),
)
IN_TOML = """\
kinds = [{ id = "other", title = "Other trouble" }, { id = "trouble", title = "Trouble", no_files = {
clause = "LAW §8", while_of_kind = { rule = "no-file", reason = "None." },
once_of_kind = { rule = "no-file-since", reason = "None since." },
on_becoming = { rule = "files-held", reason = "Files are held." } } }]
""".replace("\n", " ")
KINDS_OF_THE_FLOOR = (
    'kinds = [{ id = "trouble", title = "Trouble" }, { id = "other", title = "Other trouble" }]'
)
FLOOR_WITHOUT_FILES = replaced(FLOOR_FILE, KINDS_OF_THE_FLOOR, IN_TOML)


def england_without_files_of_posts(pack: str) -> Playbook:
    """The floor of England, changed so that posts by parents hold no files either."""

    def changed_kind(kind: KindOfIncident) -> KindOfIncident:
        return msgspec.structs.replace(kind, no_files=NO_FILES) if kind.id == "parent_post" else kind

    floor = LIBRARY.floors[FLOOR]
    changed = msgspec.structs.replace(floor, kinds=tuple(map(changed_kind, floor.kinds)))
    return Playbook(changed, LIBRARY.packs[PACKS[pack]])


def case_of(kind: str, pack: str) -> CaseFile:
    case = CaseFile(kind, pack)
    case.playbook = england_without_files_of_posts(pack)
    return case


@pytest.mark.parametrize("pack", PACKS)
def test_a_file_is_refused_in_a_case_of_a_kind_with_no_files(pack: str) -> None:
    case = case_of("parent_post", pack)
    assert case.refusal("save_evidence", file=FILE) == Refusal(
        "no-file-of-a-post", "KCSIE part 1", "No file."
    )
    case.take("save_evidence")


@pytest.mark.parametrize("pack", PACKS)
def test_a_file_is_refused_in_a_case_that_was_once_of_the_kind(pack: str) -> None:
    case = case_of("parent_post", pack).take("reclassify", kind="cyberbullying")
    assert case.refusal("save_evidence", file=FILE).rule == "no-file-after-a-post"
    case.take("save_evidence")


@pytest.mark.parametrize("pack", PACKS)
def test_a_case_with_files_cannot_be_reclassified_to_the_kind(pack: str) -> None:
    case = case_of("cyberbullying", pack).take("save_evidence", file=FILE)
    assert case.refusal("reclassify", kind="parent_post").rule == "no-post-with-a-file"
    case.take("reclassify", kind="inappropriate_content")


@pytest.mark.parametrize("pack", PACKS)
def test_a_kind_without_no_files_accepts_files(pack: str) -> None:
    CaseFile("parent_post", pack).take("save_evidence", file=FILE)


def test_the_rules_of_no_files_cannot_be_waived_or_replaced() -> None:
    prohibitions = [rule for kind in LIBRARY.floors[FLOOR].kinds for rule in kind.prohibitions()]
    assert {rule.id for rule in prohibitions} == {
        "sexting-no-imagery",
        "no-file-once-nudes",
        "sexting-files-held",
    }
    for playbook in (LIBRARY.playbook(floor, PACKS[pack]) for floor in LIBRARY.floors for pack in PACKS):
        assert all(rule in playbook.rules and not rule.waivable for rule in prohibitions)


def test_only_save_evidence_can_add_a_file() -> None:
    """The prohibitions name that step. If another step could add a file, it must be refused there too."""
    bringing = {
        name
        for name, step in STEPS.items()
        if any(EvidenceFile.__name__ in repr(field.type) for field in msgspec.structs.fields(step))
    }
    assert bringing == {"save_evidence"}


def test_a_floor_file_may_set_no_files(tmp_path: Path) -> None:
    library = load(tmp_path, FLOOR_WITHOUT_FILES)
    playbook = library.playbook("nowhere@2026-09-01", "school@1")
    assert playbook.rules[0].id == "no-file"
    assert {"no-file-since", "files-held"} <= {rule.id for rule in playbook.rules}
    assert all(rule.floor for rule in playbook.rules if rule.clause == "LAW §8")


@pytest.mark.parametrize(
    ("old", "new", "rule", "field", "message"),
    [
        ('"LAW §8"', '"RUMOUR"', "no-file", "clause", "cites no source"),
        ('"None since."', '" "', "no-file-since", "reason", "is empty"),
        ('"files-held"', '"police"', "police", "id", "is the id of another rule"),
        ('clause = "LAW §8", ', "", "", "kinds[1].no_files", "`clause`"),
        ('rule = "files-held", ', "", "", "kinds[1].no_files.on_becoming", "`rule`"),
        ("while_of_kind", "while_of_kin", "", "kinds[1].no_files", "unknown field"),
    ],
)
def test_a_mistake_in_no_files_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=replaced(FLOOR_WITHOUT_FILES, old, new))
    assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", rule, field)
    assert message in mistake.message


def test_a_pack_cannot_replace_a_rule_of_no_files(tmp_path: Path) -> None:
    relaxing = replaced(PACK_FILE, 'replaces = "triage"', 'replaces = "no-file"')
    mistake = error(tmp_path, FLOOR_WITHOUT_FILES, relaxing)
    assert (mistake.rule, mistake.field) == ("own-triage", "replaces")
    assert "cannot be relaxed" in mistake.message
