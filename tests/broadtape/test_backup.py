from __future__ import annotations

import io
import re
import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadtape import backup, cli, config
from broadtape.backup import MANIFEST, BackupRefused, Manifest, Member, restore, save
from broadtape.keeperlock import only_keeper

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "backup.md"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    root = tmp_path / "town"
    (root / "content" / "articles").mkdir(parents=True)
    (root / "content" / "broadtape.toml").write_text('[instance]\ntitle = "Town"\n')
    (root / "content" / "articles" / "Ünïcode – post.md").write_text("# One\n")
    (root / "var" / "state" / "snapshots" / "bodies").mkdir(parents=True)
    (root / "var" / "state" / "snapshots" / "bodies" / "ab.zst").write_bytes(b"\x00\x01" * 5000)
    (root / "var" / "state" / "keeper.lock").write_text("1")
    (root / "var" / "cache").mkdir()
    (root / "var" / "cache" / "page.html").write_text("cached")
    with closing(sqlite3.connect(root / "var" / "state" / "market.sqlite")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE bars (n INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO bars VALUES (?)", [(n,) for n in range(1000)])
        db.commit()
    return root


def rows(root: Path) -> int:
    with closing(sqlite3.connect(root / "var" / "state" / "market.sqlite")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(db.execute("SELECT count(*) FROM bars").fetchone()[0])


def files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith("market.sqlite")
    }


@pytest.mark.parametrize("ending", [".tar.zst", ".tar.gz", ".tgz", ".tar"])
def test_what_was_saved_comes_back_whole(room: Path, tmp_path: Path, ending: str) -> None:
    done = save(config.load(room), tmp_path / f"town{ending}", now=NOON)
    back = restore(done.path, tmp_path / "other")

    kept = {name: data for name, data in files(room).items() if "cache" not in name and ".lock" not in name}
    assert files(tmp_path / "other") == kept
    assert rows(tmp_path / "other") == 1000
    assert (back.files, back.bytes, back.taken) == (done.files, done.bytes, NOON)


def test_a_database_is_of_one_moment_while_others_write(room: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def scribble() -> None:
        with closing(sqlite3.connect(room / "var" / "state" / "market.sqlite", timeout=30)) as db:
            at = 1000
            while not stop.is_set():
                db.executemany("INSERT INTO bars VALUES (?)", [(at + n,) for n in range(100)])
                db.commit()
                at += 100

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        save(config.load(room), tmp_path / "town.tar", now=NOON)
    finally:
        stop.set()
        writer.join()
    restore(tmp_path / "town.tar", tmp_path / "other")

    assert rows(tmp_path / "other") % 100 == 0
    assert rows(tmp_path / "other") >= 1000


def test_nothing_is_overwritten_and_nothing_half_written_stays(room: Path, tmp_path: Path) -> None:
    (tmp_path / "town.tar").write_text("precious")
    with pytest.raises(BackupRefused, match="there is such a file already"):
        save(config.load(room), tmp_path / "town.tar", now=NOON)
    with pytest.raises(BackupRefused, match="a backup is named"):
        save(config.load(room), tmp_path / "town.zip", now=NOON)
    with pytest.raises(RuntimeError, match="stopped"):
        save(config.load(room), tmp_path / "b.tar", now=NOON, progress=stopped)

    assert (tmp_path / "town.tar").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["town", "town.tar"]


def stopped(_: str) -> None:
    raise RuntimeError("stopped")


def test_a_backup_inside_the_instance_does_not_hold_itself(room: Path) -> None:
    save(config.load(room), room / "content" / "town.tar", now=NOON)

    with tarfile.open(room / "content" / "town.tar") as tar:
        assert not [name for name in tar.getnames() if "town.tar" in name]
        assert tar.getnames()[-1] == MANIFEST


def test_a_folder_with_an_instance_is_refused_and_kept_beside_when_replaced(
    room: Path, tmp_path: Path
) -> None:
    done = save(config.load(room), tmp_path / "town.tar", now=NOON)
    (room / "content" / "articles" / "later.md").write_text("later")
    with pytest.raises(BackupRefused, match="holds content and var/state already"):
        restore(done.path, room)
    restore(done.path, room, replace=True)
    restore(done.path, room, replace=True)

    assert not (room / "content" / "articles" / "later.md").exists()
    assert (room / "content.before1" / "articles" / "later.md").read_text() == "later"
    assert (room / "content.before2").is_dir()
    assert not (room / "var" / "cache").exists()


def test_a_running_newsroom_is_not_restored_over(room: Path, tmp_path: Path) -> None:
    done = save(config.load(room), tmp_path / "town.tar", now=NOON)
    with only_keeper(room), pytest.raises(BackupRefused, match="a newsroom runs there"):
        restore(done.path, room, replace=True)


def test_a_disk_without_room_is_told_before_anything_is_changed(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = save(config.load(room), tmp_path / "town.tar", now=NOON)
    before = sorted(str(one) for one in room.rglob("*"))
    full = shutil.disk_usage(room)._replace(free=backup.SPARE + 10)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    with pytest.raises(BackupRefused, match=r"no room for .* 10 free beside 64 MB"):
        restore(done.path, room, replace=True)
    assert sorted(str(one) for one in room.rglob("*")) == before


def archive(
    path: Path, members: dict[str, bytes], *, listed: bool = True, kind: bytes = tarfile.REGTYPE
) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), kind, "/etc/passwd"
            tar.addfile(info, io.BytesIO(data))
        if listed:
            import hashlib

            held = {
                name: Member(len(data), hashlib.sha256(data).hexdigest()) for name, data in members.items()
            }
            manifest = msgspec.json.encode(Manifest(1, "0", NOON, held))
            info = tarfile.TarInfo(MANIFEST)
            info.size = len(manifest)
            tar.addfile(info, io.BytesIO(manifest))
    return path


@pytest.mark.parametrize(
    "name",
    ["content/../../x", "/content/x", "var/cache/x", "x", "content", "content/a/../../../y", "var/state/.."],
)
def test_no_member_leads_out_of_an_instance(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.tar", {name: b"x"})
    with pytest.raises(BackupRefused, match="is no path of an instance"):
        restore(path, tmp_path / "into" / "town")

    assert list((tmp_path / "into" / "town").iterdir()) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = archive(tmp_path / "a.tar", {"content/x": b""}, kind=kind)
    with pytest.raises(BackupRefused, match="is no file"):
        restore(path, tmp_path / "town")


@pytest.mark.parametrize(
    ("names", "when"),
    [
        (["content/a"], 1e300),
        (["content/a", "content/a"], 0),
        (["content/a", "content/a/b"], 0),
        (["content/" + "a" * 300], 0),
    ],
)
def test_times_and_names_that_no_file_can_have_are_refused(
    tmp_path: Path, names: list[str], when: float
) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.pax_headers = {"mtime": str(when)}
            tar.addfile(info, io.BytesIO(b""))
    with pytest.raises(BackupRefused, match=r"read as a backup|is in it twice"):
        restore(path, tmp_path / "town")

    assert list((tmp_path / "town").iterdir()) == []


def test_a_file_that_is_no_backup_or_cut_short_or_changed_is_refused(room: Path, tmp_path: Path) -> None:
    whole = save(config.load(room), tmp_path / "town.tar.gz", now=NOON).path.read_bytes()
    plain = save(config.load(room), tmp_path / "town.tar", now=NOON).path.read_bytes()
    damaged = {
        "cut.tar.gz": whole[: len(whole) // 2],
        "cut.tar": plain[: plain.rindex(b"broadtape-backup.json")],
        "changed.tar": plain.replace(b"# One", b"# Two"),
        "text.tar": b"hello",
        "empty.tar": b"",
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BackupRefused, match=re.escape(name)):
            restore(tmp_path / name, tmp_path / "into")

    assert list((tmp_path / "into").iterdir()) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_never_restores_something_else(
    room: Path, tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "whole.tar.gz"
    if not path.exists():
        save(config.load(room), path, now=NOON)
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "changed.tar.gz").write_bytes(raw)
    target = tmp_path / f"into-{at}-{raw[at]}"
    try:
        restore(tmp_path / "changed.tar.gz", target)
    except BackupRefused:
        assert not (target / "content").exists()
    else:
        kept = {
            name: body for name, body in files(room).items() if "cache" not in name and ".lock" not in name
        }
        assert files(target) == kept


def test_the_commands_speak(room: Path, tmp_path: Path) -> None:
    saved = CliRunner().invoke(cli.main, ["-C", str(room), "backup", str(tmp_path / "t.tar.zst")])
    there = CliRunner().invoke(cli.main, ["restore", str(tmp_path / "t.tar.zst"), str(tmp_path / "new")])
    again = CliRunner().invoke(cli.main, ["restore", str(tmp_path / "t.tar.zst"), str(tmp_path / "new")])
    nowhere = CliRunner().invoke(cli.main, ["restore", str(tmp_path / "t.tar.zst")])

    assert "4 files" in saved.stdout
    assert "4 files of 20" in there.stdout
    assert (again.exit_code, "say --replace" in again.stderr) == (1, True)
    assert (nowhere.exit_code, "say where to" in nowhere.stderr) == (2, True)


def test_the_contracts_example_is_a_manifest() -> None:
    text = CONTRACT.read_text("utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example is not None

    read = msgspec.json.decode(example[1].encode(), type=Manifest)
    assert read.format == backup.FORMAT
    assert set(msgspec.to_builtins(read)) == set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
