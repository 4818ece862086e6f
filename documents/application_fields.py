"""Readers for the cells that only 附件3 and 补充信息表 have: places, project names, choices.

They raise `CellError` as those of `documents.cells` do.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from documents import cells
from documents.cells import CellError
from documents.forms import BUILDING_KINDS, SITE_SOURCES
from policy.schema import City, Plan


def county(value: object, city: City) -> str:
    """The county that the cell names, as the plan writes it."""
    written = cells.name(value)
    if written is None:
        raise CellError(f"未填写县（市、区）；请填写{city.name}所辖县（市、区）名称")
    name = written if city.county(written) else written.removeprefix(city.name)
    names = [county.name for county in city.counties]
    matches = [known for known in names if name in (known, known[:-1])]
    if name in matches or len(matches) == 1:
        return name if name in matches else matches[0]
    raise CellError(_unknown_county(written, names, city))


def _unknown_county(written: str, names: Sequence[str], city: City) -> str:
    said = f"“{written}”不是{city.name}的县（市、区）"
    if close := get_close_matches(written, names, n=3, cutoff=0.5):
        return f"{said}，是否为{'、'.join(close)}？请核对后改正"
    return f"{said}；{city.name}所辖：{'、'.join(names)}"


def parts(value: object, plan: Plan) -> tuple[str, str]:
    """Street and community of a project's name."""
    ending = plan.project_name.rpartition("}")[2]
    written = cells.name(value)
    says = f"请按“××街道（镇、乡）××社区（村）{ending}”填写"
    if written is None:
        raise CellError(f"未填写项目名称；{says}")
    # 古镇街道 is a street: a 镇 or 乡 that 街道 follows is part of its name.
    street = r"(.+?(?:街道|镇(?!街道)|乡(?!街道)))"
    found = re.fullmatch(rf"{street}(.+(?:社区|村)){re.escape(ending)}", written)
    if not found:
        raise CellError(f"项目名称不合格式；{says}")
    return found[1], found[2]


def building_kind(value: object) -> str | None:
    written = cells.name(value)
    kind = next((k for k in BUILDING_KINDS if (written or "").startswith(k)), None)
    remark = (written or "")[2:]
    if written and (kind is None or (remark and kind != "其他" and remark[0] not in "（(：:")):
        raise CellError(f"配建性质须为{'、'.join(BUILDING_KINDS)}之一；其他的请写“其他：”并注明")
    return kind


def site_source(value: object) -> str | None:
    written = cells.name(value)
    if written is None:
        return None
    letter = written[0].upper()
    if letter not in SITE_SOURCES or (written[1:2].isalnum() and written[1] not in "类项"):
        raise CellError(
            "场地来源须为A（闲置房屋改造）、B（空闲场地新建）、C（老旧小区改造）"
            "或D（其他产权人免费提供）；请填写其中一个字母"
        )
    return letter
