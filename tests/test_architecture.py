"""The house rules that a machine can check."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from policy import vocabulary
from policy.actions import Requirement
from policy.inventory import FUNCTIONS
from policy.schema import Plan
from policy.timing import TimedRule
from policy.vocabulary import ClauseKind, Force, Word
from states.clauses import clause_table
from states.machine import diagram
from tests.support.builders import plan

ROOT = Path(__file__).parents[1]
WORDS = [kind for kind in vars(vocabulary).values() if isinstance(kind, type) and kind is not Word]
WORDS = [kind for kind in WORDS if issubclass(kind, Word)]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_imports_run_one_way() -> None:
    """import-linter's contracts in pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_every_word_has_a_label_and_a_glossary_entry(kind: type[Word]) -> None:
    for member in kind:
        assert any("一" <= sign <= "鿿" for sign in member.label), member
        assert f"`{kind.__name__}.{member.name}`" in GLOSSARY, member
        assert member.label in GLOSSARY, member


def test_every_word_of_the_plan_is_in_the_glossary() -> None:
    groups = (plan().stages, plan().actions, plan().milestones)
    ids = [entry.id for group in groups for entry in group]
    assert [id for id in ids if f"`{id}`" not in GLOSSARY] == []


def product() -> Iterator[tuple[str, str]]:
    """Each file of the product's code with what stands in it."""
    for path in ROOT.glob("*/**/*.py"):
        if path.relative_to(ROOT).parts[0] not in (".venv", "tests"):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_only_one_file_reads_the_clock() -> None:
    assert [path for path, text in product() if ".now(" in text] == ["common/clock.py"]


def test_no_group_of_a_pattern_is_possessive() -> None:
    """Before Python 3.11.5, thus on Debian 12, such a group finds what is not there.

    So a cell with an error passed for a plain one, and was read as blank.
    """
    assert [path for path, text in product() if re.search(r"\)[?*+]\+|\(\?>", text)] == []


def test_the_stage_diagram_is_that_of_the_machine() -> None:
    """`xingfu plan diagram` prints it; the README shows it."""
    assert diagram(plan()) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_lock_names_no_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_every_clause_of_the_inventory_ends_somewhere() -> None:
    """R01 to R69, none missing; each ends as what it says it does."""
    lines = plan().inventory
    assert [line.number for line in lines] == [f"R{n:02d}" for n in range(1, 70)]
    rules = {str(getattr(rule, "id", path)): rule for path, rule in plan().rules()}
    for line in lines:
        found = [rules[name] for name in line.by if name in rules]
        conditions = [rule for rule in found if isinstance(rule, Requirement)]
        if line.kind is ClauseKind.SOFT:
            soft = [rule for rule in conditions if rule.force is Force.SOFT]
            assert soft, line
            assert all(rule.reasoned for rule in soft), line
        if line.kind is ClauseKind.TIMED:
            timed = [rule for rule in found if isinstance(rule, TimedRule)]
            assert timed or line.by[0] == "ladder", line
        if line.kind is ClauseKind.EVIDENCE:
            assert found or line.by == ("notice",), line
        if line.kind is ClauseKind.HARD and conditions:
            assert any(rule.force is Force.HARD for rule in conditions), line


def test_what_the_inventory_names_in_the_code_is_there() -> None:
    """The plan itself names no function; what it names in its place is nothing else, and used."""
    for name in FUNCTIONS.values():
        module, _, function = name.rpartition(".")
        assert callable(getattr(import_module(module), function)), name
    named = {name for line in plan().inventory for name in line.by}
    ids = {str(getattr(rule, "id", path)) for path, rule in plan().rules()}
    assert FUNCTIONS.keys() <= named - ids - set(Plan.model_fields)
    assert not any("." in name for name in named)


def test_the_table_of_clauses_is_that_of_the_plan() -> None:
    """`xingfu plan clauses` prints it."""
    assert (ROOT / "docs" / "reference" / "clauses.md").read_text(encoding="utf-8") == clause_table(
        plan()
    )


def test_every_condition_belongs_to_a_clause() -> None:
    named = {name for line in plan().inventory for name in line.by}
    whose = {rule.id for rule in plan().requirements}
    assert {id for id in whose - named if id not in ("R60", "A11")} == set()


def test_every_field_has_a_name_of_its_own_for_staff() -> None:
    labels = [field.label for field in plan().fields]
    assert all("一" <= label[0] <= "鿿" for label in labels)
    assert len(set(labels)) == len(labels)
