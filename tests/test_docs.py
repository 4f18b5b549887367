"""The documentation names everything that exists and nothing else; the first case in README.md works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import tomllib
from ast import literal_eval
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, get_origin

import click
import msgspec
import pytest
from werkzeug.serving import make_server

from casework.domain import event, fields, limits, moments
from casework.domain.clocks import Unit
from casework.domain.incident import STEPS, examples, families, steps
from casework.domain.incident.facts import GROUPS, known_facts
from casework.domain.playbook import Floor, Modality, Pack, Rule
from casework.domain.playbook.conditions import Test as RuleTest
from casework.domain.playbook.floor import KindOfIncident
from casework.domain.vocabulary import RECIPIENTS
from casework.library import Library
from casework.library.editions import FloorDifferences, PackDifferences
from casework.library.floor_checks import floor_faults
from casework.library.switches import SWITCHES_FILE
from casework.settings import Settings
from casework_api.commands.cli import MODULES, cli
from casework_api.commands.preparing import prepare
from casework_api.http import logs
from casework_api.sign_in.bearer import PUBLIC
from casework_projections.views.view import View
from tests.api.client import House
from tests.domain import casefile
from tests.settings import settings_for

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
DOCS: Final = ROOT / "docs"
PAGES: Final = [README, *sorted(DOCS.rglob("*.md"))]
DECISIONS: Final = sorted((DOCS / "decisions").glob("*.md"))
PACK_GUIDE: Final = DOCS / "how-to-add-a-policy-pack.md"
DATED_GUIDE: Final = DOCS / "how-to-add-a-dated-fact.md"
STEP_GUIDE: Final = DOCS / "how-to-add-a-step.md"
CLAUSES: Final = DOCS / "policies.md"
OPERATIONS: Final = DOCS / "operations.md"
SUFFIXES: Final = (".py", ".toml", ".md", ".lock", ".yml")
ROOMS: Final = ("src/", "projections/", "api/", "tests/", "docs/", "benchmarks/")
TEST_SETTINGS: Final = frozenset({"CASEWORK_CI", "CASEWORK_TEST_POSTGRES_URL"})
SECTIONS: Final = {"Context", "Decision", "Consequences", "Not chosen"}


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def section(page: Path, heading: str) -> str:
    """The text under the heading that ends with `heading`."""
    parts = re.split(r"^#+ (.+)$", text_of(page), flags=re.MULTILINE)
    (found,) = (body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title.endswith(heading))
    return found


def tables(text: str) -> list[list[str]]:
    """The cells in the first column of each table in `text`, without its heading."""
    rows = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[line.split("|")[1].strip() for line in table.splitlines()[2:]] for table in rows]


def prose(text: str) -> str:
    """`text` without its code blocks."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def named(cells: Iterable[str]) -> list[str]:
    """The names in backticks in `cells`."""
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def code_of(page: Path) -> str:
    """Everything a page shows as code, one piece per line."""
    text = text_of(page)
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", prose(text))])


def field_names(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE))


def shipped_views() -> set[str]:
    """The names of the views that are not defined by a test."""
    found, waiting = set(), [View]
    while waiting:
        view = waiting.pop()
        waiting += view.__subclasses__()
        if view.__module__.startswith("casework_projections.") and "name" in vars(view):
            found.add(view.name)
    return found


def test_the_guide_names_every_fact() -> None:
    (cells,) = tables(section(PACK_GUIDE, "Facts"))
    assert sorted(named(cells)) == sorted(known_facts())


def test_the_guide_names_every_group() -> None:
    (cells,) = tables(section(PACK_GUIDE, "Groups"))
    assert sorted(named(cells)) == sorted(GROUPS)


def test_the_guide_names_every_operator() -> None:
    (cells,) = tables(section(PACK_GUIDE, "Tests"))
    assert set(named(cells)) == field_names(RuleTest) - {"fact", "field"}


def test_the_guide_names_every_unit() -> None:
    (cells,) = tables(section(PACK_GUIDE, "Clocks"))
    assert named(cells) == list(Unit)


def test_the_guide_names_every_field_of_a_rule_and_every_modality() -> None:
    modalities, fields = tables(section(PACK_GUIDE, "A rule"))
    assert named(modalities) == list(Modality)
    # `floor` is set by the file that contains the rule.
    assert set(named(fields)) == field_names(Rule) - {"floor"}


def test_the_guide_names_every_field_of_a_pack_and_of_a_floor() -> None:
    of_a_pack, of_a_floor, of_a_kind = tables(section(PACK_GUIDE, "The file"))
    assert set(named(of_a_pack)) == field_names(Pack)
    assert set(named(of_a_floor)) == field_names(Floor)
    assert set(named(of_a_kind)) == field_names(KindOfIncident)


def test_the_guide_names_every_field_of_a_later_version() -> None:
    (cells,) = tables(section(PACK_GUIDE, "A later version"))
    assert set(named(cells)) == field_names(PackDifferences)


def test_the_guide_names_every_field_whose_words_are_checked() -> None:
    cells, _ = tables(section(PACK_GUIDE, "Words"))
    of_other_types = {
        "id",
        "modality",
        "clause",
        "reason",
        "clock",
        "protects",
        "adjustable",
        "waivable",
        "floor",
    }
    of_the_floor = {"low_level_concern", "critical", "recusal", "requires", "stream"}
    assert (field_names(Rule) - of_other_types) | of_the_floor <= set(named(cells))


def test_the_guide_names_every_recipient() -> None:
    _, text = section(PACK_GUIDE, "Words").split("| recipients |")
    assert sorted(named([text])) == sorted(RECIPIENTS)


def test_the_pack_in_the_guide_is_valid(tmp_path: Path) -> None:
    for file in (ROOT / "src/casework/library").glob("*.toml"):
        shutil.copy(file, tmp_path)
    pack, _, later = re.findall(r"```toml\n(.*?)```", text_of(PACK_GUIDE), re.DOTALL)
    (tmp_path / "oakfield.toml").write_text(pack, encoding="utf-8")
    (tmp_path / "later.toml").write_text(later, encoding="utf-8")
    packs = Library.from_folder(tmp_path).packs
    before, after = packs["oakfield@2026-09"], packs["oakfield@2027-09"]
    assert {rule.id for rule in before.rules} != {rule.id for rule in after.rules}


def test_the_page_says_how_a_day_is_entered_and_names_every_switch(tmp_path: Path) -> None:
    text = section(OPERATIONS, "Entering the day of a law")
    (entered,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (tmp_path / SWITCHES_FILE).write_text(entered, encoding="utf-8")
    floors = Library.own().with_packs(tmp_path).floors.values()
    latest = max(floors, key=lambda floor: floor.in_force_from)
    assert "mandatory-reporting" in latest.switches_on(date(2027, 4, 1))
    (cells,) = tables(text)
    assert named(cells) == [switch.id for switch in latest.switches]


def test_the_kind_in_the_guide_is_valid() -> None:
    _, text, _ = re.findall(r"```toml\n(.*?)```", text_of(PACK_GUIDE), re.DOTALL)
    (kind,) = msgspec.convert(tomllib.loads(text)["kinds"], tuple[KindOfIncident, ...])
    shipped = (kind for floor in Library.own().floors.values() for kind in floor.kinds)
    assert {rule.id for rule in kind.prohibitions()} in [
        {rule.id for rule in other.prohibitions()} for other in shipped
    ]


def test_the_guide_names_every_field_of_an_edition_and_its_rule_is_valid() -> None:
    text = section(DATED_GUIDE, "An edition of the floor")
    (cells,) = tables(text)
    assert set(named(cells)) == field_names(FloorDifferences)
    (rule,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (added,) = msgspec.convert(tomllib.loads(rule)["added_rules"], tuple[Rule, ...])
    for floor in Library.own().floors.values():
        changed = msgspec.structs.replace(floor, rules=(*floor.rules, added))
        assert [fault for fault in floor_faults(changed) if fault[0] == added.id] == []


def test_the_guide_names_every_module_of_steps() -> None:
    (listed,) = re.findall(
        r"Put it in the module of its theme in `[^`]+`: (.*?)\.\n", text_of(STEP_GUIDE), re.DOTALL
    )
    assert set(named([listed])) == {step.__module__.rpartition(".")[2] for step in STEPS.values()}


def test_the_guide_names_every_type_of_a_field() -> None:
    (cells,) = tables(section(STEP_GUIDE, "The class"))
    known = vars(fields) | vars(limits) | vars(moments)
    types = {name for name, kind in known.items() if get_origin(kind) is Annotated}
    assert set(named(cells)) == types


def test_the_step_in_the_guide_is_one_class_and_one_example(monkeypatch: pytest.MonkeyPatch) -> None:
    source, row = re.findall(r"```python\n(.*?)```", text_of(STEP_GUIDE), re.DOTALL)
    known = dict(STEPS)
    for module in (steps, examples, casefile):
        monkeypatch.setattr(module, "STEPS", known)
    monkeypatch.setattr(event, "TOPICS", dict(event.TOPICS))
    defined = compile(source, STEP_GUIDE.name, "exec", dont_inherit=True)
    exec(defined, {**vars(limits), **vars(families), "__name__": __name__})  # noqa: S102 - it is our own page
    monkeypatch.setattr(examples, "EXAMPLES", {**examples.EXAMPLES, **literal_eval(f"{{{row}}}")})
    (step,) = {*known} - {*STEPS}
    case = casefile.CaseFile().take(step)
    assert isinstance(case.incident.timeline[-1], known[step])


def test_operations_lists_exactly_the_settings() -> None:
    (cells,) = tables(section(OPERATIONS, "Settings"))
    assert named(cells) == [f"CASEWORK_{name.upper()}" for name in Settings.__struct_fields__]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_no_page_names_an_unknown_setting(page: Path) -> None:
    settings = {f"CASEWORK_{name.upper()}" for name in Settings.__struct_fields__} | TEST_SETTINGS
    assert set(re.findall(r"CASEWORK_[A-Z_]+[A-Z]", text_of(page))) <= settings


def test_operations_lists_exactly_the_commands() -> None:
    (cells,) = tables(section(OPERATIONS, "Commands"))
    assert sorted(command.split()[1] for command in named(cells)) == sorted(MODULES)


def command_of(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_no_page_names_an_unknown_command_or_option(page: Path) -> None:
    for line in code_of(page).splitlines():
        for command, rest in re.findall(r"(?:^|[\s/])casework ([a-z]+)([^#\n]*)", line):
            assert command in MODULES, line
            options = {option for each in command_of(command).params for option in each.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= options, line


def test_readme_names_every_make_target() -> None:
    assert set(re.findall(r"\bmake ([a-z]+)", code_of(README))) >= make_targets()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_no_page_names_an_unknown_make_target(page: Path) -> None:
    assert set(re.findall(r"\bmake ([a-z]+)", code_of(page))) <= make_targets()


def test_operations_lists_exactly_the_views() -> None:
    (listed,) = re.findall(r"There are (.*?)\. ", " ".join(section(OPERATIONS, "Views").split()))
    assert set(named([listed])) == shipped_views()


def test_operations_lists_exactly_the_fields_of_a_log_line() -> None:
    (cells,) = tables(section(OPERATIONS, "Health, metrics, logs"))
    assert set(named(cells)) == logs.FIELDS


@pytest.mark.parametrize(
    "page", [DOCS / "threat-model.md", DOCS / "decisions/0011-default-deny.md"], ids=page_id
)
def test_the_page_lists_exactly_the_public_endpoints(page: Path) -> None:
    (listed,) = re.findall(r"(`openapi`.*?`metrics`)", text_of(page), re.DOTALL)
    assert set(named([listed])) == PUBLIC


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", prose(text_of(page)))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def paths_in(page: Path) -> list[str]:
    """The paths of the repository that a page shows as code."""
    in_rooms = [name for name in code_of(page).split() if name.startswith(ROOMS)]
    in_prose = [name.partition("::")[0] for name in re.findall(r"`([^`\s]+)`", prose(text_of(page)))]
    names = [*in_rooms, *(name for name in in_prose if name.endswith(SUFFIXES))]
    return [name for name in names if re.fullmatch(r"\w[\w./-]*", name)]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_file_a_page_names_exists(page: Path) -> None:
    # That page names a test as pytest does, from the tests folder. The file of switches is the operator's.
    folders = (ROOT, ROOT / "tests") if page == CLAUSES else (ROOT,)
    names = [name for name in paths_in(page) if name != SWITCHES_FILE]
    assert [name for name in names if not any((folder / name).exists() for folder in folders)] == []


def test_paths_are_found_in_code_and_in_text(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`spreadsheet.py`, `views/people.py`, `src/casework/none`, `/openapi.json`, `*.toml`, `a b.py`\n"
        "```sh\nls src/casework/no.py\n```\n",
        encoding="utf-8",
    )
    assert sorted(paths_in(page)) == [
        "spreadsheet.py",
        "src/casework/no.py",
        "src/casework/none",
        "views/people.py",
    ]


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_module_a_page_runs_exists(page: Path) -> None:
    modules = [name for name in re.findall(r"python -m ([\w.]+)", code_of(page)) if name != "json.tool"]
    assert [name for name in modules if find_spec(name) is None] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=page_id)
def test_a_decision_has_a_date_and_the_four_sections(page: Path) -> None:
    text = text_of(page)
    assert text.startswith(f"# {page.name[:4]}. ")
    assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert set(re.findall(r"^## (.+)$", text, re.MULTILINE)) == SECTIONS


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the first line of README.md sets, for a school that is being served."""
    settings = settings_for(f"sqlite:///{tmp_path}/casework.db", tmp_path)
    prepare(settings)
    house = House(settings, "headcorn")
    house.clock.set("2026-09-14 10:20")
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield {
            "API": f"http://127.0.0.1:{server.server_port}/api/v1",
            "SCHOOL": house.school,
            "TOKEN": house.tokens["dsl"],
            "NOW": "2026-09-14T09:20:00Z",
        }
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        house.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_the_first_case_works_when_pasted(served: dict[str, str]) -> None:
    first, *lines = re.findall(r"```sh\n(.*?)\n```", section(README, "A first case"), re.DOTALL)
    assert set(re.findall(r"([A-Z]+)=", first)) == set(served)
    assert [line.count("curl ") for line in lines] == [1] * 5
    reported, due, refused, taken, trail = outputs(lines, served)
    assert reported == ""
    assert json.loads(due)["items"][0]["clause"]
    problem = json.loads(refused)
    assert (problem["status"], problem["rule"]) == (409, "sexting-evidence-form")
    assert problem["clause"].startswith("UKCIS")
    assert json.loads(taken)["state"] == "evidence_saved"
    entries = json.loads(trail)["entries"]
    assert [entry["step"] for entry in entries] == ["report", "save_evidence"]
    assert entries[1]["answers"]["clause"] == "UKCIS; DfE searching"


def outputs(lines: list[str], variables: dict[str, str]) -> list[str]:
    """What each of `lines` prints in one shell with `variables` set."""
    end = "-- end of output --"
    done = subprocess.run(
        ["sh", "-eu", "-c", f"\necho '{end}'\n".join(lines)],
        env={**os.environ, **variables},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [output.strip() for output in done.stdout.split(end)]
