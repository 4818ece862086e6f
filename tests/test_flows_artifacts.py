"""What an admin reads in the Prefect UI."""

from datetime import date

from flows.artifacts import board_markdown
from flows.operations.overview import CityBoard
from policy.vocabulary import DeliveryStatus
from tests.builders import plan


def test_every_figure_of_the_board_stands_under_its_heading() -> None:
    stages = tuple(range(21, 29))
    row = CityBoard("太原市", 10, 11, stages, finished=31, due_soon=32, overdue=33)
    text = board_markdown(plan(), [row], [], dict.fromkeys(DeliveryStatus, 0), date(2023, 6, 1))
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    head, ruler, taiyuan, total = lines
    assert {len(head), len(ruler), len(taiyuan), len(total)} == {14}
    shown = dict(zip(head, taiyuan, strict=True))
    assert (shown["市"], shown["名额"], shown["项目"]) == ("太原市", "10", "11")
    assert (shown["选址"], shown["运营"]) == ("21", "28")
    assert (shown["办结"], shown["临期"], shown["逾期"]) == ("31", "32", "33")
