"""Readers for the cells that only 附件3 and 补充信息表 have: places, project names, choices.

They raise `CellError` as those of `documents.reading.cells` do.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, partial
from string import Formatter
from typing import Any, TypeVar

from common.errors import RefusedError
from common.words import TEN_THOUSAND, alike
from documents.reading import cells
from documents.reading.cells import CellError
from policy.actions import PlausibleRange
from policy.cities import City
from policy.fields import CORE, Kind, ProfileField
from policy.schema import Plan
from states.requirements import valid_uscc

T = TypeVar("T")
Parse = Callable[[object], Any]

# 古镇街道 is a street: a 镇 or 乡 that 街道 follows is part of its name.
ZONE = re.compile(
    r"(经济技术|高新技术|综合改革|转型综改|经济|高新|综改|产业|工业|风景名胜)*"
    r"(开发区|示范区|经开区|高新区|产业园区|名胜区|园区)$"
)


def county_reader(city: City, plan: Plan) -> Callable[[object], str]:
    """Reads the county that a cell names, as the plan writes it.

    A zone (开发区) has no code of its own: it is taken for its county where its name says which.
    """
    return cache(lambda value: _county(value, city, plan))


def _county(value: object, city: City, plan: Plan) -> str:
    written = cells.name(value)
    if city.undivided and written in (None, city.name):
        return ""
    if written is None:
        counties = plan.said("县（市、区）")
        raise CellError(f"未填写{counties}；请填写{city.name}所辖{counties}名称")
    name = written if city.county(written) else written.removeprefix(city.name)
    names = [county.name for county in city.counties]
    bare = ZONE.sub("", name) or name
    matches = [known for known in names if bare in (known, _short(known))]
    if bare in matches or len(matches) == 1:
        return bare if bare in matches else matches[0]
    raise CellError(_unknown_county(written, names, city, plan))


def _short(name: str) -> str:
    """清徐 for 清徐县; a name of two characters keeps its last."""
    return name[:-1] if len(name) > 2 else name


def _unknown_county(written: str, names: Sequence[str], city: City, plan: Plan) -> str:
    said = f"“{written}”不是{city.name}的{plan.said('县（市、区）')}"
    if ZONE.search(written):
        where = plan.said("场地所在的县（市、区）")
        return f"{said}：开发区等没有行政区划代码，请填写{where}：{'、'.join(names)}"
    owners = [
        other.name
        for other in plan.cities
        if any(written in (item.name, f"{other.name}{item.name}") for item in other.counties)
    ]
    if owners:
        mend = plan.said("请核对后改正，或报送到相应的市")
        return f"{said}，属于{'、'.join(owners)}；{mend}"
    if close := get_close_matches(written, names, n=3, cutoff=0.5):
        return f"{said}；是否为{'、'.join(close)}？请核对后改正"
    return f"{said}；请填写{city.name}所辖的一个：{'、'.join(names)}"


def street_form(plan: Plan) -> str:
    """As a pattern, the name of a street and its like; 镇街道 ends in 街道."""
    return rf".+?(?:{'|'.join(_ending(each, plan.street_endings) for each in plan.street_endings)})"


def _ending(own: str, every: Sequence[str]) -> str:
    """An ending that is not followed by a longer one."""
    longer = [each for each in every if len(each) > len(own)]
    return f"{re.escape(own)}(?!{_any_of(longer)})" if longer else re.escape(own)


def application_shape(plan: Plan) -> str:
    """What 附件2 calls a project, with ×× for the names: ``××街道××社区（村）…``."""
    community = _sample(plan.community_endings)
    street = f"××{plan.street_endings[0]}"
    return plan.application_name.format(street=street, community=community, name="××")


def named_by(plan: Plan, stated: Mapping[str, Any], pattern: str) -> str:
    """A project's name by a pattern of the plan; RefusedError where a part is not stated."""
    if (name := plan.name_of(stated, pattern)) is not None:
        return name
    shown = {"street": "街道（乡镇）", "community": plan.label_of("community")}
    if not plan.named_freely:
        shown["community"] = "社区（村）"
    missing = "或".join(shown[part] for part in plan.name_parts)
    raise RefusedError(f"项目缺少{missing}名称，无法生成项目名称；请先补齐")


def _any_of(endings: Sequence[str]) -> str:
    return "|".join(map(re.escape, endings))


def _sample(endings: Sequence[str]) -> str:
    """``××街道（镇、乡）``."""
    others = f"（{'、'.join(endings[1:])}）" if endings[1:] else ""
    return f"××{endings[0]}{others}"


def parts_reader(plan: Plan) -> Callable[[object], tuple[str, str]]:
    """Reads street and community, or the name of its own, out of a project's name."""
    form = re.compile(_name_form(plan))
    street, community = _sample(plan.street_endings), _sample(plan.community_endings)
    shape = plan.project_name.format(street=street, community=community, name="××（自定名称）")
    says = f"请按“{shape}”填写"

    def parts(value: object) -> tuple[str, str]:
        written = cells.name(value)
        if written is None:
            raise CellError(f"未填写项目名称；{says}")
        if found := form.fullmatch(written):
            return found["street"], found["community"]
        raise CellError(f"项目名称不合格式；{says}")

    return parts


def _name_form(plan: Plan) -> str:
    """The pattern of its names, each part in brackets of its own; a part they lack is empty."""
    forms = {
        "street": f"(?P<street>{street_form(plan)})",
        "community": f"(?P<community>.+(?:{_any_of(plan.community_endings)}))",
        "name": "(?P<community>.+)",
    }
    parsed = Formatter().parse(plan.project_name)
    form = "".join(re.escape(words) + forms.get(part or "", "") for words, part, _, _ in parsed)
    lacking = (f"(?P<{name}>)" for name in ("street", "community") if f"(?P<{name}>" not in form)
    return form + "".join(lacking)


def building_kind(value: object) -> str | None:
    """配建性质; a tick before it and a remark behind it are allowed."""
    written = (cells.name(value) or "").lstrip(cells.TICKS)
    kinds = CORE["building_kind"].choices
    kind = next((k for k in kinds if written.startswith(k)), None)
    remark = written[2:]
    if written and (kind is None or (remark and kind != "其他" and remark[0] not in "（(：:")):
        raise CellError(
            f"配建性质须为{'、'.join(kinds)}之一；请从中选填一项，其他的请写“其他：”并注明"
        )
    return kind


def _lettered(field: ProfileField) -> Callable[[object], str | None]:
    """Reads one of the letters of `field`, with whatever is written behind it."""
    *most, last = (f"{letter}（{field.meanings[letter]}）" for letter in field.choices)
    listed = f"{'、'.join(most)}或{last}" if most else last

    def letter(value: object) -> str | None:
        written = cells.name(value)
        if written is None:
            return None
        first = written[0].upper()
        if first not in field.choices or (written[1:2].isalnum() and written[1] not in "类项"):
            raise CellError(f"{field.label}须为{listed}；请填写其中一个字母")
        return first

    return letter


def credit_code(value: object) -> str | None:
    """A valid 统一社会信用代码."""
    written = cells.name(value)
    if written is None:
        return None
    code = alike(written).upper().replace("-", "")
    if not valid_uscc(code):
        raise CellError("统一社会信用代码校验不通过；请核对登记证书上的18位代码")
    return code


def _one_of(choices: Mapping[str, str], what: str) -> Callable[[object], str | None]:
    """Reads one of the labels of `choices` into what it stands for."""

    def read(value: object) -> str | None:
        written = cells.name(value)
        if written is not None and written not in choices:
            raise CellError(f"{what}须为{'、'.join(choices)}之一；请从中选填一项")
        return None if written is None else choices[written]

    return read


BY_KIND: Mapping[Kind, Parse] = {
    "text": cells.text,
    "name": cells.name,
    "phone": cells.text,
    "credit_code": credit_code,
    "square_metres": cells.square_metres,
    "yuan": cells.yuan,
    "day": cells.day,
    "yes_no": cells.yes_or_no,
}


def reader(field: str, plan: Plan) -> Parse:
    """How a cell is read into a field; money is in 元 unless the cell says otherwise."""
    declared = plan.field[field]
    if field == "building_kind":
        return building_kind
    if declared.meanings:
        return _lettered(declared)
    if declared.kind in ("count", "number"):
        count = cells.integer if declared.kind == "count" else cells.number
        return partial(count, unit=declared.unit)
    if declared.kind in BY_KIND:
        return BY_KIND[declared.kind]
    own = {choice: choice for choice in declared.choices}
    return _one_of(own or {kind.label: kind.id for kind in plan.kinds}, declared.label)


def asked(
    field: str, parse: Callable[[object], T], plan: Plan, *, confirmed: bool
) -> Callable[[object], T]:
    """`parse`, which refuses a value that is not plausible unless the sender has `confirmed` it."""
    if confirmed or field not in _plausible(plan):
        return parse

    def ask(value: object) -> T:
        read = parse(value)
        if doubt := question(field, read, plan):
            raise CellError(doubt)
        return read

    return ask


def confirmed_by(plan: Plan) -> str:
    """How a figure that is not plausible is entered all the same."""
    return f"确属实的，请附书面说明，由{plan.head_bureau}核实后登记"


def sure(plan: Plan) -> str:
    """The same, after it has been looked at once more."""
    return f"请核对后改正；{confirmed_by(plan)}"


def question(field: str, value: object, plan: Plan) -> str | None:
    """What to ask about a value that no form means to say; None when it is plausible.

    Money is in 元; 元 and 万元 mixed up are 10,000 times off, and the likely value is named.
    """
    rule = _plausible(plan).get(field)
    if rule is None or not isinstance(value, int | Decimal) or rule.least <= value <= rule.most:
        return None
    declared = plan.field[field]
    is_money = declared.kind == "yuan"
    in_wan = any("万元" in (column.heading or "") for column in declared.asked)
    unit = ("万元" if in_wan else "元") if is_money else ""

    def shown(number: Decimal | int) -> str:
        return cells.plain(number / TEN_THOUSAND if unit == "万元" else number)

    said = f"{shown(value)}{unit}超出合理范围（{shown(rule.least)}—{shown(rule.most)}{unit}）"
    for factor, wrote, meant in ((10000, "元", "万元"), (Decimal("0.0001"), "万元", "元")):
        likely = value / Decimal(factor)
        if is_money and rule.least <= likely <= rule.most and likely:
            return f"{said}；是否应为{shown(likely)}{unit}（误将{wrote}填作{meant}）？{sure(plan)}"
    return f"{said}；{sure(plan)}"


@cache
def _plausible(plan: Plan) -> Mapping[str, PlausibleRange]:
    return {rule.field: rule for rule in plan.plausible}
