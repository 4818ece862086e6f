"""The house rules that a machine can check."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from policy import vocabulary
from policy.schema import ProfileField
from policy.vocabulary import Word
from states.dossier import PROFILE_FIELDS, REVIEWED_FIELDS
from states.machine import diagram
from tests.builders import plan

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


def test_checks_may_ask_for_every_field_of_a_profile() -> None:
    assert get_args(ProfileField) == PROFILE_FIELDS
    assert set(REVIEWED_FIELDS) < set(PROFILE_FIELDS)


def test_only_one_file_reads_the_clock() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in ROOT.glob("*/**/*.py")
        if ".venv" not in path.parts and "tests" not in path.parts
        if ".now(" in path.read_text(encoding="utf-8")
    ]
    assert readers == ["flows/business_date.py"]


def test_the_stage_diagram_is_that_of_the_machine() -> None:
    """`xingfu plan diagram` prints it; the README shows it."""
    assert diagram(plan()) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_lock_names_no_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
