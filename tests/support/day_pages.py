"""The pages of a day as texts, without a Prefect server."""

from datetime import date

from flows.pages.board import board_page
from flows.pages.city import city_page
from flows.pages.lists import due_page, overdue_page
from flows.pages.markdown import Page
from flows.pages.money import funds_page
from flows.pages.quality import quality_page
from operations.cases.desk import Desk
from operations.views.census import census
from operations.views.funds import city_money, money
from operations.views.outbox import outbox_counts
from operations.views.published import (
    city_day,
    items_due,
    late_items,
    province_day,
    taken_of,
    targets_of,
)
from operations.views.quality import quality
from policy.cities import City


def board_of(desk: Desk, as_of: date) -> Page:
    day = province_day(desk, taken_of(desk, as_of))
    return board_page(desk.plan, day, targets_of(desk), outbox_counts(desk), {})


def overdue_of(desk: Desk, as_of: date) -> Page:
    return overdue_page(desk.plan, as_of, *late_items(desk, taken_of(desk, as_of)), {})


def city_of(desk: Desk, city: City, as_of: date) -> Page:
    with desk.reading() as session:
        own = census(session, desk, city.name, as_of)
    funds = city_money(desk, city.name).funds
    return city_page(desk.plan, city, city_day(desk, own), targets_of(desk), funds, {})


def pages_of(desk: Desk, as_of: date) -> list[Page]:
    """All that count or list what stands."""
    plan = desk.plan
    return [
        overdue_of(desk, as_of),
        due_page(plan, as_of, items_due(desk, taken_of(desk, as_of)), {}),
        funds_page(plan, money(desk), as_of, {}),
        quality_page(plan, quality(desk, as_of), as_of, {}),
        board_of(desk, as_of),
        *(city_of(desk, city, as_of) for city in plan.cities),
    ]
