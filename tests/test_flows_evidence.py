"""Files that prove what is recorded: kept once, named by the trail, never lost or half there."""

import json
import os
import signal
import stat
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pydantic import SecretStr

from common.errors import RefusedError, UnavailableError
from models.audits import examine, history
from models.database import reading, writing
from models.evidence import LEFT_ALONE, all_files, files_said, sweep_files
from models.secrets import first_key
from models.settings import Settings
from operations.cases.casework import Act, ActResult, advance, perform, record
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.evidence import Exhibit, ExhibitStatement, keep_evidence
from operations.upkeep.backup import back_up, check_backup, restore
from operations.upkeep.surveying import survey
from operations.views.evidence import (
    copy_evidence,
    evidence_faults,
    evidence_lines,
    kept_evidence,
)
from operations.views.project_record import project_record, project_text
from tests.conftest import AT, DeskIn
from tests.support.exhibits import BY_KIND, DOCX, JPEG, PDF, PNG
from tests.support.forking import Forks
from tests.support.handing_in import environment, go, lying, put, rows
from tests.support.province import END
from tests.support.steps import ONE, PROVINCE, TAIYUAN
from tests.test_deployments_commands import run

pytestmark = pytest.mark.heavy

SCAN = Exhibit("选址批复.pdf", PDF)
PHOTO = Exhibit("现场.jpg", JPEG)
ON = date(2023, 2, 6)
COUNTY = "太原市小店区民政局"
BUREAU = "太原市民政局"


@pytest.fixture
def taiyuan(desk_in: DeskIn) -> Desk:
    """A desk with the ten projects of 太原市, all in siting."""
    return desk_in(TAIYUAN)


def site(desk: Desk, *exhibits: Exhibit, on: date = ON) -> ActResult:
    act = Act(ONE, "confirm_site", on, COUNTY, "示例选址单1号")
    return perform(desk, advance, act, today=END, at=AT, exhibits=exhibits)


def hand_in(desk: Desk, *exhibits: Exhibit, **more: Any) -> None:
    asked = ExhibitStatement(ONE, exhibits, ON, more.pop("actor", COUNTY), **more)
    with writing(desk.engine) as session:
        keep_evidence(session, desk, asked, today=END, at=AT)


def kept(desk: Desk) -> dict[str, bytes]:
    home = desk.settings.evidence
    return {path.name: path.read_bytes() for path in home.iterdir()} if home.exists() else {}


def stored(content: bytes, suffix: str) -> str:
    return f"{sha256(content).hexdigest()}.{suffix}"


def faults(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return list(evidence_faults(session, desk.settings, desk.plan.id))


# --- kept with what they prove --------------------------------------------------------------------


def test_a_file_is_kept_and_named_on_the_row_that_it_proves(taiyuan: Desk) -> None:
    site(taiyuan, SCAN, PHOTO)
    assert kept(taiyuan) == {stored(PDF, "pdf"): PDF, stored(JPEG, "jpg"): JPEG}
    line = project_record(taiyuan, ONE, END).history[-1]
    assert (line.action, [each.name for each in line.files]) == (
        "confirm_site",
        ["选址批复.pdf", "现场.jpg"],
    )
    mark = sha256(PDF).hexdigest()[:12]
    told = project_text(taiyuan, project_record(taiyuan, ONE, END)).splitlines()[-1]
    assert f"，佐证文件：选址批复.pdf（{mark}）、现场.jpg（" in told
    with reading(taiyuan.engine) as session:
        row = history(session, taiyuan.plan, ONE)[-1]
        assert [each.sha256 for each in files_said(row.detail)] == [
            sha256(each).hexdigest() for each in (PDF, JPEG)
        ]
        assert examine(session, taiyuan.plan.id).breaks == ()
    assert faults(taiyuan) == []


def test_nobody_but_the_owner_may_read_it(taiyuan: Desk) -> None:
    site(taiyuan, SCAN)
    home = taiyuan.settings.evidence
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_the_same_content_is_kept_once_whatever_it_is_called(taiyuan: Desk) -> None:
    site(taiyuan, SCAN, Exhibit("副本.PDF", PDF))
    hand_in(taiyuan, Exhibit("又一份.pdf", PDF))
    assert kept(taiyuan) == {stored(PDF, "pdf"): PDF}
    assert [each.name for each in evidence_lines(taiyuan, ONE)] == ["副本.PDF", "又一份.pdf"]


def test_nothing_is_demanded(taiyuan: Desk) -> None:
    site(taiyuan)
    assert kept(taiyuan) == {}
    assert not taiyuan.settings.evidence.exists()
    assert evidence_lines(taiyuan) == ()


@pytest.mark.parametrize(
    ("exhibit", "reason"),
    [
        (Exhibit("批复.pdf", b"MZ\x90\0"), "“批复.pdf”格式不在可收范围"),
        (Exhibit("批复.pdf", b""), "“批复.pdf”是空文件"),
        (Exhibit("批复.pdf", PDF + bytes(1_000_000)), "“批复.pdf”超过1MB"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_act(
    taiyuan: Desk, exhibit: Exhibit, reason: str
) -> None:
    small = taiyuan.settings.model_copy(update={"most_evidence_mb": 1})
    desk = Desk(small, taiyuan.plan, taiyuan.calendar, taiyuan.engine)
    with pytest.raises(RefusedError) as refused:
        site(desk, SCAN, exhibit, Exhibit("二.txt", b"x"))
    assert reason in str(refused.value)
    assert "“二.txt”" in str(refused.value), "every reason at once"
    assert kept(desk) == {}
    assert project_record(desk, ONE, END).stage == "siting"


def test_no_more_than_a_number_at_once(taiyuan: Desk) -> None:
    with pytest.raises(RefusedError, match="一次最多报送20个"):
        site(taiyuan, *(Exhibit(f"{n}.pdf", PDF + b"%d" % n) for n in range(21)))


def test_a_refused_act_leaves_no_row_and_its_file_is_swept(taiyuan: Desk) -> None:
    with pytest.raises(RefusedError, match="尚未到来"):
        site(taiyuan, SCAN, on=date(2024, 1, 5))
    assert evidence_lines(taiyuan) == ()
    home, at = taiyuan.settings.evidence, AT
    for path in home.iterdir():
        os.utime(path, (at.timestamp(), at.timestamp()))
    assert sweep_files(home, (), at + LEFT_ALONE - timedelta(hours=1)) == ()
    assert sweep_files(home, (), at + LEFT_ALONE + timedelta(hours=1)) == (stored(PDF, "pdf"),)
    assert kept(taiyuan) == {}


def test_only_what_is_ours_and_unnamed_is_swept(taiyuan: Desk) -> None:
    site(taiyuan, SCAN)
    home = taiyuan.settings.evidence
    (home / "说明.txt").write_text("他人之物")
    (home / f".{'a' * 32}.tmp").write_bytes(b"half")
    (home / stored(PNG, "png")).symlink_to(home / "说明.txt")
    with reading(taiyuan.engine) as session:
        gone = sweep_files(home, all_files(session), AT + timedelta(days=9999))
    assert gone == (f".{'a' * 32}.tmp",)


def test_a_file_with_what_is_known_already_is_refused_and_not_lost_unseen(taiyuan: Desk) -> None:
    act = Act(ONE, "operator_confirmed", date(2023, 4, 20), COUNTY)
    perform(taiyuan, record, act, today=END, at=AT)
    with pytest.raises(RefusedError, match="xingfu evidence add"):
        perform(taiyuan, record, act, today=END, at=AT, exhibits=[SCAN])
    assert evidence_lines(taiyuan) == ()


def test_full_disk_refuses_the_act_and_says_what_to_do(
    taiyuan: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnavailableError, match="请清理磁盘、腾出空间后重试") as refused:
            site(taiyuan, SCAN)
    assert "“选址批复.pdf”未能保存（磁盘已满）" in str(refused.value)
    assert kept(taiyuan) == {}, "nothing half-written stays"
    assert project_record(taiyuan, ONE, END).stage == "siting"
    site(taiyuan, SCAN)


def test_a_row_that_is_reversed_keeps_its_file(taiyuan: Desk) -> None:
    site(taiyuan, SCAN)
    row = project_record(taiyuan, ONE, END).history[-1].id
    with writing(taiyuan.engine) as session:
        reverse(session, taiyuan, Reversal(row, END, COUNTY, "误登"), today=END, at=AT)
    assert [each.row for each in evidence_lines(taiyuan, ONE)] == [row]
    assert faults(taiyuan) == []


KILLED = """
import os, signal
from models import audits, evidence
from models.settings import Settings
from operations.cases.desk import open_desk
from tests.test_flows_evidence import SCAN, site

def die(*a, **k):
    os.kill(os.getpid(), signal.SIGKILL)

{point}
site(open_desk(Settings()), SCAN)
"""


@pytest.mark.parametrize(
    ("point", "there"),
    [
        ("evidence.files.publish = die", 0),
        ("audits.add_to_trail = audits.said_of_files = die", 1),
        ("audits.name_files = die", 1),
        ("from operations.cases import effects; effects.apply = die", 1),
    ],
)
def test_a_kill_leaves_a_file_that_nobody_names_and_never_a_name_without_a_file(
    taiyuan: Desk, forked: Forks, point: str, there: int
) -> None:
    ended = forked.run(KILLED.format(point=point), environment=environment(taiyuan))
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert rows(taiyuan, "SELECT count(*) FROM evidence") == [(0,)]
    assert list(kept(taiyuan)).count(stored(PDF, "pdf")) == there
    site(taiyuan, SCAN)
    assert (faults(taiyuan), len(evidence_lines(taiyuan))) == ([], 1)


# --- put on record by themselves ------------------------------------------------------------------


def test_any_office_of_the_project_hands_in_files_about_something(taiyuan: Desk) -> None:
    hand_in(taiyuan, PHOTO, about="D08", evidence="开工现场")
    hand_in(taiyuan, SCAN, actor="太原市小店区财政局 王某")
    hand_in(taiyuan, Exhibit("函.docx", DOCX), actor=PROVINCE)
    first, second, third = evidence_lines(taiyuan, ONE)
    assert (first.label, first.actor, second.label) == ("留痕 D08", COUNTY, "留痕")
    lines = project_record(taiyuan, ONE, END).history[-3:]
    assert [line.label for line in lines] == ["佐证文件（D08）", "佐证文件", "佐证文件"]
    assert third.media.label == "Word 文档"


def test_the_same_about_the_same_is_not_entered_again(taiyuan: Desk) -> None:
    hand_in(taiyuan, PHOTO, about="D08")
    hand_in(taiyuan, PHOTO, SCAN, about="D08")
    hand_in(taiyuan, PHOTO, about="D09")
    about = [(each.label, each.name) for each in evidence_lines(taiyuan)]
    assert about == [
        ("留痕 D08", "现场.jpg"),
        ("留痕 D08", "选址批复.pdf"),
        ("留痕 D09", "现场.jpg"),
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"actor": "大同市民政局"}, "大同市民政局不能办理“佐证文件”"),
        ({"actor": ""}, "请注明经办人"),
        ({"about": "D99"}, "没有“D99”这一事项"),
        ({"about": "evidence_file"}, "没有“evidence_file”这一事项"),
    ],
)
def test_strangers_and_unknown_matters_are_refused(
    taiyuan: Desk, more: dict[str, str], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        hand_in(taiyuan, SCAN, **more)
    assert kept(taiyuan) == {}


def test_handing_in_moves_nothing(taiyuan: Desk) -> None:
    before = project_record(taiyuan, ONE, END)
    hand_in(taiyuan, SCAN, about="confirm_site")
    after = project_record(taiyuan, ONE, END)
    assert (after.stage, after.milestones) == (before.stage, before.milestones)


# --- looked for, opened, checked ------------------------------------------------------------------


def spoil(desk: Desk, how: str) -> str:
    path = desk.settings.evidence / stored(PDF, "pdf")
    if how == "gone":
        path.unlink()
        return "已丢失"
    path.write_bytes(PDF + b" ")
    return "内容已被改动"


@pytest.mark.parametrize("how", ["gone", "altered"])
def test_a_file_that_is_lost_or_altered_is_named(
    taiyuan: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, capsys: Any
) -> None:
    site(taiyuan, SCAN, PHOTO)
    said = spoil(taiyuan, how)
    row = project_record(taiyuan, ONE, END).history[-1].id
    mark = sha256(PDF).hexdigest()[:12]
    line = f"{ONE}第{row}号记录的佐证文件“选址批复.pdf”（{mark}）{said}"
    assert faults(taiyuan) == [line]
    with pytest.raises(UnavailableError, match=said):
        kept_evidence(taiyuan, mark)
    found = [each for each in survey(taiyuan.settings, AT).faults if each.kind == "evidence"]
    assert [each.text for each in found] == [f"方案{taiyuan.plan.id}的佐证文件核验不符：{line}。"]
    saved = back_up(taiyuan.settings, tmp_path / "a.zip", AT)
    assert saved.lost == (f"选址批复.pdf（{mark}，{said}）",)
    hand_in(taiyuan, SCAN)
    assert faults(taiyuan) == [], "handed in again it is put right"


def test_the_table_is_held_against_the_trail(taiyuan: Desk) -> None:
    site(taiyuan, SCAN)
    with taiyuan.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM evidence")
    [line] = faults(taiyuan)
    assert "号记录的佐证文件与登记的不符" in line


def test_a_file_is_called_by_the_first_digits(taiyuan: Desk) -> None:
    site(taiyuan, SCAN, PHOTO)
    digest = sha256(PDF).hexdigest()
    for mark in (digest, digest[:12], digest[:12].upper(), f" {digest[:7]} "):
        file, path = kept_evidence(taiyuan, mark)
        assert (file.name, path.read_bytes()) == ("选址批复.pdf", PDF)
        assert path.is_absolute()
    for mark in ("", "%", "_", "zz"):
        with pytest.raises(RefusedError, match="没有编号为"):
            kept_evidence(taiyuan, mark)


def test_a_copy_has_its_own_name_and_the_suffix_of_what_it_is(
    taiyuan: Desk, tmp_path: Path
) -> None:
    site(taiyuan, Exhibit("../../批复.exe", PDF))
    mark = sha256(PDF).hexdigest()[:12]
    made = copy_evidence(taiyuan, mark, tmp_path)
    assert made == tmp_path / "_.._批复.pdf"
    assert (made.read_bytes(), stat.S_IMODE(made.stat().st_mode)) == (PDF, 0o600)
    with pytest.raises(RefusedError, match="已存在"):
        copy_evidence(taiyuan, mark, tmp_path)
    copy_evidence(taiyuan, mark, tmp_path, force=True)
    with pytest.raises(UnavailableError, match="无法写入"):
        copy_evidence(taiyuan, mark, tmp_path / "没有" / "a.pdf")


@pytest.fixture
def at_home(taiyuan: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Commands work at the desk."""
    for name, value in environment(taiyuan).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XINGFU_BUSINESS_DATE", "2023-06-01")
    return taiyuan


def test_the_commands(at_home: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan, photo = tmp_path / "选址批复.pdf", tmp_path / "现场.png"
    scan.write_bytes(PDF)
    photo.write_bytes(PNG)
    by = ("--on", "2023-02-06", "--actor", COUNTY)
    assert run("advance", ONE, "confirm_site", *by, "--evidence", "单", "--file", str(scan)) == 0
    assert run("evidence", "add", ONE, str(photo), *by, "--about", "D08") == 0
    capsys.readouterr()
    assert run("evidence", "list", ONE, "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["media"], second["label"]) == (
        "选址批复.pdf",
        "pdf",
        "留痕 D08",
    )
    assert run("evidence", "list") == 0
    assert "佐证文件（共2个）" in capsys.readouterr().out
    assert run("evidence", "open", first["mark"]) == 0
    assert Path(capsys.readouterr().out.strip()).read_bytes() == PDF
    assert run("evidence", "open", second["mark"], str(tmp_path / "副本.png")) == 0
    assert (tmp_path / "副本.png").read_bytes() == PNG
    spoil(at_home, "gone")
    capsys.readouterr()
    assert run("audit", "verify") == 1
    assert "“选址批复.pdf”" in capsys.readouterr().err
    lost = str(tmp_path / "无.pdf")
    assert run("advance", ONE, "submit_application", *by, "--file", lost) == 1
    assert "没有这个文件" in capsys.readouterr().err


# --- from the inbox -------------------------------------------------------------------------------


def test_a_file_whose_name_says_the_project_comes_in_by_the_inbox(taiyuan: Desk) -> None:
    put(taiyuan, PDF, f"{ONE.lower()} 选址批复.pdf")
    [line] = go(taiyuan).done
    assert f"收到，登记到项目{ONE}（编号{sha256(PDF).hexdigest()[:12]}）" in line
    [found] = evidence_lines(taiyuan, ONE)
    assert (found.name, found.actor) == (f"{ONE.lower()} 选址批复.pdf", BUREAU)
    assert (lying(taiyuan)["."], len(lying(taiyuan)["done"])) == ([], 1)
    put(taiyuan, PDF, f"{ONE} 再报.pdf")
    [line] = go(taiyuan).done
    assert "内容此前已报送" in line
    assert len(evidence_lines(taiyuan)) == 1


@pytest.mark.parametrize(
    "name", ["选址批复.pdf", "XF2023-140105-99 批复.pdf", f"{ONE} XF2023-140105-02.pdf"]
)
def test_a_file_of_no_project_or_of_two_is_returned_with_what_to_do(
    taiyuan: Desk, name: str
) -> None:
    if "140105-02" in name and not rows(
        taiyuan, "SELECT 1 FROM project WHERE code = 'XF2023-140105-02'"
    ):
        name = name.replace("XF2023-140105-02", "XF2023-140106-01")
    put(taiyuan, PDF, name)
    assert len(go(taiyuan).returned) == 1
    [[reply]] = rows(taiyuan, "SELECT reply FROM inbox")
    assert "请在文件名中写明项目编码" in reply
    assert kept(taiyuan) == {}


def test_one_city_proves_nothing_of_anothers(taiyuan: Desk) -> None:
    put(taiyuan, PDF, f"{ONE}.pdf", city="大同市")
    assert len(go(taiyuan).returned) == 1
    assert evidence_lines(taiyuan) == ()


# --- saved and put back ---------------------------------------------------------------------------


def test_a_backup_carries_what_is_named_and_puts_it_back(taiyuan: Desk, tmp_path: Path) -> None:
    site(taiyuan, *(Exhibit(f"{kind.value}.bin", made) for kind, made in BY_KIND.items()))
    (taiyuan.settings.evidence / stored(b"orphan", "pdf")).write_bytes(b"orphan")
    saved = back_up(taiyuan.settings, tmp_path / "a.zip", AT)
    inside = {name for name in ZipFile(saved.path).namelist() if name.startswith("evidence/")}
    assert inside == {f"evidence/{stored(made, kind.value)}" for kind, made in BY_KIND.items()}
    assert check_backup(taiyuan.settings, saved.path).signed
    key = SecretStr(first_key(taiyuan.settings).decode())
    there = Settings(home=tmp_path / "new", secret_key=key)
    restore(there, saved.path, AT)
    desk = Desk(there, taiyuan.plan, taiyuan.calendar, taiyuan.engine)
    assert kept(desk) == {stored(made, kind.value): made for kind, made in BY_KIND.items()}
    assert stat.S_IMODE(there.evidence.stat().st_mode) == 0o700
    assert faults(desk) == []
    spoil(desk, "altered")
    restore(there, saved.path, AT, replace=True)
    assert faults(desk) == [], "what was altered is put right"


def test_a_file_in_a_backup_is_called_by_what_it_holds(taiyuan: Desk, tmp_path: Path) -> None:
    from tests.test_flows_backup import rewritten

    site(taiyuan, SCAN)
    saved = back_up(taiyuan.settings, tmp_path / "a.zip", AT)

    def swap(_: dict[str, Any], members: dict[str, bytes]) -> None:
        members[f"evidence/{stored(PDF, 'pdf')}"] = b"%PDF-forged"

    with pytest.raises(RefusedError, match="不完整或已损坏"):
        restore(taiyuan.settings, rewritten(saved.path, swap), AT, replace=True)
    assert faults(taiyuan) == []
