"""Whoever has the database alone and knows this program changes nothing of the trail unseen.

200 tamperings, chosen by lot, over a small trail; each leaves everything else as it should be.
"""

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from common.errors import RefusedError
from models.audits import link
from models.guards import SQLITE
from operations.cases.desk import Desk
from operations.upkeep.backup import back_up, check_backup
from operations.upkeep.setup import check_trail
from tests.conftest import AT
from tests.support.steps import TAIYUAN, act, walk
from tests.support.stores import Snapshot, Stores

pytestmark = pytest.mark.heavy

Lot = random.Random
TIMES = 16
TEXTS = ("subject", "action", "actor", "clause", "evidence")
COLUMNS = (
    *("id", "plan", "subject", "kind", "action", "from_stage", "to_stage", "actor"),
    *("effective_on", "recorded_at", "clause", "evidence", "detail", "previous", "hash"),
)


def _begin(desk: Desk) -> None:
    walk(desk, "submit_application")
    act(desk, "hold", "2023-03-01")


SMALL = Snapshot("small_trail", _begin, TAIYUAN)


class Attacker:
    """Somebody with the database file, who takes the triggers away and puts them back."""

    def __init__(self, file: Path, seed: int) -> None:
        self.lot = Lot(seed)
        self.db = sqlite3.connect(file)
        self.db.row_factory = sqlite3.Row
        for name in SQLITE:
            self.db.execute(f"DROP TRIGGER {name}")

    def leave(self) -> None:
        found = {row[0] for row in self.db.execute("SELECT name FROM sqlite_master")}
        for name, sql in SQLITE.items():
            if name not in found:
                self.db.execute(sql)
        self.db.commit()
        self.db.close()

    @property
    def ids(self) -> list[int]:
        return [row[0] for row in self.db.execute("SELECT id FROM audit ORDER BY id")]

    def pick(self, *, without_last: int = 0) -> int:
        ids = self.ids
        return self.lot.choice(ids[: len(ids) - without_last])

    def edit(self) -> int:
        """Change one thing that a row says."""
        id, number = self.pick(), self.lot.randrange(len(TEXTS) + 2)
        if number < len(TEXTS):
            name, other = TEXTS[number], "甲"
            self.db.execute(f"UPDATE audit SET {name} = {name} || ? WHERE id = ?", (other, id))  # noqa: S608
        elif number == len(TEXTS):
            self.db.execute("UPDATE audit SET effective_on = '2023-01-20' WHERE id = ?", (id,))
        else:
            self.db.execute("""UPDATE audit SET detail = '{"x": 1}' WHERE id = ?""", (id,))
        return id

    def rehash(self, start: int = 0) -> None:
        """Chain the rows from an id on as one who has no key can, and register the end."""
        last, count = "", 0
        for row in self.db.execute("SELECT * FROM audit ORDER BY id").fetchall():
            count += 1
            if row["id"] >= start:
                said = dict(row)
                said["effective_on"] = date.fromisoformat(row["effective_on"])
                said["recorded_at"] = instant(row["recorded_at"])
                said["detail"] = json.loads(row["detail"])
                hashed = link(last, said)
                self.db.execute(
                    "UPDATE audit SET previous = ?, hash = ? WHERE id = ?",
                    (last, hashed, row["id"]),
                )
                last = hashed
            else:
                last = row["hash"]
        self.register(last, count)

    def register(self, last: str, count: int) -> None:
        self.db.execute("UPDATE plan SET head = ?, rows = ?", (last, count))

    def end(self) -> tuple[str, int]:
        rows = self.db.execute("SELECT hash FROM audit ORDER BY id").fetchall()
        return rows[-1][0], len(rows)

    def delete(self, id: int) -> None:
        for table in ("fact", "ledger", "opinion", "progress"):
            self.db.execute(f"DELETE FROM {table} WHERE audit_id = ?", (id,))  # noqa: S608
        self.db.execute("DELETE FROM audit WHERE id = ?", (id,))


def instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def content(a: Attacker) -> None:
    a.edit()


def content_rehashed(a: Attacker) -> None:
    a.rehash(a.edit())


def all_rehashed_as_old(a: Attacker) -> None:
    a.edit()
    a.rehash()
    a.db.execute("UPDATE plan SET unkeyed = rows")


def order(a: Attacker) -> None:
    one, two = a.lot.sample(a.ids, 2)
    for old, new in ((one, -1), (two, one), (-1, two)):
        a.db.execute("UPDATE audit SET id = ? WHERE id = ?", (new, old))


def deletion(a: Attacker) -> None:
    a.delete(a.pick(without_last=1))
    a.register(*a.end())


def deletion_relinked(a: Attacker) -> None:
    id = a.pick(without_last=1)
    a.delete(id)
    a.rehash(id)


def cut_tail(a: Attacker) -> None:
    ids = a.ids
    for id in ids[len(ids) - a.lot.randrange(1, 4) :]:
        a.delete(id)
    a.register(*a.end())


def insertion(a: Attacker) -> None:
    ids = a.ids
    listed = ", ".join(COLUMNS[1:])
    a.db.execute(
        f"INSERT INTO audit (id, {listed}) SELECT ?, {listed} FROM audit WHERE id = ?",  # noqa: S608
        (ids[-1] + 1, a.lot.choice(ids)),
    )
    a.rehash(ids[-1] + 1)


def shifted_id(a: Attacker) -> None:
    a.db.execute("UPDATE audit SET id = id + ? WHERE id = ?", (a.lot.randrange(1, 9), a.ids[-1]))


def trigger(a: Attacker) -> None:
    name = a.lot.choice(sorted(SQLITE))
    other = SQLITE[name].replace("SELECT RAISE", "SELECT 1 WHERE 0; SELECT RAISE")
    harmless = f"CREATE TRIGGER {name} BEFORE update ON audit BEGIN SELECT 1; END"
    extra = "CREATE TRIGGER extra AFTER INSERT ON audit BEGIN DELETE FROM outbox; END"
    a.db.execute(a.lot.choice([other, harmless, extra]))


def mark(a: Attacker) -> None:
    column = a.lot.choice(["rows", "unkeyed", "unproved", "key", "seal", "head"])
    value = "rows - 1" if column == "rows" else "rows" if column.startswith("un") else "''"
    a.db.execute(f"UPDATE plan SET {column} = {value}")  # noqa: S608


def pretended_change_of_key(a: Attacker) -> None:
    a.edit()
    a.db.execute("UPDATE plan SET unproved = rows")


KINDS: tuple[Callable[[Attacker], None], ...] = (
    content, content_rehashed, all_rehashed_as_old, order, deletion, deletion_relinked, cut_tail,
    insertion, shifted_id, trigger, mark, pretended_change_of_key,
)  # fmt: skip


@pytest.fixture(scope="module")
def small(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk on a small trail, in one file."""
    with stores.desk(None, SMALL, tmp_path_factory.mktemp("small") / "home") as desk:
        with desk.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        desk.engine.dispose()
        yield desk


@pytest.fixture(scope="module")
def fresh(small: Desk) -> bytes:
    return _file(small).read_bytes()


def _file(desk: Desk) -> Path:
    return desk.settings.home / "xingfu.db"


def attacked(desk: Desk, fresh: bytes, tamper: Callable[[Attacker], None], seed: int) -> list[str]:
    """What verify says after somebody has been at the database."""
    desk.engine.dispose()
    for left in desk.settings.home.glob("xingfu.db*"):
        left.unlink()
    _file(desk).write_bytes(fresh)
    attacker = Attacker(_file(desk), seed)
    tamper(attacker)
    attacker.leave()
    return [item.says for item in check_trail(desk).breaks]


def test_who_changes_nothing_is_not_accused(small: Desk, fresh: bytes) -> None:
    assert attacked(small, fresh, lambda _: None, 0) == []


@pytest.mark.parametrize("tamper", KINDS, ids=lambda it: it.__name__)
def test_every_tampering_is_found(
    small: Desk, fresh: bytes, tamper: Callable[[Attacker], None]
) -> None:
    unseen = [seed for seed in range(TIMES) if not attacked(small, fresh, tamper, seed)]
    assert unseen == []


def test_every_backup_with_a_manifest_made_anew_is_found(
    small: Desk, fresh: bytes, tmp_path: Path
) -> None:
    attacked(small, fresh, lambda _: None, 0)
    path = back_up(small.settings, tmp_path / "a.zip", AT).path
    assert check_backup(small.settings, path).breaks == ()
    for seed in range(TIMES):
        with pytest.raises(RefusedError, match="签名"):
            check_backup(small.settings, made_anew(path, tmp_path / f"{seed}.zip", seed))


def made_anew(path: Path, target: Path, seed: int) -> Path:
    """A backup in which one thing has been changed, with a manifest that fits it."""
    lot = Lot(seed)
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    file = target.with_suffix(".db")
    file.write_bytes(members["xingfu.db"])
    with closing(sqlite3.connect(file)) as raw, raw:
        edits = {"project": "street", "fact": "name", "plan": "digest", "subject": "name"}
        table, column = lot.choice(sorted(edits.items()))
        raw.execute(f"UPDATE {table} SET {column} = {column} || '甲'")  # noqa: S608
    members["xingfu.db"] = file.read_bytes()
    manifest["files"] = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in members.items()
    }
    if lot.random() < 0.5:
        manifest |= {"version": 1, "signature": ""}
    with ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return target
