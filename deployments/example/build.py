"""Writes the example, the same bytes each time: ``python -m deployments.example.build``."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from io import StringIO
from pathlib import Path

from deployments.example.details import (
    MoneyLine,
    ScoreLine,
    detailed,
    money,
    nothing_promised,
    scores,
)
from deployments.example.places import Site, sites
from deployments.example.profiles import contacts, profile
from deployments.example.reports import ReportedLine, reports
from deployments.example.story import FactLine, facts
from documents.forms.contacts import contacts_page
from documents.forms.summary import SummaryRow, pages
from documents.writing.layout import save
from policy.cities import City
from policy.load import named_plan
from policy.schema import Plan
from states.dossier import stated

HOME = Path(__file__).parent
PLAN_ID = "shanxi-2023"


def build(folder: Path) -> None:
    """Write ``workbooks/*.xlsx`` and four tables: facts, opinions, ledger and reports."""
    plan = named_plan(PLAN_ID)
    everywhere = sites(plan)
    workbooks = folder / "workbooks"
    workbooks.mkdir(parents=True, exist_ok=True)
    for number, city in enumerate(plan.cities, 1):
        path = workbooks / f"{number:02d}-{city.name}.xlsx"
        save(path, pages(plan, city.name, _applications(plan, city, everywhere)))
    save(workbooks / "通讯录.xlsx", [contacts_page(list(contacts(plan)))])
    by_code = {site.code: site for site in everywhere}
    told = [
        detailed(plan, by_code[fact.subject], fact) if fact.subject in by_code else fact
        for fact in facts(plan, everywhere)
    ]
    told += [fact for site in everywhere for fact in nothing_promised(plan, site)]
    told.sort(key=lambda fact: fact.on)
    given = (line for site in everywhere for line in scores(plan, site))
    booked = (line for site in everywhere for line in money(plan, site))
    _write(folder / "facts.csv", told)
    _write(folder / "opinions.csv", sorted(given, key=lambda line: line.on))
    _write(folder / "ledger.csv", sorted(booked, key=lambda line: line.on))
    reported = reports(plan, everywhere)
    _write(folder / "reports.csv", sorted(reported, key=lambda line: line.on))


def _applications(plan: Plan, city: City, everywhere: tuple[Site, ...]) -> tuple[SummaryRow, ...]:
    return tuple(
        SummaryRow(site.county.name, stated(profile(plan, site)))
        for site in everywhere
        if site.city is city
    )


def _write(
    path: Path,
    lines: Sequence[FactLine] | Sequence[ScoreLine] | Sequence[MoneyLine] | Sequence[ReportedLine],
) -> None:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(lines[0]))
    writer.writerows(astuple(line) for line in lines)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


if __name__ == "__main__":
    build(HOME)
