"""How long does a whole archive take, from Markdown files to pages, lists and feeds, beside Hugo and Pelican?

Run: python bench/bench_static.py [ARTICLES]. The peers are measured where they are installed (Debian: hugo; PyPI:
pelican) and build article, list and tag pages and feeds from the same files. Ours proves, files, renders and compresses
every page, also as Markdown, before it writes it, as `broadtape export` does: wall and CPU seconds, and the most memory
that it and the processes it starts took together.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reuters import furnish

EXPORT = "from broadtape.exporting import export; export(instance, root / 'out')"
WHOLE = """
import json, time
from broadtape import publishing
from broadtape.exporting import export

marks = [("publish", time.perf_counter())]
publishing.publish(instance, search=False)

def told(step, done, total):
    if step != marks[-1][0]:
        marks.append((step, time.perf_counter()))

export(instance, root / "out", progress=told)
ends = [*(at for _, at in marks[1:]), time.perf_counter()]
took = [(step, end - begun) for (step, begun), end in zip(marks, ends)]
(root / "took.json").write_text(json.dumps(took))
"""
INDEX = (
    "from broadtape.publishing import searchable; from broadtape.archive.cataloguing import CatalogueWriter\n"
    "from broadtape.heartbeat import utc_now\n"
    "with CatalogueWriter(instance.catalogue) as w: searchable.update(instance, w, utc_now(), lambda *_: None)"
)
AGAIN = "from broadtape import publishing; publishing.publish(instance)"
START = (
    "from broadtape.serving import Reader; r = Reader(root)\n"
    "list(r({'REQUEST_METHOD': 'GET', 'PATH_INFO': '/', 'QUERY_STRING': '', 'HTTP_HOST': 'localhost',"
    " 'SERVER_NAME': 'x', 'SERVER_PORT': '80', 'SERVER_PROTOCOL': 'HTTP/1.1', 'wsgi.url_scheme': 'http',"
    " 'wsgi.input': None}, lambda *_: None))"
)


def run(command: list[str], *, folder: Path | None = None) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MB of a command and of every process that it starts, all together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(held, family(process.pid))))
            time.sleep(0.05)
        assert process.stderr is not None
        told = process.stderr.read()
    if process.returncode:
        raise SystemExit(told.decode()[-2000:])
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak / 1024


def family(pid: int) -> list[int]:
    """The process and those that it started and that are there."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def held(pid: int) -> int:
    """The most that a process held so far, kB; what it shares with others counts for each."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def ours(root: Path, work: str) -> tuple[float, float, float]:
    code = (
        "import sys\nfrom pathlib import Path\nfrom broadtape import config\n"
        f"root = Path(sys.argv[1])\ninstance = config.load(root)\n{work}"
    )
    return run([sys.executable, "-c", code, str(root)])


def said(what: str, found: tuple[float, float, float]) -> None:
    print(f"{what:<34}{found[0]:8.2f} s{found[1]:8.2f} s CPU{found[2]:8.0f} MB", flush=True)


HUGO_HEAD = (
    "<!doctype html><html><head><title>{{ .Title }}</title></head><body><nav>{{ range first 5 .Site.Pages }}"
    "<a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}</nav>"
)
HUGO_PAGE = (
    "<h1>{{ .Title }}</h1><time>{{ .Date }}</time>{{ .Content }}{{ range first 4 (.Site.RegularPages.Related .) }}"
    "<a href='{{ .RelPermalink }}'>{{ .Title }}</a>{{ end }}</body></html>"
)
HUGO_LIST = (
    "{{ range (.Paginate .Pages).Pages }}<h2><a href='{{ .RelPermalink }}'>{{ .Title }}</a></h2>{{ .Summary }}"
    "{{ end }}</body></html>"
)


def hugo(root: Path) -> tuple[float, float, float]:
    site = root / "hugo"
    layouts = site / "layouts" / "_default"
    layouts.mkdir(parents=True)
    shutil.copytree(root / "content" / "articles", site / "content" / "posts")
    (site / "config.toml").write_text(
        'baseURL = "http://localhost/"\ntitle = "Bay"\npaginate = 20\n[taxonomies]\ntopic = "topics"\n'
    )
    (layouts / "single.html").write_text(HUGO_HEAD + HUGO_PAGE)
    (layouts / "list.html").write_text(HUGO_HEAD + HUGO_LIST)
    return run(["hugo", "--quiet"], folder=site)


def pelican(root: Path) -> tuple[float, float, float]:
    site = root / "pelican"
    source = site / "content"
    source.mkdir(parents=True)
    for path in (root / "content" / "articles").rglob("*.md"):
        _, front, body = path.read_text("utf-8").split("---\n", 2)
        title = re.search(r'title: "(.*)"', front)
        date = re.search(r"date: (\S+)", front)
        topics = re.search(r"topics: \[(.*)\]", front)
        assert title is not None
        assert date is not None
        assert topics is not None
        (source / path.name).write_text(
            f"Title: {title[1]}\nDate: {date[1][:19]}\nTags: {topics[1]}\nSlug: {path.stem}\n\n{body}",
            "utf-8",
        )
    (site / "conf.py").write_text(
        "SITENAME = 'Bay'\nSITEURL = 'http://localhost'\nTIMEZONE = 'UTC'\nDEFAULT_PAGINATION = 20\n"
        "FEED_ALL_RSS = 'feed.xml'\nFEED_ALL_ATOM = 'atom.xml'\nFEED_MAX_ITEMS = 20\nRSS_FEED_SUMMARY_ONLY = False\n"
    )
    return run(
        [
            sys.executable,
            "-m",
            "pelican",
            "-q",
            str(source),
            "-o",
            str(site / "out"),
            "-s",
            str(site / "conf.py"),
        ]
    )


def main(articles: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        furnish(root, articles)
        print(f"{articles:,} articles; load {os.getloadavg()[0]:.1f}")
        total = ours(root, WHOLE)  # what `broadtape export` does, in one go
        for step, wall in json.loads((root / "took.json").read_text()):
            print(f"{f'ours: {step}':<34}{wall:8.2f} s")
        pages = sum(1 for _ in (root / "out").rglob("*.html"))
        said("ours: files to files", total)
        print(f"  {pages:,} HTML files")
        said("ours: search index", ours(root, INDEX))
        time.sleep(2.1)  # files saved a moment ago are read again: their stamp might not show another save
        ours(root, AGAIN)
        said("ours: nothing changed", ours(root, AGAIN))
        path = next((root / "content" / "articles").rglob("*.md"))
        path.write_text(path.read_text("utf-8") + "\nOne more line.\n", "utf-8")
        said("ours: one changed, as files", ours(root, f"{AGAIN}\n{EXPORT}"))
        said("ours: a reader's first page", ours(root, START))
        said("peer: import flask", run([sys.executable, "-c", "import flask"]))
        if shutil.which("hugo"):
            found = hugo(root)
            said("peer: Hugo", found)
            files = sum(1 for _ in (root / "hugo" / "public").rglob("*.html"))
            met = "met" if total[0] <= 0.6 * found[0] else "MISSED"
            ratio = f"{total[0] / found[0]:.1f} (CPU {total[1] / found[1]:.1f})"
            print(f"  {files:,} HTML files; ours / Hugo {ratio}; target 0.6: {met}")
        else:
            print("peer: Hugo is not installed (apt-get install hugo)")
        if importlib.util.find_spec("pelican"):
            found = pelican(root)
            said("peer: Pelican", found)
            print(f"  ours / Pelican {total[0] / found[0]:.1f} (CPU {total[1] / found[1]:.1f})")
        else:
            print("peer: Pelican is not installed (pip install 'pelican[markdown]')")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
