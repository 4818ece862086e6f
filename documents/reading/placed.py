"""Says which project a row of a form is about: by its code, else by its place and its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from common.errors import RefusedError
from common.words import alike
from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.table import FormTable, TableRow
from policy.levels import CUSTOMARY, LevelWords
from states.dossier import Dossier

T = TypeVar("T")
PLACE = ("city", "county", "project")
"""The columns that name a project beside its code."""


class Fields(Protocol):
    """A row of a table, or a form about one project."""

    def has(self, key: str) -> bool:
        """Whether there is that field."""

    def take(self, key: str, parse: Callable[[object], T]) -> T | None:
        """Its value as `parse` reads it; None with a fault noted when it cannot."""

    def refuse(self, key: str, reason: str) -> None:
        """Note what is wrong with it."""


@dataclass(frozen=True, slots=True)
class KnownProjects:
    """The projects that a form may be about."""

    by_code: Mapping[str, Dossier]
    by_name: Mapping[str, Sequence[Dossier]]
    levels: LevelWords = CUSTOMARY
    """What its readers call cities and counties."""


def known(projects: Sequence[Dossier], levels: LevelWords = CUSTOMARY) -> KnownProjects:
    """The projects, to be looked up."""
    by_name: dict[str, list[Dossier]] = {}
    for project in projects:
        by_name.setdefault(cells.name(project.name) or "", []).append(project)
    return KnownProjects({project.code: project for project in projects}, by_name, levels)


def require_names(table: FormTable) -> None:
    """RefusedError where no column could say which project a row is about."""
    if not {"code", "project"} & set(table.at):
        raise RefusedError(
            f"{table.file}「{table.sheet}」第{table.top}行：表头缺少“编码”和“项目名称”列；"
            "请照样表补齐，两列至少有一列"
        )


def project_of(row: Fields, projects: KnownProjects) -> Dossier | None:
    """The project of a row; None, with a fault noted, where it is not certain."""
    said = {key: row.take(key, cells.name) for key in ("code", *PLACE)}
    if said["code"] is None:
        return _by_place(row, said, projects)
    code = alike(said["code"]).upper()
    found = projects.by_code.get(code)
    if found is None:
        meant = _at_place(said, projects)
        check = projects.levels.said("请照原表恢复编码，并核对所属的市")
        mend = f"请改为“{meant[0].code}”" if len(meant) == 1 else check
        row.refuse("code", f"没有编码为“{said['code']}”的项目；{mend}")
        return None
    wrong = [key for key in PLACE if not _names(said[key], found, key)]
    for key in wrong:
        shown = _held(found, key)
        row.refuse(
            key, f"与编码不符，编码{code}的项目为“{shown}”；请恢复为“{shown}”，编码有误的请改正编码"
        )
    return None if wrong else found


def likely(row: TableRow, projects: KnownProjects) -> Dossier | None:
    """The project that a row's place and name alone lead to; nothing is noted."""
    try:
        found = _at_place({key: cells.name(row.value(key)) for key in PLACE}, projects)
    except CellError:
        return None
    return found[0] if len(found) == 1 else None


def _by_place(
    row: Fields, said: Mapping[str, str | None], projects: KnownProjects
) -> Dossier | None:
    name, place = said["project"], projects.levels.said("县（市、区）")
    at = "project" if row.has("project") else "code"
    if name is None:
        first, mend = ("code", "编码，或填写") if row.has("code") else (at, "")
        row.refuse(first, f"没有写明是哪个项目；请填写{mend}{place}和项目名称")
        return None
    found = _at_place(said, projects)
    if len(found) == 1:
        return found[0]
    if found:
        codes = "、".join(project.code for project in found)
        row.refuse(at, f"有{len(found)}个项目都叫这个名称；请填写编码，可能是：{codes}")
    else:
        row.refuse(at, f"没有这个项目；请核对{place}和项目名称，或填写编码")
    return None


def _at_place(said: Mapping[str, str | None], projects: KnownProjects) -> Sequence[Dossier]:
    """The projects of that name at that place."""
    same = projects.by_name.get(said["project"] or "", ())
    return [p for p in same if all(_names(said[key], p, key) for key in PLACE)]


def _names(said: str | None, project: Dossier, key: str) -> bool:
    """Whether a cell names the project's city, county or name; a blank cell says nothing else."""
    held = _held(project, key)
    if said is None or said == held:
        return True
    # 清徐 for 清徐县; a name of two characters keeps its last.
    brief = held[:-1] if len(held) > 2 else held
    return key != "project" and said.removeprefix(project.city) in (held, brief)


def _held(project: Dossier, key: str) -> str:
    value = {"city": project.city, "county": project.county, "project": project.name}[key]
    return cells.name(value) or ""
