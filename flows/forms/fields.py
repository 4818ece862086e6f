"""What the forms are made of. Titles and descriptions are what a person reads; Chinese.

The shapes are plain on purpose: text, days, yes or no, and lists of two texts. A field marked with
`MARK` becomes a choice when its deployment is registered: see `choosing`. What a schema says
beyond the types (`enum`, `minLength`) the server asks for before a run is made. Everything else is
left to the operations, which say in Chinese what is wrong.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import UsageError, with_reasons
from common.words import alike

MARK = "xingfu"
"""The key of a field's schema that names what there is to choose from."""
APART = "\u3000"
"""Stands in a choice between what it is called and its code."""


class RequestForm(BaseModel):
    """A form as it is handed in."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def described(title: str, description: str) -> ConfigDict:
    """What a form or a part of it is called, and what it is for."""
    return ConfigDict(title=title, json_schema_extra={"description": description})


def choice(kind: str, title: str, description: str = "") -> Any:
    """A text to be chosen from what there is of `kind`."""
    return Field(title=title, description=description or None, json_schema_extra={MARK: kind})


Project = Annotated[
    str, choice("project", "项目", "输入地名或项目名称查找；没有列表时填写项目名称或编码。")
]
Subject = Annotated[
    str,
    choice(
        "subject",
        "项目（单位）",
        "项目、市或省：输入地名或名称查找；没有列表时填写项目名称、编码、市名或省名。",
    ),
]
OnDay = Annotated[date, Field(title="日期", description="实际发生的日期，不能晚于今天。")]
Actor = Annotated[
    str,
    Field(
        title="经办人",
        description="作出决定的单位全称，后面可加处室和姓名，如“××厅 ××处 张某”。",
        json_schema_extra={"minLength": 1},
    ),
]
EnteredBy = Annotated[
    str, Field(title="录入人", description="代经办人录入的填写本人姓名；本人经办的可不填。")
]
Evidence = Annotated[str, Field(title="依据", description="文件、文号或理由；没有的可不填。")]
Approval = Annotated[
    str,
    Field(
        title="批准文件", description="批准的文件名称和文号。", json_schema_extra={"minLength": 1}
    ),
]
DryRun = Annotated[
    bool,
    Field(
        title="只试办，不写入", description="先看会有什么结果；核对无误后，关闭此开关再办理一次。"
    ),
]
Month = Annotated[str, Field(title="月份", description="只有月报需要，如 2023-06。")]
Amount = Annotated[
    str, Field(title="金额（元）", description="只有下达资金需要，最多两位小数，如 840000.00。")
]


def user_of(form: object) -> str:
    """Who enters what a form asks for, as the trail names it."""
    return f"表单 {getattr(form, 'entered_by', '')}".strip()


def listed(code: str, label: str) -> str:
    """One choice: what it is called, and the code by which it is known."""
    return f"{' '.join(label.split())}{APART}{code}"


def code_of(chosen: str) -> str:
    """The code of what was chosen, or was typed alone, be it in full-width signs."""
    return " ".join(alike(chosen.rpartition(APART)[2]).split())


def called(chosen: str) -> str:
    """What was chosen as people call it, without its code; what was typed, as it is."""
    return chosen.rpartition(APART)[0] or chosen


def marked(form: RequestForm, *kinds: str) -> Iterator[tuple[str, str]]:
    """The fields of a form that are chosen from what there is of those kinds, with their texts."""
    for name, field in type(form).model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and extra.get(MARK) in kinds and getattr(form, name):
            yield name, getattr(form, name)


def faults(form: type[BaseModel], wrong: ValidationError) -> UsageError:
    """What of a form does not fit, by the names that it shows; never what was typed."""
    names = [str(error["loc"][0]) if error["loc"] else "" for error in wrong.errors()]
    titles = {name: field.title or name for name, field in form.model_fields.items()}
    said = [f"“{titles.get(name, name)}”没有填写或无法识别" for name in dict.fromkeys(names)]
    return UsageError(with_reasons("填写有误，请更正后重新提交", said))
