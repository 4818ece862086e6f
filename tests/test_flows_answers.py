"""办理回执: what whoever is reminded fills in becomes facts and acknowledgements, row by row."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from email.message import EmailMessage
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from documents.forms.answers import COLUMNS, SHEET, PrefilledItem
from documents.reading.faults import WorkbookError
from models.asked import ReplyMarks, asking_of
from notifications.mail import digests_named, mail, mail_address
from notifications.message import Message
from operations.cases.desk import Desk, inbox_of
from operations.cases.money import Booking, book
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.views.burden import OfficeBurden, burden
from operations.workbooks import answers
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import AS_IT_IS, ImportResult, import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import EntryKind, Form, Holder, Source
from states.answer_code import code_in, codes_in
from states.contacts import Post
from tests.conftest import AT
from tests.support.delivering import know
from tests.support.handing_in import go, put
from tests.support.province import morning
from tests.support.steps import ONE, TAIYUAN, stored, walk
from tests.support.stores import Snapshot, Stores
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy

DAY = date(2023, 6, 5)
COUNTY = "太原市小店区民政局"
PERSON = f"{COUNTY} 示例·韩某"
HEADS = [column.key for column in COLUMNS]
RULE = HEADS.index("rule")
FIRST = 4
"""The number of the first row below title, note and headings."""
Filled = Mapping[str, Mapping[str, object]]


def become_late(desk: Desk) -> None:
    walk(desk, "determine")
    know(desk, Post(COUNTY, "示例·韩某", "科长"), Post("太原市民政局", "示例·赵某"))
    enforce(desk, DAY, morning(DAY))


LATE = Snapshot("late-for-answers", become_late, TAIYUAN)


@pytest.fixture
def late(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """太原市's projects on 5 June: of ONE, determined, 运营机构, 配套资金 and 开工 are overdue."""
    with stores.desk(None, LATE, tmp_path / "home") as opened:
        yield opened


def made(desk: Desk, office: str = COUNTY) -> bytes:
    """The form of an office as of the day."""
    path = desk.settings.home / "form.xlsx"
    return export_workbook(
        desk, WorkbookOrder(Form.ANSWER, office), path, DAY, force=True
    ).read_bytes()


def filled(content: bytes, said: Filled) -> bytes:
    """The form with the cells of some rows filled in, by the deadline's id."""
    book = load_workbook(BytesIO(content))
    sheet = book[SHEET]
    for row in sheet.iter_rows(min_row=FIRST):
        for key, value in said.get(str(row[RULE].value), {}).items():
            row[HEADS.index(key)].value = value  # type: ignore[assignment]  # any cell's
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def hand_in(desk: Desk, content: bytes, asked: ImportOptions = AS_IT_IS) -> ImportResult:
    path = desk.settings.home / "answer.xlsx"
    path.write_bytes(content)
    return import_workbook(desk, path, asked, today=DAY, at=AT)


def trail(desk: Desk) -> list[tuple[str, ...]]:
    """The last rows of the trail about ONE: what, who, when, by what."""
    query = text(
        "SELECT kind, action, actor, effective_on, evidence FROM audit"
        " WHERE subject = :code ORDER BY id DESC"
    )
    with desk.engine.connect() as connection:
        return [tuple(map(str, row)) for row in connection.execute(query, {"code": ONE})]


def quiet(desk: Desk) -> dict[str, str]:
    query = text(
        "SELECT rule, quiet_until FROM deadline WHERE subject = :code AND quiet_until > ''"
    )
    with desk.engine.connect() as connection:
        return dict(connection.execute(query, {"code": ONE}).tuples().all())


# --- the form -------------------------------------------------------------------------------------


def test_a_countys_form_names_exactly_what_is_open_for_it(late: Desk) -> None:
    sheet = load_workbook(BytesIO(made(late)))[SHEET]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)][:-1]
    told = [(row[0], row[HEADS.index("code")], row[RULE], row[HEADS.index("fact")]) for row in rows]
    assert told == [
        (1, ONE, "D06", "运营机构确定"),
        (2, ONE, "D07", "县级配套到账"),
        (3, ONE, "D08", "开工"),
    ]


# --- what it says is put on record ----------------------------------------------------------------


def test_a_day_of_completion_is_recorded_by_the_office(late: Desk) -> None:
    said = {"D08": {"done": date(2023, 6, 2), "document": "施工合同（示合〔2023〕5号）"}}
    done = hand_in(late, filled(made(late), said)).taken
    assert stored(late).milestones["work_started"] == date(2023, 6, 2)
    [first, *_] = trail(late)
    assert first[:4] == ("transition", "break_ground", COUNTY, "2023-06-02")
    assert first[4].startswith("施工合同（示合〔2023〕5号）【办理回执：answer.xlsx】")
    assert (done.added, done.unchanged, done.refused) == (1, 0, ())
    assert done.notes == (f"{ONE} 全部开工建设：“开工”登记为2023年6月2日",)


def test_a_day_to_come_with_its_reason_is_an_acknowledgement_and_silences_repeats(
    late: Desk,
) -> None:
    said = {"D08": {"expected": "2023年6月28日", "reason": "施工单位重新招标"}}
    hand_in(late, filled(made(late), said))
    assert quiet(late) == {"D08": "2023-06-28"}
    assert trail(late)[0][0] == "acknowledgement"
    assert trail(late)[0][4] == "施工单位重新招标"


def test_one_answer_is_for_all_that_waits_for_the_same_step(late: Desk) -> None:
    """D14 waits for the county's 开工 as D08 does; D09 does, too, and is asked of the city."""
    with late.engine.begin() as connection:
        soon = "UPDATE deadline SET standing = 'due_soon' WHERE subject = :code"
        connection.execute(text(f"{soon} AND rule IN ('D09', 'D14')"), {"code": ONE})
    said = {"D08": {"expected": "2023-06-28", "reason": "施工单位重新招标"}}
    hand_in(late, filled(made(late), said))
    assert quiet(late) == {"D08": "2023-06-28", "D14": "2023-06-28"}
    hand_in(late, filled(made(late, "太原市民政局"), said))
    assert quiet(late) == dict.fromkeys(("D08", "D09", "D14"), "2023-06-28")


def test_a_bad_row_does_not_stop_the_others_and_is_marked(late: Desk) -> None:
    said: Filled = {
        "D06": {"done": "下周", "document": "示例运营公司"},
        "D07": {"done": date(2023, 6, 1)},
        "D08": {"done": date(2023, 6, 2)},
    }
    done = hand_in(late, filled(made(late), said))
    assert stored(late).milestones["work_started"] == date(2023, 6, 2)
    told = {fault.spot.cell[1:]: fault.says for fault in done.taken.refused}
    assert told["4"] == "不是日期"
    assert told["5"] == "未填写金额"
    assert done.refusal is not None


def test_where_nothing_can_be_taken_in_nothing_is_and_the_whole_is_returned(late: Desk) -> None:
    before = trail(late)
    with pytest.raises(WorkbookError, match="不是日期"):
        hand_in(late, filled(made(late), {"D06": {"done": "下周"}}))
    with pytest.raises(RefusedError, match="没有填写任何一行"):
        hand_in(late, made(late))
    assert trail(late) == before


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"done": "2023-06-02", "expected": "2023-06-20"}, "办结日期和预计完成日期都已填写"),
        ({"expected": "2023-06-20"}, "未填写原因"),
        ({"reason": "招标"}, "未填写预计完成日期"),
        ({"document": "合同"}, "未填写办结日期"),
        ({"done": "2023-07-01"}, "尚未到来"),
        ({"expected": "2023-06-01", "reason": "招标"}, "早于登记日期"),
    ],
)
def test_what_a_row_cannot_say_is_told_at_its_cell(
    late: Desk, cells: Mapping[str, object], says: str
) -> None:
    with pytest.raises(WorkbookError, match=says):
        hand_in(late, filled(made(late), {"D08": cells}))


def test_the_same_form_again_changes_nothing_and_another_day_is_for_the_province(
    late: Desk,
) -> None:
    content = made(late)
    once = filled(
        content,
        {"D08": {"done": "2023-06-02"}, "D06": {"expected": "2023-06-20", "reason": "招标"}},
    )
    hand_in(late, once)
    before = trail(late)
    again = hand_in(late, once).taken
    assert (again.added, again.unchanged, trail(late)) == (0, 2, before)
    with pytest.raises(WorkbookError, match=r"已登记为2023年6月2日.*报省民政厅更正"):
        hand_in(late, filled(content, {"D08": {"done": "2023-06-01"}}))


# --- money ----------------------------------------------------------------------------------------


def due(desk: Desk, office: str = COUNTY) -> dict[str, str]:
    """The rows of money of ONE in an office's form: what they are called, and how they stand."""
    sheet = load_workbook(BytesIO(made(desk, office)))[SHEET]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)][:-1]
    at = [HEADS.index(key) for key in ("code", "rule", "fact", "state")]
    found = [tuple(str(row[n]) for n in at) for row in rows]
    return {fact: state for code, rule, fact, state in found if (code, rule) == (ONE, "D07")}


def paid(content: bytes, what: str, **cells: object) -> bytes:
    """The form with one row of money of ONE filled in."""
    book = load_workbook(BytesIO(content))
    for row in book[SHEET].iter_rows(min_row=FIRST):
        if (row[HEADS.index("code")].value, row[HEADS.index("fact")].value) == (ONE, what):
            for key, value in cells.items():
                row[HEADS.index(key)].value = value  # type: ignore[assignment]  # any cell's
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_countys_share_is_booked_by_its_form_and_fulfils_what_was_asked(late: Desk) -> None:
    """The county books its own share, the city both."""
    [share] = due(late).items()
    promised = stored(late).profile.county_share
    assert promised
    assert share[0] == "县级配套到账"
    assert share[1].endswith(f"；尚缺{promised:,.2f}元")
    assert due(late, "太原市民政局").keys() == {"市级配套到账", "县级配套到账"}
    said = {"done": date(2023, 6, 2), "document": "县配 001", "amount": promised}
    form = paid(made(late), "县级配套到账", **said)
    [note] = hand_in(late, form).taken.notes
    assert f"“县级配套到账”{promised:,.2f}元登记为2023年6月2日（凭证县配 001）" in note
    [line] = stored(late).lines
    assert (line.source.label, line.holder.label, line.amount) == ("县级配套", "县财政", promised)
    assert stored(late).milestones["county_funds_in_place"] == date(2023, 6, 2)
    assert trail(late)[0][:4] == ("ledger", "receipt", COUNTY, "2023-06-02")
    again = hand_in(late, form).taken
    assert (again.added, again.unchanged, len(stored(late).lines)) == (0, 1, 1)
    assert due(late) == {}, "the rest is the city's"
    city = stored(late).profile.city_share
    said = {"done": "2023-06-05", "document": "市配1号", "amount": city}
    hand_in(late, paid(made(late, "太原市民政局"), "市级配套到账", **said))
    assert "D07" not in {rule for rule, *_ in _open(late)}


def _open(desk: Desk) -> list[tuple[str, ...]]:
    query = text("SELECT rule FROM deadline WHERE subject = :code AND next_look_on > ''")
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"code": ONE}).tuples()]


def test_a_county_does_not_book_what_is_the_citys(late: Desk) -> None:
    said = {"fact": "市级配套到账", "done": "2023-06-02", "document": "市配1号", "amount": 1000}
    with pytest.raises(WorkbookError, match=f"{COUNTY}不能办理“市财政的资金收付”"):
        hand_in(late, paid(made(late), "县级配套到账", **said))
    assert stored(late).lines == ()


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"amount": None}, "未填写金额；请填写“县级配套到账”的金额"),
        ({"document": None}, "未填写凭证号；请填写“县级配套到账”的凭证号"),
        ({"amount": 0}, "金额"),
        ({"amount": "若干"}, "不是数字"),
        ({"amount": 9_000_000_000}, "可能混淆了元与万元"),
        ({"done": None}, "未填写办结日期"),
        ({"fact": "开工"}, "本项不登记资金；请清空金额"),
    ],
)
def test_what_is_said_of_money_is_whole_and_plausible(
    late: Desk, cells: dict[str, object], says: str
) -> None:
    said = {"done": "2023-06-02", "document": "县配1号", "amount": 1000, **cells}
    with pytest.raises(WorkbookError, match=says):
        hand_in(late, paid(made(late), "县级配套到账", **said))
    assert stored(late).lines == ()


def test_money_that_rests_is_passed_on_by_the_form(late: Desk) -> None:
    """M01, once thirty days are over: a row for each source that lies with the city."""
    with late.writing() as session:
        for source, number in ((Source.CITY, "1"), (Source.OTHER, "2")):
            told = Booking(
                ONE, EntryKind.RECEIPT, date(2023, 4, 20), source, Holder.CITY, Decimal(100),
                number, "太原市民政局",
            )  # fmt: skip
            book(session, late, told, today=DAY, at=AT)
    enforce(late, DAY, morning(DAY))
    items = rows_of(made(late, "太原市民政局"), "M01")
    assert items == ["市级配套拨付县财政", "其他资金拨付县财政"]
    said = {"done": "2023-06-03", "document": "拨1号", "amount": "100"}
    hand_in(late, paid(made(late, "太原市民政局"), items[0], **said))
    assert (stored(late).lines[-1].entry, stored(late).lines[-1].to_holder) == (
        EntryKind.TRANSFER,
        Holder.COUNTY,
    )
    assert rows_of(made(late, "太原市民政局"), "M01") == items[1:]


def rows_of(content: bytes, rule: str) -> list[str]:
    rows = load_workbook(BytesIO(content))[SHEET].iter_rows(min_row=FIRST, values_only=True)
    return [
        str(row[HEADS.index("fact")])
        for row in rows
        if (row[HEADS.index("code")], row[RULE]) == (ONE, rule)
    ]


def test_both_rows_of_an_item_may_say_the_same_day_and_not_two(late: Desk) -> None:
    later = {"expected": "2023-06-20", "reason": "财政审核"}
    form = made(late, "太原市民政局")
    both = filled(form, {"D07": later})
    hand_in(late, both)
    assert quiet(late)["D07"] == "2023-06-20"
    other = paid(both, "县级配套到账", expected="2023-06-21")
    assert [it.reason for it in hand_in(late, other).taken.refused] == [
        "与同一事项第5行的预计完成日期2023-06-20不一致；请填写2023-06-20"
    ]


# --- who says it ----------------------------------------------------------------------------------


def test_a_county_cannot_answer_for_a_project_that_is_not_its_own(late: Desk) -> None:
    other = "XF2023-140106-01"
    content = filled(made(late), {"D08": {"code": other, "done": "2023-06-02"}})
    with pytest.raises(WorkbookError, match=f"{COUNTY}不能办理"):
        hand_in(late, content)
    assert "work_started" not in stored(late, other).milestones


def test_who_stands_in_answers_in_the_name_of_the_office_that_is_stood_in_for(late: Desk) -> None:
    stand_in = Post("太原市迎泽区民政局", "示例·代某")
    away = Post(COUNTY, "示例·韩某", substitute="太原市迎泽区民政局 示例·代某")
    know(late, stand_in, away)
    items = [PrefilledItem(1, ONE, "示例", "D08", "开工", "", "开工")]
    sent = answers.made_out(late, "太原市迎泽区民政局 示例·代某", "", items, DAY, 0)
    hand_in(late, filled(sent.content, {"D08": {"done": "2023-06-02"}}))
    assert trail(late)[0][2] == f"{COUNTY} 示例·代某"


def test_a_person_of_the_contacts_is_named_as_the_actor(late: Desk) -> None:
    items = [PrefilledItem(1, ONE, "示例", "D08", "开工", "", "开工")]
    sent = answers.made_out(late, PERSON, COUNTY, items, DAY, 0)
    hand_in(late, filled(sent.content, {"D08": {"done": "2023-06-02"}}))
    assert trail(late)[0][2] == PERSON


def test_a_typed_form_needs_to_say_who_answers(late: Desk) -> None:
    book = load_workbook(BytesIO(filled(made(late), {"D08": {"done": "2023-06-02"}})))
    book.custom_doc_props.props.clear()  # type: ignore[attr-defined]  # the stubs lack it
    bare = BytesIO()
    book.save(bare)
    with pytest.raises(RefusedError, match="请注明报送单位"):
        hand_in(late, bare.getvalue())
    hand_in(late, bare.getvalue(), ImportOptions(city="太原市"))
    assert trail(late)[0][2] == "太原市民政局"


# --- the inbox ------------------------------------------------------------------------------------


def test_the_receipt_says_what_was_registered_what_was_not_and_what_is_left(late: Desk) -> None:
    said: Filled = {"D06": {"done": "下周"}, "D08": {"done": date(2023, 6, 2)}}
    put(late, filled(made(late), said), "回执.xlsx")
    done = go(late, today=DAY)
    assert (len(done.done), done.returned, done.failed) == (1, (), ())
    with late.engine.connect() as connection:
        [reply] = connection.execute(text("SELECT reply FROM inbox")).scalars()
    assert f"{ONE} 全部开工建设：“开工”登记为2023年6月2日。" in reply
    assert "未登记：“办结日期”（H4）：原值“下周”，不是日期；请填写日期" in reply
    assert reply.endswith("未登记的，请修改后重新报送；已登记的，不需再报。")
    [copy] = (inbox_of(late) / "太原市" / "退回").glob("*需修改.xlsx")
    assert "不是日期" in load_workbook(copy)[SHEET]["H4"].comment.text


def test_the_receipt_of_a_countys_form_goes_to_the_county_that_acts_in_it_too(late: Desk) -> None:
    """Taken in or returned; of a form of another city's county only the folder's bureau hears."""
    form = answers.made_out(
        late, PERSON, COUNTY, [PrefilledItem(1, ONE, "示例", "D08", "开工", "", "开工")], DAY, 0
    ).content
    put(late, filled(form, {"D08": {"done": "下周"}}), "错.xlsx")
    put(late, filled(form, {"D08": {"done": date(2023, 6, 2)}}), "对.xlsx")
    go(late, today=DAY)
    with late.engine.connect() as connection:
        query = "SELECT recipient, count(*) FROM outbox WHERE decision = 'receipt' GROUP BY 1"
        owed = dict(connection.execute(text(query)).tuples().all())
        sent = text(
            "SELECT person FROM delivery JOIN outbox ON outbox.id = outbox_id"
            " WHERE decision = 'receipt'"
        )
        people = set(connection.execute(sent).scalars())
    assert owed == {"太原市民政局": 2, COUNTY: 2}
    assert people == {PERSON}, "the bureau's people are found when it is sent"
    put(late, filled(form, {"D08": {"done": date(2023, 6, 3)}}), "他.xlsx", "大同市")
    go(late, today=DAY)
    with late.engine.connect() as connection:
        assert dict(connection.execute(text(query)).tuples().all()) == owed | {"大同市民政局": 1}


def test_what_is_not_answered_is_named_in_the_receipt(late: Desk) -> None:
    put(late, filled(made(late), {"D08": {"done": date(2023, 6, 2)}}), "回执.xlsx")
    go(late, today=DAY)
    with late.engine.connect() as connection:
        [reply] = connection.execute(text("SELECT reply FROM inbox")).scalars()
    assert "尚有2项未答复：" in reply
    assert f"{ONE} 确定第三方专业运营机构" in reply


# --- what is sent ---------------------------------------------------------------------------------

ANSWERED_AT = "xingfu+{tag}@mz.example.cn"


def told(desk: Desk, reply_to: str = "") -> dict[str, Message]:
    """What is sent on the day, by its recipient, as with that setting."""
    desk.settings = desk.settings.model_copy(update={"reply_to": reply_to})
    tape = Tape()
    deliver(desk, lambda: morning(DAY), lambda _: tape)
    return {message.recipient: message for message in tape.sent}


def sent_mail(message: Message) -> EmailMessage:
    return mail(message, mail_address("督办", "no@x.cn"), [mail_address("甲", "a@x.cn")])


def test_every_reminder_says_how_to_answer_and_whom_to_ask_and_brings_its_form(late: Desk) -> None:
    messages = told(late)
    assert messages.keys() > {COUNTY, "太原市民政局", "山西省民政厅"}
    for office, message in messages.items():
        assert "怎样答复" in message.text, office
        assert "怎样答复" in message.html
        asks_somebody = "如有疑问，请与" in message.text
        assert asks_somebody or office == "山西省民政厅"
        assert any("办理回执" in item.name or "月报" in item.name for item in message.attachments)
    text = messages[COUNTY].text
    assert "将填好的《办理回执》报太原市民政局，由其放入收件文件夹。" in text
    assert "如有疑问，请与太原市民政局示例·赵某联系。" in text
    assert "回复本邮件" not in text
    assert "Reply-To" not in sent_mail(messages[COUNTY])


def test_a_reminder_names_the_desk_where_staff_have_one(late: Desk) -> None:
    late.settings = late.settings.model_copy(update={"desk_url": "https://desk.example"})
    text = told(late)[COUNTY].text
    assert "工作台：https://desk.example/item/" in text
    assert "打开各事项后的工作台链接，登录后直接填写办结日期或预计完成日期" in text


def test_the_form_that_comes_along_has_the_items_of_the_mail_by_number(late: Desk) -> None:
    message = told(late)[COUNTY]
    [form] = [item for item in message.attachments if "办理回执" in item.name]
    sheet = load_workbook(BytesIO(form.content))[SHEET]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)][:-1]
    assert [(row[0], row[HEADS.index("code")], row[RULE]) for row in rows] == [
        (number, line.subject, line.rule) for number, line in enumerate(message.lines, 1)
    ]
    hand_in(late, filled(form.content, {"D08": {"done": "2023-06-02"}}))
    assert trail(late)[0][2] == PERSON


def test_a_city_is_sent_its_report_and_does_not_answer_it_a_second_time(late: Desk) -> None:
    message = told(late)["太原市民政局"]
    names = [item.name for item in message.attachments]
    assert sum("月报" in name for name in names) == 3  # March to May: none has come in
    [form] = [item for item in message.attachments if "办理回执" in item.name]
    sheet = load_workbook(BytesIO(form.content))[SHEET]
    rules = [str(row[RULE].value) for row in sheet.iter_rows(min_row=FIRST)]
    assert rules
    assert not [rule for rule in rules if rule.startswith("D10")]
    assert "将填好的《办理回执》和《月报》放入本市收件文件夹" in message.text


def test_an_answer_by_mail_is_known_for_what_it_answers(late: Desk) -> None:
    message = told(late, ANSWERED_AT)[COUNTY]
    out = sent_mail(message)
    code = code_in(ANSWERED_AT, out["Reply-To"].addresses[0].addr_spec)
    assert list(codes_in(out["Subject"])) == [code]
    assert list(codes_in(message.text)) == [code]
    named = digests_named(f"<other@x.cn> {out['Message-ID']}")
    for marks in (ReplyMarks(codes=[code]), ReplyMarks(digests=named)):
        with late.reading() as session:
            found = asking_of(session, late.plan, marks)
        assert found is not None
        assert (found.digest, found.person) == (message.id, PERSON)
        assert [(it.number, it.subject, it.rule, it.fact) for it in found.items] == [
            (1, ONE, "D06", "operator_confirmed"),
            (2, ONE, "D07", ""),
            (3, ONE, "D08", "work_started"),
        ]
    with late.reading() as session:
        assert asking_of(session, late.plan, ReplyMarks(["00000000"], ["0" * 64])) is None


def test_a_mail_that_can_be_answered_prepares_a_line_an_item(late: Desk) -> None:
    message = told(late, ANSWERED_AT)[COUNTY]
    assert "直接回复本邮件，附上填好的《办理回执》" in message.text
    assert "“1 已办结 2023-06-05”，或“1 预计 2023-06-15 完成，原因：正在招标”" in message.text
    [link] = re.findall(r'href="(mailto:[^"]+)"', message.html)
    parts = urlsplit(unescape(link))
    assert code_in(ANSWERED_AT, unquote(parts.path))
    body = parse_qs(parts.query)["body"][0].splitlines()
    assert body[1:] == [
        "1 已办结 年-月-日",
        "2 预计 年-月-日 完成，原因：……",  # money is not registered by an answer
        "3 已办结 年-月-日",
    ]


def test_what_was_answered_is_not_asked_again(late: Desk) -> None:
    """Not even by the reminder that was owed already; those above are told as before."""
    later = {"expected": "2023-07-31", "reason": "重新招标"}
    hand_in(late, filled(made(late), {"D06": later, "D07": later, "D08": later}))
    messages = told(late)
    assert COUNTY not in messages
    assert "太原市民政局" in messages
    assert "已知悉，预计2023年7月31日完成：重新招标" in messages["山西省民政厅"].text


# --- how much is asked ----------------------------------------------------------------------------


def test_what_an_office_was_asked_for_in_a_month_is_counted(late: Desk) -> None:
    """Of the county by hand: one mail of three items with one form, two cells an item."""
    told(late)
    found = {row.office: row for row in burden(late)}
    assert found[COUNTY] == OfficeBurden("2023-06", COUNTY, 1, 3, 1, 6)
    assert found["太原市民政局"].forms == 4  # 办理回执, and the reports of March to May
    assert burden(late, "2023-05") == ()
    assert COUNTY in {row.office for row in burden(late, "2023-06")}


def test_nobody_gets_more_than_one_mail_a_day(late: Desk) -> None:
    assert len(told(late)) > 2
    assert told(late) == {}
    assert {row.messages for row in burden(late)} == {1}
