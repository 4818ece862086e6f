"""Who in the example does not do things in time. Data.

For every deadline up to June someone is late as of 1 June and someone was late before.
"""

from collections.abc import Mapping
from datetime import date

YEAR = 2023
Steps = Mapping[str, date | None]
"""The day of each act; None: it never happens. ``act#2`` is an act done once more."""


def on(month: int, day: int) -> date:
    """A day of the example's year."""
    return date(YEAR, month, day)


# Projects that reach determination late catch up over summer.
LATE_START: Steps = {
    "release_funds": on(7, 20),
    "operator_confirmed": on(7, 12),
    "city_funds_in_place": on(8, 4),
    "county_funds_in_place": on(8, 10),
    "complete_construction": on(11, 28),
    "open_operation": on(12, 12),
}

EXCEPTIONS: Mapping[str, Steps] = {
    # 迎泽区: no site before June; even completion is late.
    "XF2023-140106-01": {
        **LATE_START,
        "confirm_site": on(6, 8),
        "submit_application": on(6, 15),
        "pass_review": on(6, 28),
        "determine": on(7, 5),
        "break_ground": on(7, 25),
        "complete_construction": on(12, 5),
        "pass_acceptance": on(12, 12),
    },
    # 汾西县: a site at last, no application.
    "XF2023-141034-01": {
        **LATE_START,
        "confirm_site": on(3, 28),
        "submit_application": on(6, 6),
        "pass_review": on(6, 20),
        "determine": on(6, 28),
        "break_ground": on(7, 10),
    },
    # 长子县: returned for correction, submitted again in May, still in review.
    "XF2023-140428-01": {
        **LATE_START,
        "return_for_correction": on(3, 9),
        "submit_application#2": on(5, 12),
        "pass_review": on(6, 12),
        "determine": on(6, 21),
        "break_ground": on(7, 3),
    },
    # 宁武县: reviewed, not determined.
    "XF2023-140925-01": {
        **LATE_START,
        "pass_review": on(5, 25),
        "determine": on(6, 14),
        "break_ground": on(6, 26),
    },
    # 方山县: late with everything up to the operator, then in time.
    "XF2023-141128-01": {
        "confirm_site": on(4, 4),
        "submit_application": on(4, 11),
        "pass_review": on(4, 20),
        "determine": on(4, 25),
        "release_funds": on(5, 16),
        "operator_confirmed": on(5, 12),
        "break_ground": on(5, 30),
    },
    # 寿阳县: applied late.
    "XF2023-140725-01": {
        "confirm_site": on(2, 21),
        "submit_application": on(2, 24),
        "pass_review": on(4, 7),
        "determine": on(4, 18),
        "release_funds": on(4, 26),
    },
    # 平城区: work began before the money came.
    "XF2023-140213-02": {"break_ground": on(5, 18), "release_funds": on(6, 15)},
    # 平鲁区 and 偏关县: no money, not begun.
    "XF2023-140603-01": {"release_funds": on(6, 6), "break_ground": on(6, 8)},
    "XF2023-140932-01": {"release_funds": on(6, 15), "break_ground": on(6, 27)},
    # 天镇县, 黎城县, 永济市: money late.
    "XF2023-140222-01": {"release_funds": on(5, 16), "break_ground": on(5, 24)},
    "XF2023-140426-01": {"release_funds": on(5, 16), "break_ground": on(5, 25)},
    "XF2023-140881-01": {"release_funds": on(5, 16), "break_ground": on(5, 30)},
    # 晋城城区, 尧都区, 芮城县: no operator in June; 平定县, 高平市: late.
    "XF2023-140502-02": {"operator_confirmed": on(6, 9)},
    "XF2023-141002-01": {"operator_confirmed": on(6, 15)},
    "XF2023-140830-01": {"operator_confirmed": on(7, 3)},
    "XF2023-140321-01": {"operator_confirmed": on(5, 10)},
    "XF2023-140581-01": {"operator_confirmed": on(5, 15)},
    # 古交市, 浑源县, 临县: only the city's funds; 垣曲县: a day late.
    "XF2023-140181-01": {"county_funds_in_place": on(6, 14)},
    "XF2023-140225-01": {"county_funds_in_place": on(6, 20)},
    "XF2023-141124-01": {"county_funds_in_place": on(6, 28)},
    "XF2023-140827-01": {"county_funds_in_place": on(6, 1)},
    # 沁县, 交口县, 平陆县: money there, not begun; 静乐县: a day late.
    "XF2023-140430-01": {"break_ground": on(6, 20)},
    "XF2023-141130-01": {"break_ground": on(7, 6)},
    "XF2023-140829-01": {"break_ground": on(6, 13)},
    "XF2023-140926-01": {"break_ground": on(6, 1)},
    # 平遥县: on hold from April to July.
    "XF2023-140728-01": {
        **LATE_START,
        "release_funds": on(4, 12),
        "hold": on(4, 19),
        "resume": on(7, 10),
        "break_ground": on(7, 25),
    },
    # 阳泉城区, 霍州市: acceptance failed, mended, passed.
    "XF2023-140302-01": {
        "fail_acceptance": on(12, 4),
        "finish_rectification": on(12, 15),
        "pass_acceptance": on(12, 20),
    },
    "XF2023-141082-01": {
        "fail_acceptance": on(12, 4),
        "finish_rectification": on(12, 15),
        "pass_acceptance": on(12, 20),
    },
    # 右玉县: never opens.
    "XF2023-140623-01": {"open_operation": None},
}

# Of the cities' and the province's own duties; None: never done.
DUTY_EXCEPTIONS: Mapping[tuple[str, str], date | None] = {
    ("长治市", "D10-04"): on(4, 27),
    ("忻州市", "D10-05"): on(6, 5),
    ("运城市", "D10-05"): None,
}
PROVINCE_DUTIES: Mapping[str, date] = {
    "D02": on(3, 2),
    "D11-03": on(3, 31),
    "D11-04": on(5, 10),
    "D11-05": on(6, 6),
    "D11-06": on(6, 30),
    "D11-07": on(7, 31),
    "D11-08": on(8, 31),
    "D11-09": on(9, 28),
    "D11-10": on(10, 31),
    "D11-11": on(11, 30),
    "D11-12": on(12, 29),
    "D24": on(6, 26),
    "D26-Q2": on(7, 28),
    "D26-Q3": on(10, 30),
    "D26-Q4": on(12, 28),
}
