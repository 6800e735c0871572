"""Write the sample instance's archive, content/articles, from the shipped sample data: the same bytes each time.

Run: python tools/build_archive.py [--check]. With --check nothing is written: what differs is named, and the exit
code is 1. `make archive` runs it. The sessions are demo.ARCHIVE's; the clock stands still.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from broadtape import demo, edition, sample
from broadtape.archive import Archive
from broadtape.archive.consistency import Ledger
from broadtape.market import MarketStore

_RETRIEVED = re.compile(rb'"retrieved": "[^"]*"')
WRITTEN = datetime(2026, 11, 26, 12, tzinfo=UTC)  # when this archive was first written


def build(folder: Path) -> Path:
    """The archive written anew in a folder; where its articles lie."""
    made = demo.prepare(folder, address="http://localhost:8000", progress=lambda *_: None, sessions=())
    archive = Archive(made.instance.content)
    ledger = Ledger(archive)
    with MarketStore.open(made.instance.store, readonly=True) as store:
        for session, kinds in demo.ARCHIVE.items():
            filed = edition.write(
                made.instance,
                store,
                session,
                now=WRITTEN,
                archive=archive,
                ledger=ledger,
                reword=False,
                only=kinds,
            )
            for one in filed:
                if one.status == "held":
                    raise SystemExit(f"{session}: held: {one.title}: {[c.reason for c in one.failing]}")
                print(f"{session}  {one.status:<9} {one.story:<11} {one.words:>4} words  {one.title}")
    return made.instance.articles


def differing(fresh: Path, kept: Path) -> list[str]:
    """The files that are not the same in both, but for when inputs were retrieved; by path below articles/."""
    names = {
        str(path.relative_to(root)) for root in (fresh, kept) for path in root.rglob("*") if path.is_file()
    }
    return sorted(name for name in names if _said(fresh / name) != _said(kept / name))


def _said(path: Path) -> bytes | None:
    return _RETRIEVED.sub(b"", path.read_bytes()) if path.is_file() else None


def main(check: bool) -> None:
    """Write the archive, or with `check` name what differs."""
    kept = sample.content() / "articles"
    with tempfile.TemporaryDirectory() as folder:
        fresh = build(Path(folder) / "newsroom")
        found = differing(fresh, kept)
        if check:
            for name in found:
                print(
                    f"content/articles/{name}: is not what the desk writes; run make archive", file=sys.stderr
                )
            raise SystemExit(1 if found else 0)
        for name in found:
            (kept / name).unlink(missing_ok=True)
            if (fresh / name).is_file():
                (kept / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(fresh / name, kept / name)
        for empty in sorted((path for path in kept.rglob("*") if path.is_dir()), reverse=True):
            if not any(empty.iterdir()):
                empty.rmdir()
    print(f"{len(list(kept.rglob('index.md')))} articles, {len(found)} files changed")


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
