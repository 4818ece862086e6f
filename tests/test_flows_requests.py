"""Forms: what they let one choose, what they ask for, and what is told of it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from inspect import unwrap
from pathlib import Path
from typing import Any, TypedDict

import pytest
from openpyxl import load_workbook
from prefect import Flow
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools import is_valid_schema, validate
from pydantic import ValidationError
from sqlalchemy import text
from typer import BadParameter

from common.errors import ConflictError, RefusedError, UsageError
from deployments.commands.options import _amount, as_date
from deployments.demo import EXAMPLE
from documents.reading import cells
from documents.reading.typed import amount_of
from flows.forms.advance_project import AdvanceRequestForm, advance_project, the_act
from flows.forms.asking import filled_in, run_name
from flows.forms.choosing import (
    HOLD,
    MOST,
    REPLACE,
    RESUME,
    WITHDRAW,
    action_for,
    as_meant,
    choices,
    with_choices,
)
from flows.forms.export_workbook import KINDS, ExportRequestForm, export_workbook
from flows.forms.extend_deadline import ExtendRequestForm, extend_deadline
from flows.forms.fields import RequestForm, code_of, listed
from flows.forms.hold_project import HoldRequestForm, hold_project
from flows.forms.import_workbook import ImportRequestForm, import_workbook
from flows.forms.record_milestone import RecordRequestForm, record_milestone
from flows.forms.replace_project import ReplaceRequestForm, replace_project
from flows.forms.retry_dead_letters import RetryRequestForm, retry_dead_letters
from flows.forms.telling import listing, refused
from operations.cases.desk import Desk
from operations.daily.enforcement import enforce
from operations.views.project_record import project_record
from policy.vocabulary import Disposition, Form
from states.machine import Position
from tests.conftest import AT, DeskIn
from tests.support.builders import plan
from tests.support.delivering import DAY, DOWN, rows, send
from tests.support.province import END, morning
from tests.support.steps import ONE, PROVINCE, TAIYUAN, act, walk
from tests.support.tape import Tape

FLOWS: tuple[Flow[..., Any], ...] = (
    advance_project,
    record_milestone,
    extend_deadline,
    hold_project,
    replace_project,
    retry_dead_letters,
    import_workbook,
    export_workbook,
)
TWO = "XF2023-140105-02"
NAMED = f"太原市小店区 示例一街道示例乙社区养老幸福工程　{ONE}"
SITE = {
    "project": NAMED,
    "action": "确定选址　confirm_site",
    "on": "2023-02-06",
    "actor": "山西省民政厅 示例",
}


class Now(TypedDict):
    """The day and the instant at which a form is handed in."""

    today: date
    at: datetime


NOW = Now(today=END, at=AT)


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """A desk with the ten projects of 太原市, all in siting, on both databases."""
    return desk_in(TAIYUAN)


@pytest.fixture
def ten(stores: Any, tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite alone, for what does not concern the store."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as opened:
        yield opened


def done(flow: Flow[..., Any], desk: Desk, form: RequestForm, *, today: date, at: datetime) -> str:
    """What the flow does and tells, without a run."""
    told: str = unwrap(flow.fn)(desk, form, today=today, at=at)
    return told


def schema_of(flow: Flow[..., Any]) -> dict[str, Any]:
    return parameter_schema(flow.fn).model_dump_for_openapi()


def audited(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit")).scalar_one())


def disposition(desk: Desk, code: str) -> Disposition:
    return project_record(desk, code, END).disposition


def walk_through(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from walk_through(inner)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_everything_that_a_form_shows_is_chinese(flow: Flow[..., Any]) -> None:
    schema = schema_of(flow)["definitions"]
    fields = [field for part in schema.values() for field in part["properties"].values()]
    words = [part["title"] for part in schema.values()] + [field["title"] for field in fields]
    words += [each["description"] for each in (*schema.values(), *fields) if "description" in each]
    assert fields
    assert [word for word in words if not any("一" <= sign <= "鿿" for sign in word)] == []


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_form_is_of_shapes_that_the_ui_shows_well(flow: Flow[..., Any]) -> None:
    """No alternatives: the UI shows a switch of types for them, and an empty one is null."""
    schema = schema_of(flow)["definitions"]
    assert [part for part in walk_through(schema) if "anyOf" in part or "oneOf" in part] == []
    (form,) = [part for name, part in schema.items() if name.endswith("Form")]
    assert "actor" in form["required"]
    assert "minLength" in form["properties"]["actor"]


@pytest.mark.parametrize("flow", [replace_project, retry_dead_letters, import_workbook])
def test_what_writes_much_is_only_tried_first(flow: Flow[..., Any]) -> None:
    (form,) = [p for n, p in schema_of(flow)["definitions"].items() if n.endswith("Form")]
    assert next(iter(form["properties"])) == "dry_run"
    assert form["properties"]["dry_run"]["default"] is True


@pytest.mark.parametrize(
    ("change", "right"),
    [
        ({}, True),
        ({"amount": "840000.00"}, True),
        ({"amount": ""}, True),
        (
            {"reasons": [{"condition": "建筑面积不在500—2000平方米之间　R16", "reason": "示例"}]},
            True,
        ),
        ({"checks": [{"item": "实有床位（张）　beds", "answer": "12"}]}, True),
        ({"amount": "12.345"}, True),  # refused by the flow, in words that staff understand
        ({"actor": ""}, False),
        ({"project": ONE}, False),  # the server asks for a choice; the flow takes the code alone
        ({"action": "fly"}, False),
        ({"checks": [{"item": "实有床位（张）　beds"}]}, False),
        ({"colour": "red"}, False),
    ],
)
def test_the_server_lets_only_choices_through(ten: Desk, change: Any, right: bool) -> None:
    schema = with_choices(schema_of(advance_project), choices(ten))
    is_valid_schema(schema)
    assert (not validate({"form": {**SITE, **change}}, schema)) is right


def test_what_may_be_left_empty_has_an_empty_choice(ten: Desk) -> None:
    schema = with_choices(schema_of(replace_project), choices(ten))
    form = {"withdrawn": "", "on": "2023-06-01", "actor": "山西省民政厅 示例", "evidence": "示例"}
    assert not validate({"form": {**form, "replacement": NAMED}}, schema)
    assert validate({"form": {**form, "replacement": "太原市"}}, schema)


def test_choices_are_what_the_database_and_the_plan_hold(taiyuan: Desk) -> None:
    found = choices(taiyuan)
    with taiyuan.engine.connect() as connection:
        query = "SELECT code, city, county, name FROM subject WHERE kind = 'project' ORDER BY code"
        rows = connection.execute(text(query)).all()
        others = connection.execute(text("SELECT code FROM subject WHERE kind != 'project'"))
        everybody = {code for code, *_ in rows} | set(others.scalars())
    assert len(rows) == 10
    assert found["project"] == tuple(
        f"{city}{county} {name}　{code}" for code, city, county, name in rows
    )
    assert {code_of(each) for each in found["subject"]} == everybody
    assert [code_of(each) for each in found["action"]] == [item.id for item in plan().actions]
    assert [code_of(each) for each in found["rule"]] == list(taiyuan.deadlines)
    assert "D10-03" in {code_of(each) for each in found["fact"]}
    assert "site_confirmed" not in {code_of(each) for each in found["fact"]}  # by an action only
    assert {code_of(each) for each in found["condition"]} >= {"R16", "R08-2"}


@pytest.mark.parametrize(("projects", "chosen"), [(MOST, True), (MOST + 1, False)])
def test_too_many_projects_are_typed(ten: Desk, projects: int, chosen: bool) -> None:
    row = "INSERT INTO subject (plan, code, kind, name, city, county) VALUES "
    row += "('shanxi-2023', :code, 'project', '示例', '太原市', '小店区')"
    with ten.engine.begin() as connection:
        more = [{"code": f"XF2023-149999-{number:03}"} for number in range(projects - 10)]
        connection.execute(text(row), more)
    schema = with_choices(schema_of(record_milestone), choices(ten))
    field = schema["definitions"]["RecordRequestForm"]["properties"]["subject"]
    assert ("enum" in field) is chosen
    if chosen:
        assert len(field["enum"]) == projects + 11 + 1  # with the cities and the province


def test_choices_are_brought_up_to_date() -> None:
    field = {"type": "string", "xingfu": "project"}
    schema: dict[str, Any] = {"properties": {"a": field, "b": {"enum": ["x"]}}}
    one, other = {"project": ("1", "2")}, {"project": ("3",)}
    once = with_choices(schema, one)
    assert once["properties"] == {"a": {**field, "enum": ["1", "2"]}, "b": {"enum": ["x"]}}
    assert with_choices(once, one) == once
    assert with_choices(once, other) == with_choices(schema, other)
    assert with_choices(once, {}) == schema


def test_a_field_may_be_called_enum() -> None:
    schema = {"properties": {"enum": {"type": "string", "xingfu": "x"}}}
    assert with_choices(schema, {"x": ("1",)})["properties"]["enum"]["enum"] == ["1"]


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        (NAMED, ONE),
        (ONE, ONE),
        ("太原市", "太原市"),
        ("确定选址　confirm＿site", "confirm_site"),
        (listed("D08", "全部 开工"), "D08"),
        ("", ""),
        ("　", ""),
    ],
)
def test_a_choice_is_taken_apart(chosen: str, code: str) -> None:
    assert code_of(chosen) == code


def test_a_run_is_named_without_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"form": {"project": NAMED, "action": "确定选址　confirm_site"}}
    monkeypatch.setattr("prefect.runtime.flow_run.parameters", asked, raising=False)
    told = run_name("办理项目", "project", "action", "amount")()
    assert told == "办理项目：太原市小店区 示例一街道示例乙社区养老幸福工程、确定选址"


def test_a_form_says_what_is_to_be_done() -> None:
    form = AdvanceRequestForm.model_validate(
        {
            **SITE,
            "amount": " 840,000.5元 ",
            "reasons": [{"condition": "面积　R16", "reason": " 示例 "}],
            "checks": [{"item": "床位　beds", "answer": "12"}],
        }
    )
    asked = the_act(form)
    assert (asked.subject, asked.name, asked.on) == (ONE, "confirm_site", date(2023, 2, 6))
    assert (asked.actor, asked.evidence, str(asked.amount)) == (
        "山西省民政厅 示例",
        "",
        "840000.50",
    )
    assert (asked.reasons, asked.checks) == ({"R16": "示例"}, {"beds": "12"})


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("840", "840"), ("８４０．５元", "840.5"), ("٨٤٠", "840"), (" 84万元", "840000"), (" ", None)],
)
def test_an_amount_is_typed_as_into_a_cell(typed: str, amount: str | None) -> None:
    """In a form as on the command line."""
    assert amount_of(typed) == (amount and Decimal(amount))
    if amount:
        assert _amount(typed) == Decimal(amount)
        assert cells.yuan(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["2023-06-01", "２０２３.６.１", "2023年6月1日", "20230601"])
def test_a_day_is_typed_as_into_a_cell(typed: str) -> None:
    assert as_date(typed) == cells.day(typed) == date(2023, 6, 1)


@pytest.mark.parametrize("typed", ["45000", "４５０００", "20230230", "6月1日", ""])
def test_what_is_no_day_is_refused_when_typed(typed: str) -> None:
    """A sheet's day number (45000 is 2023-03-15) is read from sheets alone."""
    with pytest.raises(BadParameter, match="请写作 2023-06-01"):
        as_date(typed)


@pytest.mark.parametrize("typed", ["12.345", "-1", "八十四万", "1e3"])
def test_no_amount(typed: str) -> None:
    with pytest.raises(UsageError, match="不是金额"):
        amount_of(typed)


def test_what_does_not_fit_is_told_by_the_names_that_the_form_shows() -> None:
    """Where the check by Prefect was switched off, or could not see it."""
    with pytest.raises(UsageError) as refused:
        filled_in(AdvanceRequestForm, {**SITE, "on": "昨天", "colour": "red", "actor": 5})
    assert str(refused.value).splitlines() == [
        "填写有误，请更正后重新提交",
        "  · “日期”没有填写或无法识别",
        "  · “经办人”没有填写或无法识别",
        "  · “colour”没有填写或无法识别",
    ]
    assert filled_in(AdvanceRequestForm, SITE) == AdvanceRequestForm.model_validate(SITE)


def test_a_project_is_known_by_its_name_where_there_are_too_many_to_choose_from(
    ten: Desk,
) -> None:
    typed = {**SITE, "project": "示例一街道示例乙社区养老幸福工程"}
    assert as_meant(ten, AdvanceRequestForm.model_validate(typed)).project == ONE
    chosen = AdvanceRequestForm.model_validate(SITE)
    assert as_meant(ten, chosen) is chosen
    wrong = AdvanceRequestForm.model_validate({**SITE, "project": "示例一街道示例乙社区养老工程"})
    with pytest.raises(RefusedError, match=f"是否为 .*{ONE}"):
        as_meant(ten, wrong)
    facts = RecordRequestForm.model_validate(
        {"subject": "太原", "fact": "x", "on": "2023-02-06", "actor": "山西省民政厅"}
    )
    assert as_meant(ten, facts).subject == "太原市"


def test_nothing_is_stated_twice() -> None:
    twice = [{"item": "beds", "answer": "12"}, {"item": "床位　beds", "answer": "13"}]
    form = AdvanceRequestForm.model_validate({**SITE, "checks": twice})
    with pytest.raises(UsageError, match="验收项“beds”填写了两次"):
        the_act(form)


def test_an_unknown_field_is_no_form() -> None:
    with pytest.raises(ValidationError):
        AdvanceRequestForm.model_validate({**SITE, "colour": "red"})


def test_actions_are_known_by_what_they_do() -> None:
    renamed = plan().model_copy(
        update={"actions": tuple(a.model_copy(update={"label": "改"}) for a in plan().actions)}
    )
    held, active = Position("review", Disposition.HELD), Position("review", Disposition.ACTIVE)
    reserve = Position("review", Disposition.RESERVE)
    pairs = ((HOLD, active), (RESUME, held), (WITHDRAW, held), (REPLACE, reserve))
    found = [action_for(renamed, role, position).id for role, position in pairs]
    assert found == ["hold", "resume", "withdraw", "replace"]


def test_a_plan_may_have_no_such_action() -> None:
    without = plan().model_copy(
        update={"actions": tuple(a for a in plan().actions if a.sets is not Disposition.HELD)}
    )
    with pytest.raises(RefusedError, match="没有规定“暂停”"):
        action_for(without, HOLD, Position("siting", Disposition.ACTIVE))


def test_an_action_is_not_taken_twice(taiyuan: Desk) -> None:
    form = AdvanceRequestForm.model_validate(SITE)
    told = done(advance_project, taiyuan, form, **NOW)
    assert "阶段：选址 → 申报，推进中" in told
    assert "提交申报 `submit_application`" in told
    assert f"记录号：{project_record(taiyuan, ONE, END).revision}" in told
    before = audited(taiyuan)
    with pytest.raises(RefusedError, match="不能办理“确定选址”"):
        done(advance_project, taiyuan, form, **NOW)
    assert audited(taiyuan) == before


def test_soft_conditions_are_told_with_what_was_done(ten: Desk) -> None:
    walk(ten, "determine")  # the money has not come yet
    act(ten, "operator_confirmed", "2023-04-25")
    action = {"action": "break_ground", "on": "2023-05-10"}
    form = AdvanceRequestForm.model_validate({**SITE, **action})
    told = done(advance_project, ten, form, **NOW)
    assert "阶段：资金下达 → 建设" in told
    warned = told.partition("## 请注意")[2].partition("## 可以办理")[0]
    assert "资金" in warned


def test_a_fact_is_recorded_once(taiyuan: Desk) -> None:
    form = RecordRequestForm(
        subject="太原市",
        fact="月报　D10-03",
        on=date(2023, 3, 24),
        actor="山西省民政厅 示例",
        evidence="网络故障，书面报送，示例文件",
    )
    assert "登记：D10-03 " in done(record_milestone, taiyuan, form, **NOW)
    before = audited(taiyuan)
    done(record_milestone, taiyuan, form, **NOW)
    assert audited(taiyuan) == before


def test_a_deadline_is_put_off_once(taiyuan: Desk) -> None:
    form = ExtendRequestForm(
        subject=NAMED,
        rule="D01",
        until=date(2023, 3, 10),
        on=date(2023, 2, 10),
        actor="山西省民政厅 示例",
        evidence="示例批复1号",
    )
    assert "改为2023-03-10" in done(extend_deadline, taiyuan, form, **NOW)
    before = audited(taiyuan)
    with pytest.raises(RefusedError, match="已延期至2023年3月10日，无需重复"):
        done(extend_deadline, taiyuan, form, **NOW)
    assert audited(taiyuan) == before


def test_a_pause_and_its_end(taiyuan: Desk) -> None:
    def step(name: Any) -> str:
        form = HoldRequestForm(
            project=NAMED, step=name, on=date(2023, 3, 1), actor=PROVINCE, evidence="示例"
        )
        return done(hold_project, taiyuan, form, **NOW)

    assert "选址（阶段不变），暂停" in step("暂停")
    with pytest.raises(RefusedError, match="不能办理“暂停”"):
        step("暂停")
    assert disposition(taiyuan, ONE) is Disposition.HELD
    assert "推进中" in step("恢复")
    with pytest.raises(RefusedError, match="不能办理“恢复”"):
        step("恢复")
    assert disposition(taiyuan, ONE) is Disposition.ACTIVE


def with_a_reserve(desk: Desk) -> Desk:
    """The first project determined, the second a reserve."""
    walk(desk, "determine")
    walk(desk, "pass_review", TWO)
    act(desk, "reserve", "2023-03-28", TWO)
    return desk


def replacement(**changes: Any) -> ReplaceRequestForm:
    form = {"dry_run": False, "withdrawn": NAMED, "replacement": TWO, "on": "2023-05-06"}
    return ReplaceRequestForm.model_validate(
        {**form, "actor": PROVINCE, "evidence": "示例批复", **changes}
    )


def test_a_replacement_is_tried_then_made_and_not_twice(taiyuan: Desk) -> None:
    with_a_reserve(taiyuan)
    before = audited(taiyuan)
    told = done(replace_project, taiyuan, replacement(dry_run=True), **NOW)
    assert "试办，未写入" in told
    assert "办理：终止" in told
    assert "办理：替补确定" in told
    assert f"| {TWO} |" in told  # it still is a reserve
    assert audited(taiyuan) == before
    told = done(replace_project, taiyuan, replacement(), **NOW)
    assert "试办" not in told
    assert told.endswith("现有替补项目\n\n无。")
    assert audited(taiyuan) == before + 2
    assert disposition(taiyuan, ONE) is Disposition.WITHDRAWN
    assert disposition(taiyuan, TWO) is Disposition.ACTIVE
    with pytest.raises(RefusedError, match="不能办理“终止”"):
        done(replace_project, taiyuan, replacement(), **NOW)
    assert audited(taiyuan) == before + 2


def test_where_one_of_the_two_is_refused_neither_is_made(taiyuan: Desk) -> None:
    walk(taiyuan, "determine")
    before = audited(taiyuan)
    with pytest.raises(RefusedError, match="不能办理“替补确定”"):
        done(replace_project, taiyuan, replacement(), **NOW)
    assert disposition(taiyuan, ONE) is Disposition.ACTIVE
    assert audited(taiyuan) == before


def test_one_of_the_two_must_be_chosen(ten: Desk) -> None:
    with pytest.raises(UsageError, match="请选择"):
        done(replace_project, ten, replacement(withdrawn="", replacement=""), **NOW)


def book(desk: Desk, path: Path | str, later: int = 0, **changes: Any) -> str:
    form = {"dry_run": False, "path": str(path), "actor": "山西省民政厅 示例", **changes}
    asked, at = ImportRequestForm.model_validate(form), AT + timedelta(hours=later)
    return done(import_workbook, desk, asked, today=END, at=at)


def test_a_workbook_is_tried_then_imported_and_changes_nothing_again(taiyuan: Desk) -> None:
    path = EXAMPLE / "workbooks" / "03-朔州市.xlsx"
    before = audited(taiyuan)
    told = book(taiyuan, path, dry_run=True)
    assert "试办，未写入" in told
    assert "新增" in told
    assert audited(taiyuan) == before
    assert "新增0" not in book(taiyuan, path)
    after = audited(taiyuan)
    assert after > before
    assert "新增0，更新0" in book(taiyuan, path, 1)
    assert audited(taiyuan) == after


@pytest.mark.heavy
def test_faults_are_told_by_cell_and_marked_in_a_copy(ten: Desk, tmp_path: Path) -> None:
    path = tmp_path / "大同市.xlsx"
    book_of_datong = load_workbook(EXAMPLE / "workbooks" / "02-大同市.xlsx")
    book_of_datong.worksheets[0]["F7"] = "很大"
    book_of_datong.save(path)
    with pytest.raises(RefusedError) as tried:
        book(ten, path, dry_run=True)
    assert [item.name for item in tmp_path.glob("*.xlsx")] == ["大同市.xlsx"]
    with pytest.raises(RefusedError) as caught:
        book(ten, path)
    assert (tmp_path / "大同市-需修改.xlsx").is_file()
    told = refused(caught.value)
    assert "整份未登记" in told
    assert "已在" in told
    assert told.count("\n| ") == len(caught.value.faults) + 2  # type: ignore[attr-defined]
    assert "已在" not in refused(tried.value)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/etc/passwd", "不是 .xlsx 文件"),
        ("没有.xlsx", "没有文件"),
        ("/proc/self/没有.xlsx", "没有文件"),
        ("夹.xlsx", "没有文件"),
        ("文本.xlsx", "是文本文件"),
    ],
)
def test_what_is_no_workbook_is_refused(ten: Desk, path: str, says: str) -> None:
    inbox = ten.settings.inbox
    (inbox / "夹.xlsx").mkdir(parents=True)
    (inbox / "文本.xlsx").write_text("a,b\n" * 100)
    with pytest.raises(RefusedError, match=says):
        book(ten, path)


def test_dead_letters_are_listed_then_owed_anew(ten: Desk) -> None:
    enforce(ten, DAY, morning(DAY))
    send(ten, Tape(DOWN))
    with ten.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET status = 'dead', attempts = 8"))
        dead = connection.execute(text("SELECT DISTINCT person FROM delivery")).scalars().all()
    asked = {"actor": "山西省民政厅 示例", "person": dead[0]}
    before = rows(ten, "SELECT * FROM delivery")
    told = done(retry_dead_letters, ten, RetryRequestForm.model_validate(asked), **NOW)
    assert told.count(f"| {dead[0]} |") == len([row for row in before if dead[0] in row])
    assert rows(ten, "SELECT * FROM delivery") == before
    real = RetryRequestForm.model_validate({**asked, "dry_run": False})
    assert "已重新列入待发" in done(retry_dead_letters, ten, real, **NOW)
    owed = rows(ten, "SELECT DISTINCT person FROM delivery WHERE status = 'pending'")
    assert owed == [(dead[0],)]
    assert "未送达消息：0条" in done(retry_dead_letters, ten, real, **NOW)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_form_and_listing_is_exported(ten: Desk, kind: str) -> None:
    asked = {"kind": kind, "actor": "山西省民政厅 示例", "expert": "示例·甲"}
    asked |= {"month": "2023-06"} if kind == Form.REPORT.label else {}
    for subject in ("", "太原市", NAMED):
        form = ExportRequestForm.model_validate({**asked, "subject": subject})
        with suppress(RefusedError):  # of the two, only one is what it is of
            assert "exports/" in done(export_workbook, ten, form, **NOW)
    assert list((ten.settings.outgoing / "exports" / "shanxi-2023").glob("*.xlsx"))


def test_an_unknown_kind_of_workbook(ten: Desk) -> None:
    with pytest.raises(UsageError, match="没有表格“月历”，可用：项目台账、"):
        done(export_workbook, ten, ExportRequestForm(kind="月历", actor="山西省民政厅 示例"), **NOW)


def test_what_people_type_is_no_markup() -> None:
    told = listing(("甲",), [("a|b\n<b>[x](http://y)</b>",)] * 201, "行")
    assert all(line.count("|") == 2 for line in told.splitlines()[:202])
    assert "<b>" not in told
    assert "](http" not in told
    assert told.endswith("另有1行未列出。")
    told = refused(ConflictError("甲 *乙*：\n  · 一\n  · 二`三`"))
    assert told.splitlines() == ["甲 ＊乙＊：", "", "- 一", "- 二｀三｀"]


SAYING: tuple[Callable[[Desk], object], ...] = (
    lambda desk: done(
        advance_project, desk, AdvanceRequestForm.model_validate({**SITE, "actor": " "}), **NOW
    ),
    lambda desk: done(
        advance_project,
        desk,
        AdvanceRequestForm.model_validate(
            {**SITE, "amount": "1", "checks": [{"item": "beds", "answer": "1"}]}
        ),
        **NOW,
    ),
    lambda desk: done(
        extend_deadline,
        desk,
        ExtendRequestForm(
            subject=ONE, rule="D01", until=END, on=END, actor="山西省民政厅 示例", evidence=""
        ),
        **NOW,
    ),
)


@pytest.mark.parametrize("ask", SAYING)
def test_no_refusal_of_a_form_speaks_of_options(ten: Desk, ask: Callable[[Desk], object]) -> None:
    with pytest.raises(RefusedError) as caught:
        ask(ten)
    assert "--" not in str(caught.value)
