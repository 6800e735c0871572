from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newswire.snapshots import SnapshotDamaged, Snapshots
from newswire.wire import Snapshot

NOON = datetime(2026, 1, 12, 12, 0, 0, 123456, tzinfo=UTC)


def snapshot(body: bytes = b"body", **more: object) -> Snapshot:
    held: dict[str, object] = {"source": "s", "url": "https://x.example/a", "label": "a", "retrieved": NOON}
    return Snapshot(body=body, **(held | more))  # type: ignore[arg-type]  # as named


@pytest.fixture
def kept(tmp_path: Path) -> Snapshots:
    return Snapshots(tmp_path)


def test_what_is_kept_comes_back_whole_and_in_order(kept: Snapshots, tmp_path: Path) -> None:
    first = snapshot(b"a" * 5000, headers={"etag": '"1"', "content-type": "text/csv"})
    second = snapshot(b"\x00\xff", source="t", label="", status=203, retrieved=NOON + timedelta(days=1))
    for one in (first, second, first):
        kept.keep(one)

    assert list(Snapshots(tmp_path).all()) == [first, second, first]
    assert list(kept.all(("t",))) == [second]
    assert len(list(tmp_path.rglob("*.zst"))) == 2, "the same body is kept once"
    assert kept.has(first.digest)


def test_evidence_of_a_refusal_is_kept_but_not_replayed(kept: Snapshots) -> None:
    refused = snapshot(b"<h1>no</h1>", status=403)
    kept.keep(refused, usable=False)

    assert list(kept.all()) == []
    assert kept.last("s") == {}
    assert kept.body(refused.digest) == b"<h1>no</h1>"


def test_the_last_time_of_a_label_is_the_newest_answer_or_confirmation(kept: Snapshots) -> None:
    kept.keep(snapshot())
    kept.keep(snapshot(label="b"))
    kept.confirm("s", "a", NOON + timedelta(hours=2))

    assert kept.last("s") == {"a": NOON + timedelta(hours=2), "b": NOON}
    assert kept.last("other") == {}


@pytest.mark.parametrize("damage", [b"", b"not zstd", None])
def test_a_damaged_body_is_noticed_and_named(kept: Snapshots, tmp_path: Path, damage: bytes | None) -> None:
    one = snapshot()
    kept.keep(one)
    path = next(tmp_path.rglob("*.zst"))
    path.unlink() if damage is None else path.write_bytes(damage)

    with pytest.raises(SnapshotDamaged, match=one.digest):
        kept.body(one.digest)


def test_a_body_under_a_wrong_name_is_noticed(kept: Snapshots, tmp_path: Path) -> None:
    one, other = snapshot(b"one"), snapshot(b"other")
    kept.keep(one)
    kept.keep(other)
    paths = {path.name[:64]: path for path in tmp_path.rglob("*.zst")}
    paths[one.digest].write_bytes(paths[other.digest].read_bytes())

    with pytest.raises(SnapshotDamaged, match="not what its name says"):
        kept.body(one.digest)


def test_pruning_drops_only_what_a_newer_one_of_the_same_address_replaces(
    kept: Snapshots, tmp_path: Path
) -> None:
    old = NOON - timedelta(days=100)
    kept.keep(snapshot(b"replaced", retrieved=old))
    kept.keep(snapshot(b"now"))
    kept.keep(snapshot(b"old and the only one", label="b", retrieved=old))
    for path in tmp_path.rglob("*.zst"):
        os.utime(path, (old.timestamp(), old.timestamp()))

    assert kept.prune(0, NOON) == 0
    assert kept.prune(30, NOON) == 1
    assert [one.body for one in kept.all()] == [b"now", b"old and the only one"]
    assert len(list(tmp_path.rglob("*.zst"))) == 2


def test_a_full_disk_loses_nothing_recorded(
    kept: Snapshots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep(snapshot(b"before"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            kept.keep(snapshot(b"after"))

    assert [one.body for one in kept.all()] == [b"before"]
    assert not list(tmp_path.rglob("*.part"))
    kept.keep(snapshot(b"after"))
    assert [one.body for one in kept.all()] == [b"before", b"after"]


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from newswire.snapshots import Snapshots
from newswire.wire import Snapshot
calls = 0
def counted(real):
    def inner(*a, **k):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os._exit(9)
        return real(*a, **k)
    return inner
kept = Snapshots(Path(sys.argv[1]))
for n in range(3):
    if n == 1:
        os.fsync = counted(os.fsync); os.open = counted(os.open); Path.replace = counted(Path.replace)
    body = f"body {n}".encode()
    kept.keep(Snapshot(source="s", url="u", label=str(n), body=body, retrieved=datetime(2026, 1, 12, tzinfo=UTC)))
"""


@pytest.mark.parametrize("moment", range(1, 7))
def test_a_kill_at_any_moment_loses_nothing_recorded_and_leaves_no_row_without_its_body(
    tmp_path: Path, moment: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(moment)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr

    after = Snapshots(tmp_path)
    bodies = [one.body for one in after.all()]
    assert bodies[0] == b"body 0"
    assert bodies == [b"body 0", b"body 1", b"body 2"][: len(bodies)]
    after.keep(snapshot(b"later"))
    after.prune(0, datetime.now(UTC) + timedelta(days=1))
    assert not list(tmp_path.rglob("*.part"))
