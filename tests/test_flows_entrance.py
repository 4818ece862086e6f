"""The page of the day as the way in: what waits for a person, what is offered; forms for people."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import (
    ValidationError,
    build_error_obj,
    is_valid_schema,
    validate,
)

from deployments.server.definitions import definitions
from deployments.server.registering import flow_of
from deployments.server.speaking import in_chinese, speaking, translated
from flows.forms.showing import MACHINE, for_people
from flows.pages.entrance import (
    EntranceDoor,
    WaitingRun,
    former_page,
    offered_lines,
    refused_page,
    with_offered,
    with_waiting,
)
from tests.support.builders import plan

SINCE = datetime(2023, 6, 1, 0, 31, tzinfo=UTC)
RUN = WaitingRun("督办函：太原市", "0190a1b2", SINCE)
BOARD = (
    "# 甲 全省进度\n截至 **2023-06-01**\n\n另见：\n\n## 待处理\n\n- 乙\n\n## 各市进度\n\n| 市 |\n"
)


def test_a_decision_that_waits_is_told_with_where_to_make_it() -> None:
    told = with_waiting(BOARD, [RUN])
    line = next(line for line in told.splitlines() if "督办函" in line)
    assert line.startswith("- [督办函：太原市](/runs/flow-run/0190a1b2)，自2023-06-01 08:31起等待")
    assert "Resume" in line
    assert told.index("## 等待决定的审批") < told.index("## 待处理")


def test_what_waits_is_told_anew_and_the_rest_of_the_page_stays() -> None:
    other = WaitingRun("研究确定", "2", SINCE)
    assert with_waiting(with_waiting(BOARD, [RUN]), [other]) == with_waiting(BOARD, [other])
    assert with_waiting(with_waiting(BOARD, [RUN]), []) == BOARD
    assert with_waiting("无标题", [RUN]).startswith("无标题## 等待决定的审批")


def test_forms_approvals_and_jobs_stand_apart() -> None:
    offered = [EntranceDoor("表单", "延期", "/a"), EntranceDoor("审批", "研究确定", "/b")]
    lines = list(offered_lines(offered, "https://desk.example"))
    assert "- 表单：[延期](/a)" in lines
    assert "- 审批：[研究确定](/b)" in lines
    assert "- 各级人员：[督办工作台](https://desk.example)" in lines
    assert list(offered_lines([], "")) == []


def test_what_is_offered_is_told_anew_and_the_rest_of_the_page_stays() -> None:
    """Deployments are registered after the page was made, as on the first start, or made anew."""
    desk = list(offered_lines([], "https://desk.example"))
    all_of_it = list(offered_lines([EntranceDoor("表单", "延期", "/a")], "https://desk.example"))
    first = with_offered(BOARD, desk)
    assert first == f"{BOARD}\n## 办理和查看\n\n- 各级人员：[督办工作台](https://desk.example)\n"
    then = with_offered(first, all_of_it)
    assert then.startswith(BOARD)
    assert "- 表单：[延期](/a)" in then
    assert then.count("督办工作台") == 1
    assert with_offered(then, all_of_it) == then
    assert with_offered(then, []) == BOARD


def test_a_doubted_day_says_where_it_is_confirmed_and_where_the_last_one_is() -> None:
    reason = "2023-06-01的每日核对未执行\n  · 系统时间可能有误"
    told = refused_page(plan(), date(2023, 6, 1), reason, "/form", "/artifacts/artifact/1").text
    assert "待核日期" in told
    assert "- 系统时间可能有误" in told
    assert "[每日核对表单](/form)" in told
    assert former_page(told, "/artifacts/artifact/2") == "/artifacts/artifact/1"
    assert former_page(BOARD, "/artifacts/artifact/2") == "/artifacts/artifact/2"


@pytest.mark.parametrize("item", definitions(), ids=lambda item: item.name)
def test_people_are_asked_for_nothing_that_is_the_machine_s(item: Any) -> None:
    schema = parameter_schema(flow_of(item).fn).model_dump_for_openapi()
    shown = for_people(schema)
    is_valid_schema(shown)
    assert for_people(shown) == shown
    assert not {*shown["properties"], *shown["required"]} & MACHINE
    titles = [field["title"] for field in shown["properties"].values()]
    assert [title for title in titles if not any("一" <= sign <= "鿿" for sign in title)] == []
    assert "anyOf" not in str(shown["properties"])
    # What the deployment and its schedules say still passes.
    given = {**item.parameters, "plan": "shanxi-2023", "only_if_missed": True}
    missing = {error.validator for error in validate(given, shown)}
    assert missing <= {"required"}


ENGLISH = "'a' is a required property"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["a", "e"],
    "additionalProperties": False,
    "properties": {
        "a": {"type": "string", "minLength": 1},
        "d": {"default": "", "type": "string", "format": "date"},
        "e": {"type": "string", "enum": ["甲", "乙"]},
        "n": {"default": 10, "type": "integer", "minimum": 1, "maximum": 90},
        "s": {
            "default": [],
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 3},
        },
        "t": {"default": False, "type": "boolean"},
        "u": {"default": "", "type": "string", "maxLength": 2},
        "v": {"default": 0, "type": "number"},
    },
}


@pytest.mark.parametrize(
    ("filled", "says"),
    [
        ({}, "请填写本项"),
        ({"a": "", "e": "甲"}, "请填写本项"),
        ({"a": None, "e": "甲"}, "请填写本项"),
        ({"a": "x", "e": ""}, "请填写本项"),
        ({"a": "x", "e": "丙\n'丁'"}, "不在可选范围内，请从列表中选择"),
        ({"a": "x", "e": "甲", "d": "6月1日"}, "不是日期，请从日历中选择，或写作 2023-06-01"),
        ({"a": "x", "e": "甲", "n": "十"}, "应为整数，如 12"),
        ({"a": "x", "e": "甲", "v": "十"}, "应为数字，如 12.5"),
        ({"a": "x", "e": "甲", "n": 0}, "应不小于 1"),
        ({"a": "x", "e": "甲", "n": 91}, "应不大于 90"),
        ({"a": "x", "e": "甲", "s": []}, "请填写本项"),
        ({"a": "x", "e": "甲", "s": ["x"]}, "内容过短，请填写完整"),
        ({"a": "x", "e": "甲", "u": "xxx"}, "内容过长，请精简"),
        ({"a": "x", "e": "甲", "t": "是"}, "应为是或否"),
        ({"a": 1, "e": "甲"}, "填写的内容无法识别，请重新填写"),
        ({"a": "x", "e": "甲", "z": 1}, "含有表单以外的内容，请重新打开表单填写"),
    ],
)
def test_what_prefect_refuses_is_said_in_chinese(filled: dict[str, Any], says: str) -> None:
    """While a form is filled in, and when it is handed in."""
    told = str(in_our_words(build_error_obj(validate(filled, SCHEMA))))
    assert says in told
    assert not any(word in told for word in ("required", "is not", "should", " too ", "than"))
    if "d" in filled:  # what is no date is left to the flow then
        return
    with pytest.raises(ValidationError) as refused:
        validate(filled, SCHEMA, raise_on_error=True)
    assert in_chinese(f"Error creating flow run: {refused.value}") == f"表单未能提交：{says}"


def in_our_words(answer: Any) -> Any:
    return json.loads(translated(json.dumps(answer).encode()))


def test_what_is_no_such_answer_stays_as_it_is() -> None:
    assert translated(b"no json") == b"no json"
    assert in_chinese("甲社区") == "甲社区"
    assert in_our_words({"errors": [{"property": "'a' is too short", "errors": []}]}) == {
        "errors": [{"property": "'a' is too short", "errors": []}]
    }


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/ui/schemas/validate", 200, "请填写本项"),
        ("/api/deployments/1/create_flow_run", 409, "请填写本项"),
        ("/api/deployments/1/create_flow_run", 201, ENGLISH),  # what was typed comes back as it is
        ("/api/flow_runs/1/resume", 200, "请填写本项"),
        ("/api/flow_runs/filter", 200, ENGLISH),
    ],
)
def test_answers_to_forms_alone_are_put_into_chinese(path: str, status: int, says: str) -> None:
    body = json.dumps({"detail": ENGLISH}).encode()
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:5], "more_body": True})
        await send({"type": "http.response.body", "body": body[5:]})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path}
    asyncio.run(speaking(app)(scope, send, send))  # type: ignore[arg-type]  # it receives nothing
    told = b"".join(message.get("body", b"") for message in sent)
    assert json.loads(told) == {"detail": says}
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(told)).encode()
