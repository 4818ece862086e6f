"""One word for one thing, one thing for one word: the names of classes."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = (
    *("common", "policy", "states", "models", "documents", "notifications"),
    *("operations", "flows", "web", "deployments"),
)
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
BARE = re.compile(
    r"[A-Z][a-z]+(ed|ing)"
    r"|Told|Made|Given|Kept|Seen|Sent|Said|Known|Done|Taken|Found|Read|Written|Owed|Meant|Held|Put"
)
"""A participle by itself tells the grammar, not the thing."""
NOUNS = {"Booking", "Heading", "Listing", "Need", "Ruling", "Standing"}
"""What looks like one and is a noun of the trade."""


@cache
def classes() -> tuple[tuple[str, str], ...]:
    """Every public class of the product, with its module."""
    return tuple(_classes())


def _classes() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name, module


def homes() -> dict[str, tuple[str, ...]]:
    """The glossary's table of words that name one kind of class, each with its modules."""
    table = GLOSSARY.partition("## Words of classes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (.+?) \|$", table, flags=re.MULTILINE)
    return {word: tuple(re.findall(r"`([\w.]+)`", where)) for word, where in rows}


def test_a_class_has_a_name_of_its_own() -> None:
    names = [name for name, _ in classes()]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_a_class_says_the_thing_not_the_grammar() -> None:
    assert [name for name, _ in classes() if BARE.fullmatch(name) and name not in NOUNS] == []


def test_the_glossary_names_the_homes_of_words() -> None:
    assert set(homes()) >= {"Paper", "Finding", "Outcome", "Gap", "Request", "Form", "Notice"}


@pytest.mark.parametrize("word", homes())
def test_a_word_of_the_glossary_is_used_in_its_sense(word: str) -> None:
    """A class whose last word it is, or that is called so, stands where the glossary says."""
    used = [(name, at) for name, at in classes() if re.findall("[A-Z][a-z0-9]*", name)[-1] == word]
    strangers = [
        (name, at)
        for name, at in used
        if not any(at == home or at.startswith(f"{home}.") for home in homes()[word])
    ]
    assert strangers == []
