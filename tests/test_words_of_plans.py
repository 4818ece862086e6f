"""No word of a plan stands in the code: its clauses, programme, places and bodies come from data.

The product's own files are read as Python reads them: what is a text there, apart from docstrings,
and the templates, tables and units beside them whole.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.words import PRODUCT
from policy.load import HOME
from tests.support.written import read_yaml

ROOT = HOME.parent
ROOMS = (
    *("common", "policy", "states", "models", "documents", "notifications"),
    *("operations", "flows", "web", "deployments"),
)
DATA = (ROOT / "policy/plans", ROOT / "policy/calendars", ROOT / "deployments/example")
TEXTS = ("*.html", "*.j2", "*.toml", "*.yaml", "*.service", "*.timer", "*.css", "*.js")
NUMERAL = "[一二三四五六七八九十]"
CLAUSE = re.compile(rf"{NUMERAL}[(（]{NUMERAL}+[)）]|附件\s?[0-9一二三四五六七八九十]")
OWN = "common/words.py", PRODUCT
"""The one place that names the product, and how."""
OFFICIAL = {
    "documents/papers/office_template.py": "the numbers that annexes of any paper have",
}
"""Files with texts that only look like a clause, and why they do."""


def shanxi() -> re.Pattern[str]:
    """The words that the shipped plan's offices, places and programme alone have."""
    said = read_yaml(HOME / "plans/shanxi-2023/plan.yaml")
    places = [place["name"] for city in said["cities"] for place in (city, *city["counties"])]
    named = [name for name in places if len(name) > 2]
    return re.compile("|".join(["幸福", "山西", "晋民", "提速工程", *named]))


PLACES = shanxi()


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a Python file that is no docstring, with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = set[int]()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for each in body if isinstance(body, list) else ():
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                told.add(id(each.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def sources(room: str) -> Iterator[tuple[str, int, str]]:
    for path in sorted((ROOT / room).rglob("*.py")):
        if not any(path.is_relative_to(data) for data in DATA):
            name = path.relative_to(ROOT).as_posix()
            yield from ((name, line, text) for line, text in texts(path))
    for kind in TEXTS:
        for path in sorted((ROOT / room).rglob(kind)):
            if not any(path.is_relative_to(data) for data in DATA):
                name = path.relative_to(ROOT).as_posix()
                lines = path.read_text(encoding="utf-8").splitlines()
                yield from ((name, line, text) for line, text in enumerate(lines, 1))


def found(room: str) -> list[str]:
    return [
        f"{name}:{line}: {text[:60]}"
        for name, line, text in sources(room)
        if (PLACES.search(text) or (CLAUSE.search(text) and name not in OFFICIAL))
        and (name, text) != OWN
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_of_the_product_names_a_clause_a_programme_or_a_place(room: str) -> None:
    assert found(room) == []


def test_what_is_excepted_is_there() -> None:
    assert OWN in {(name, text) for name, _, text in sources("common")}
    for name in OFFICIAL:
        assert any(CLAUSE.search(text) for _, text in texts(ROOT / name)), name


@pytest.mark.parametrize(
    "text",
    ["（五(五)）", "八（四）专款专用", "附件3 汇总表", "如 太原市", "【幸福养老工程】", "娄烦县"],
)
def test_the_search_finds_what_it_is_for(text: str) -> None:
    assert PLACES.search(text) or CLAUSE.search(text)


@pytest.mark.parametrize("text", ["一(1)", "附件见下", "城区", "（四）", "第三方"])
def test_the_search_finds_nothing_else(text: str) -> None:
    assert not PLACES.search(text)
    assert not CLAUSE.search(text)


# --- what levels are called -----------------------------------------------------------------------

LEVEL = re.compile("(?<!城)市(?!场)|省(?!略)|县")
SAYS = {
    *("said", "in_words", "worded"),
    *("Column", "DataColumn", "Chart", "TableSheet", "_sheet", "funds_leaves"),
    *("_column", "_sum", "_risk_column", "_task_column"),
    *("Field", "choice"),
}
"""What puts a text into the plan's words, or makes what is put into them where it is laid out:
columns and leaves by `in_words` and `worded`, prompts of forms by `with_choices`."""
SPEAKING = ("states", "models", "documents", "notifications", "operations", "flows", "web")
"""The rooms whose texts people of a programme read."""
READ_ONLY = {
    "documents/papers/letters.py": "where lines of a title may break",
}


def unsaid(path: Path) -> Iterator[tuple[int, str]]:
    """Texts in functions that name a level and are not put into the plan's words.

    Texts of a module's own constants are left to `test_another_world`: they are put into words
    where they are used.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(each) for node in ast.walk(tree) if _says(node) for each in ast.walk(node)}
    told = {id(text) for text in _documented(tree)}
    for outer in tree.body:
        if isinstance(outer, ast.FunctionDef | ast.ClassDef):
            texts = (node for node in ast.walk(outer) if isinstance(node, ast.Constant))
            for node in texts:
                named = isinstance(node.value, str) and LEVEL.search(node.value)
                if named and id(node) not in said | told:
                    yield node.lineno, str(node.value)


def _says(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    first = node.args[0] if node.args else None
    named = {getattr(node.func, "attr", None), getattr(node.func, "id", None)}
    return bool(named & SAYS) or ("map" in named and getattr(first, "attr", "") in SAYS)


def _documented(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for each in body if isinstance(body, list) else ():
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                yield each.value


@pytest.mark.parametrize("room", SPEAKING)
def test_levels_are_called_as_the_plan_calls_them(room: str) -> None:
    names = {path: path.relative_to(ROOT).as_posix() for path in (ROOT / room).rglob("*.py")}
    read = [path for path, name in names.items() if name not in READ_ONLY]
    assert [f"{names[at]}:{n}: {text[:50]}" for at in read for n, text in unsaid(at)] == []


def test_helps_and_deployments_name_no_level_of_one_plan() -> None:
    """The helps are of all plans; what deployments say is put into each plan's words."""
    table = (ROOT / "deployments/commands.toml").read_text(encoding="utf-8")
    assert LEVEL.findall(table) == []
    found = sorted((ROOT / "deployments/commands").glob("*.py"))
    assert [f"{at.name}:{n}: {text[:50]}" for at in found for n, text in unsaid(at)] == []


def test_the_search_for_levels_finds_what_is_not_said(tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text(
        'CITY = "市"\n\n\ndef told(plan, heads):\n    """各市."""\n'
        '    yield plan.said("各市进度")\n    yield from map(plan.said, ("县",))\n'
        '    yield f"城市、市场{plan.said(\'省\')}"\n    yield "全省进度"\n',
        encoding="utf-8",
    )
    assert [text for _, text in unsaid(path)] == ["全省进度"]
