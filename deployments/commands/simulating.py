"""The command that travels in time: the daily job over a range of days, on a copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.console import complain, emit, say, table
from deployments.commands.options import FromDay, Json, ToDay, the_desk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from operations.upkeep.rehearsal import Burden, Rehearsal, RehearsedLine, RehearsedProduct

MOST_PEOPLE = 20  # in the table of burdens


def simulate(
    start: FromDay,
    end: ToDay,
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="文件", help="情景（YAML）：某日某项目发生了什么"),
    ] = None,
    json: Json = False,
) -> None:
    from operations.upkeep.rehearsal import rehearse
    from operations.upkeep.scenario import Scenario, load_scenario

    told = load_scenario(scenario) if scenario else Scenario()
    done = rehearse(the_desk(), start, end, told)
    if json:
        emit(done)
    else:
        tell(done, f"{start}至{end}")
    for note in (*done.notes, *done.refused):
        complain(f"注意：{note}")


def tell(done: Rehearsal, span: str) -> None:
    """Print it all for staff; `span` says which days."""
    for send in done.sends:
        say(f"{send.sent_on} {send.recipient}（{send.channel.label}）")
        for line in _lines(send.lines):
            say(f"  {line}")
    say(f"推演{span}：共{len(done.sends)}份，含{sum(len(s.lines) for s in done.sends)}项")
    _products(done.products)
    _standings(done)
    _burden(done.burden)


def _lines(lines: Sequence[RehearsedLine]) -> Iterator[str]:
    """Lines that are alike but for their subject, as one."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for line in lines:
        alike = (line.kind.label, line.rung, line.rule, line.title, line.clause)
        groups.setdefault(alike, []).append(line.subject)
    for (kind, rung, rule, title, clause), subjects in sorted(groups.items()):
        yield f"{kind} {rung} {rule} {title}（{clause}）：{'、'.join(sorted(subjects))}"


def _products(made: Sequence[RehearsedProduct]) -> None:
    """What duties made, those of a kind and a day as one."""
    groups: dict[tuple[object, ...], list[str]] = {}
    for item in made:
        groups.setdefault((item.on, item.kind.label, item.period), []).append(item.subject)
    table(
        f"周期工作（共{len(made)}件）",
        ("日期", "内容", "期次", "项目（单位）"),
        ((*key, "、".join(subjects)) for key, subjects in groups.items()),
    )


def _standings(done: Rehearsal) -> None:
    from collections import Counter

    counted: dict[str, Counter[str]] = {}
    for stand in done.standings:
        counted.setdefault(stand.rule, Counter())[stand.standing.label] += 1
    labels = sorted({label for counts in counted.values() for label in counts})
    rows = ((rule, *(counts[label] or "" for label in labels)) for rule, counts in counted.items())
    table("期末状态（每项时限的项目（单位）数）", ("时限", *labels), sorted(rows))


def _burden(burden: Sequence[Burden]) -> None:
    """Digests per person and month, of those who get most."""
    months = sorted({item.month for item in burden})
    by_person: dict[str, dict[str, int]] = {}
    for item in burden:
        by_person.setdefault(item.recipient, {})[item.month] = item.digests
    most = sorted(by_person.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    table(
        f"每人每月份数（收件人{len(by_person)}位，列出最多的{min(len(most), MOST_PEOPLE)}位）",
        ("收件人", *months, "合计"),
        (
            (person, *(counts.get(month, "") for month in months), sum(counts.values()))
            for person, counts in most[:MOST_PEOPLE]
        ),
    )
