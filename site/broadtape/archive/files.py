"""Owns the articles on disk: finding, reading, naming and filing them, each step safe against a crash.

Decides nothing about proof or publication and renders nothing; docs/contracts/article.md is the format.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self, cast

from broadtape import config, frontmatter, urls
from broadtape.archive.names import MAX_DEPTH, facts_path, is_dropping, is_shelf
from broadtape.archive.records import ACKNOWLEDGED
from broadtape.model import Article, BadSettings, BroadtapeError, BrokenArticle, Problem

if TYPE_CHECKING:
    from broadtape.config import Instance

MAX_FILE: Final = 1_100_000  # bytes of one Markdown file: the parser's megabyte and its front matter
MAX_FACTS: Final = 8_000_000  # bytes of one facts.json
VERSIONS: Final = "versions"  # folder of a bundle: what stood at its address before

Made = Literal["algorithmic", "model-assisted", "human-edited"]
State = Literal["visible", "scheduled", "withdrawn", "hidden"]

_ATTACHMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_UNFINISHED: Final = re.compile(
    r"facts\.json|chart[\w-]*\.(?:svg|csv|png)|\.[\w.-]+\.[0-9a-f]{8}\.tmp"
)  # what a desk article's bundle holds before its commit point
_RIGHTS: Final = "Give the newsroom's user the right to read it"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CannotFile(BroadtapeError):
    """An article or attachment that cannot be written where it belongs."""


def address(article: Article) -> str:
    """Where the article stands on a site: "/2026/01/12/slug/", the day being that of its date as written."""
    return urls.article(article.date, article.slug)


def state(article: Article, now: datetime) -> State:
    """What readers get of it at `now`: "scheduled" becomes "visible" by itself when its date comes."""
    if article.status == "withdrawn":
        return "withdrawn"
    if article.status != "published":
        return "hidden"
    return "visible" if article.date <= now else "scheduled"


def visible(article: Article, now: datetime) -> bool:
    """Whether readers see it at `now`: published, and its date has come."""
    return state(article, now) == "visible"


def new_id(moment: datetime | None = None, entropy: bytes | None = None) -> str:
    """A ULID, 26 characters of Crockford's base 32: 48 bits of time and 80 that are random unless given."""
    milliseconds = int((moment or datetime.now(UTC)).timestamp() * 1000) & (1 << 48) - 1
    number = (milliseconds << 80) | int.from_bytes((entropy or secrets.token_bytes(10))[:10], "big")
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def load_facts(path: Path) -> tuple[dict[str, object], Problem | None]:
    """What a facts.json holds, and what is wrong with it; absent is empty and nothing wrong."""
    shown = str(path)
    try:
        data = _read(path, MAX_FACTS)
        found = json.loads(data.decode("utf-8"), parse_constant=_no_constant) if data else {}
    except FileNotFoundError:
        return {}, None
    except OSError as error:
        return {}, Problem(
            shown, 0, f"cannot be read: {error.strerror}", "Give the newsroom's user the right to read it"
        )
    except _TooLarge as error:
        return {}, Problem(shown, 0, str(error), "Keep one article's facts in it")
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        cause = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return {}, Problem(shown, line, f"not JSON: {cause}", "Write the edition again, or remove the file")
    if not isinstance(found, dict) or not isinstance(found.get("facts", {}), dict):
        return {}, Problem(
            shown, 1, "not an object with facts", "Write the edition again, or remove the file"
        )
    return cast("dict[str, object]", found), None


def dump_facts(facts: Mapping[str, object]) -> bytes:
    """facts.json as it is filed: keys sorted, two-space indent, newline at the end."""
    return (json.dumps(facts, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def beside(path: Path, limit: int = MAX_FACTS) -> Callable[[str], bytes | None]:
    """What lies beside an article's file by name; None where nothing does, or more than `limit` bytes.

    Only the folder itself is looked into: a name with a slash, or a link that leads out of it, finds nothing. What
    lies beside a kept version has its session before the name.
    """
    kept = f"{path.stem}." if path.parent.name == VERSIONS else ""

    def found(name: str) -> bytes | None:
        if "/" in name or "\\" in name or name.startswith("."):
            return None
        try:
            there = (path.parent / f"{kept}{name}").resolve(strict=True)
            if there.parent != path.parent.resolve(strict=True):
                return None
            with there.open("rb") as file:
                data = file.read(limit + 1)
        except (OSError, ValueError):
            return None
        return data if len(data) <= limit else None

    return found


def write_file(path: Path, data: bytes) -> None:
    """Replace a file as one step that survives a power cut; a reader sees the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class _TooLarge(ValueError):
    """A file over its limit."""


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _TooLarge(f"larger than {limit:,} bytes")
    return data


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file: its article, unless it is broken, and what is wrong with it."""

    path: Path
    article: Article | None
    problems: tuple[Problem, ...]


class Archive:
    """The articles under `content_dir`/articles. Parsed files are kept and read again only when they change.

    Not for several threads at once; each process makes its own.
    """

    def __init__(self, content_dir: Path, *, zone: tzinfo | None = None) -> None:
        self.content = Path(content_dir)
        self.articles = self.content / "articles"
        self._zone = zone
        self._known: dict[Path, tuple[tuple[object, ...], Loaded]] = {}
        self._facts: dict[Path, tuple[tuple[object, ...], dict[str, object]]] = {}

    @classmethod
    def of(cls, instance: Instance) -> Self:
        """The archive of an instance whose settings have been read."""
        return cls(instance.content, zone=instance.dates_zone)

    @property
    def zone(self) -> tzinfo:
        """The zone of dates without an offset: the default site's, else the instance's, else UTC."""
        if self._zone is None:
            try:
                self._zone = config.load(self.content.parent).dates_zone
            except (BadSettings, OSError):
                self._zone = UTC
        return self._zone

    # --- finding ------------------------------------------------------------------------------------------

    def paths(self) -> list[Path]:
        """The Markdown files that are articles, sorted: `<slug>.md` and `<slug>/index.md`."""
        return sorted(self._walk(self.articles, 0)) if self.articles.is_dir() else []

    def _walk(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            return
        kept = [entry for entry in entries if not is_dropping(entry.name)]
        if depth and not is_shelf(folder.name) and any(entry.name == "index.md" for entry in kept):
            path = folder / "index.md"
            if self._inside(path):
                yield path
            return
        for entry in kept:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    yield from self._walk(path, depth + 1)
            elif entry.name.lower().endswith(".md") and entry.is_file() and self._inside(path):
                yield path

    def _inside(self, path: Path) -> bool:
        """A link may lead to another place of content/, never out of it."""
        if not path.is_symlink():
            return True
        try:
            return path.resolve(strict=True).is_relative_to(self.content.resolve())
        except (OSError, RuntimeError):
            return False

    def scan(self) -> tuple[list[Article], list[Problem]]:
        """Every readable article by path, and all problems; of two with one id or address the older stays."""
        articles: list[Article] = []
        problems: list[Problem] = []
        paths = self.paths()
        for path in paths:
            loaded = self.load(path)
            problems += loaded.problems
            if loaded.article is not None:
                articles.append(loaded.article)
        for gone in self._known.keys() - set(paths):
            del self._known[gone]
        kept, clashes = _without_clashes(articles)
        return kept, sorted(problems + clashes, key=lambda problem: (problem.path, problem.line))

    def load(self, path: Path) -> Loaded:
        """One file; whatever is wrong with it is a Problem, never an exception."""
        stamp = (_stamp(path), _stamp(facts_path(path)))
        known = self._known.get(path)
        if known and known[0] == stamp and None not in stamp[:1]:
            return known[1]
        loaded = self._load(path)
        self._known[path] = (stamp, loaded)
        return loaded

    def _load(self, path: Path) -> Loaded:
        shown = str(path)
        try:
            text = _read(path, MAX_FILE).decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            problem = Problem(shown, line, f"not UTF-8 (byte {error.start})", "Save the file as UTF-8")
            return Loaded(path, None, (problem,))
        except _TooLarge as error:
            return Loaded(path, None, (Problem(shown, 0, str(error), "Split it into several articles"),))
        except OSError as error:
            return Loaded(path, None, (Problem(shown, 0, f"cannot be read: {error.strerror}", _RIGHTS),))
        slug = slug_of(path)
        if not slug:
            remedy = "Rename it with letters and digits, as in small-caps-gain.md"
            return Loaded(path, None, (Problem(shown, 0, "the file's name gives no address", remedy),))
        try:
            parsed = frontmatter.parse(text, path=shown, slug=slug, zone=self.zone)
        except BrokenArticle as error:
            return Loaded(path, None, (error.problem,))
        facts, unread = load_facts(facts_path(path))
        problems = (*parsed.warnings, unread) if unread is not None else parsed.warnings
        return Loaded(path, replace(parsed.article, facts=facts), problems)

    def by_id(self, identifier: str) -> Article | None:
        """The article with that id."""
        return (
            next((article for article in self.scan()[0] if article.id == identifier), None)
            if identifier
            else None
        )

    def by_address(self, where: str) -> Article | None:
        """The article that stands at an address, or stood there."""
        articles = self.scan()[0]
        now = next((article for article in articles if address(article) == where), None)
        return now or next((article for article in articles if where in article.aliases), None)

    def by_slug(self, slug: str) -> list[Article]:
        """The articles of that slug, newest first."""
        return sorted((a for a in self.scan()[0] if a.slug == slug), key=lambda a: a.date, reverse=True)

    def lookup(self, fact_id: str) -> Mapping[str, object] | None:
        """A fact of that id, as facts.json holds it, from whichever article has it; the newest file wins."""
        found: tuple[object, ...] = ()
        fact: Mapping[str, object] | None = None
        for path in self.paths():
            beside = facts_path(path)
            stamp = _stamp(beside)
            if stamp is None:
                continue
            if beside not in self._facts or self._facts[beside][0] != stamp:
                held = load_facts(beside)[0].get("facts", {})
                self._facts[beside] = (stamp, cast("dict[str, object]", held))
            one = self._facts[beside][1].get(fact_id)
            if isinstance(one, dict) and stamp > found:
                found, fact = stamp, one
        return fact

    def attachment(self, article: Article, name: str) -> Path | None:
        """The file a bundle's article refers to by a relative name, or None; never one outside its folder."""
        folder = Path(article.path).parent
        path = folder / name
        if any(is_dropping(part) for part in Path(name).parts) or not name:
            return None
        try:
            real = path.resolve(strict=True)
            inside = real.is_relative_to(folder.resolve()) and real.is_file()
        except (OSError, RuntimeError, ValueError):
            return None
        return path if inside and real.suffix.lower() != ".md" and real.name != "facts.json" else None

    # --- filing -------------------------------------------------------------------------------------------

    def save(
        self,
        article: Article,
        *,
        facts: Mapping[str, object] | None = None,
        attachments: Mapping[str, bytes] | None = None,
        identifier: str = "",
    ) -> Article:
        """File an article and return it as it now stands on disk; the Markdown file is the commit point.

        A new one (no `path`, or none there) gets an id (`identifier`, else its own, else a fresh one), a slug
        that is free in its month, and a bundle where it has attachments or comes from the desk. In an
        existing file only what differs is rewritten; where its address changes, the former one joins its
        aliases. Facts and attachments are written first; None leaves them as they are. Raises CannotFile,
        and BrokenArticle where the file on disk is broken.
        """
        for name in attachments or {}:
            if not _ATTACHMENT.fullmatch(name) or name in {"index.md", "facts.json"} or is_dropping(name):
                raise CannotFile(f"{name!r} cannot name an attachment; use letters, digits, '.', '_' and '-'")
        try:
            if article.path and Path(article.path).is_file():
                return self._save_again(article, facts, attachments or {})
            return self._save_new(article, facts, attachments or {}, identifier)
        except OSError as error:
            where = error.filename or article.path or self.articles
            raise CannotFile(
                f"{where}: cannot be written: {error.strerror}; see to space and rights, then save again"
            ) from error

    def _save_new(
        self,
        article: Article,
        facts: Mapping[str, object] | None,
        attachments: Mapping[str, bytes],
        identifier: str,
    ) -> Article:
        wanted = article.slug if urls.is_slug(article.slug) else urls.slugify(article.slug or article.title)
        slug = self._free_slug(article.date, wanted or "article")
        folder = self._month_folder(article.date)
        bundle = bool(attachments) or article.origin == "desk"
        path = folder / slug / "index.md" if bundle else folder / f"{slug}.md"
        article = replace(article, path=str(path), slug=slug, id=identifier or article.id or new_id())
        self._write_beside(path, facts, attachments)
        write_file(path, frontmatter.render(article).encode())
        return self._filed(path)

    def _save_again(
        self, article: Article, facts: Mapping[str, object] | None, attachments: Mapping[str, bytes]
    ) -> Article:
        path = Path(article.path)
        loaded = self._load(path)
        if loaded.article is None:
            raise BrokenArticle(loaded.problems[0])
        old = loaded.article
        text = _read(path, MAX_FILE).decode("utf-8")
        article = replace(article, id=old.id or article.id or new_id())
        target = self._place_after(old, article, path)
        article = replace(article, slug=slug_of(target))
        former = address(old)
        if address(article) != former:
            kept = [alias for alias in article.aliases if alias not in (address(article), former)]
            article = replace(article, aliases=(*kept, former))
        self._write_beside(path, facts, attachments)
        revised = frontmatter.revise(text, old, article).encode()
        if revised != text.encode():
            write_file(path, revised)
        if target != path:
            self._move(path, target)
        return self._filed(target)

    def _filed(self, path: Path) -> Article:
        loaded = self.load(path)
        if loaded.article is None:
            raise BrokenArticle(loaded.problems[0])
        return loaded.article

    def _place_after(self, old: Article, new: Article, path: Path) -> Path:
        """Where the file belongs once slug and date are those of `new`."""
        holder = path.parent if path.name == "index.md" else path
        same_month = (old.date.year, old.date.month) == (new.date.year, new.date.month)
        slug = new.slug if urls.is_slug(new.slug) else urls.slugify(new.slug or new.title) or old.slug
        if slug == old.slug and (same_month or holder.parent != self._month_folder(old.date)):
            return path
        folder = holder.parent if same_month else self._month_folder(new.date)
        slug = self._free_slug(new.date, slug, but=path)
        return folder / slug / "index.md" if path.name == "index.md" else folder / f"{slug}.md"

    def _move(self, path: Path, target: Path) -> None:
        """Facts are there before the article is; a crash in between leaves a readable article."""
        if path.name == "index.md":
            target.parent.parent.mkdir(parents=True, exist_ok=True)
            path.parent.rename(target.parent)
            _sync_folder(target.parent.parent)
            _sync_folder(path.parent.parent)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = facts_path(path)
        if beside.is_file():
            write_file(facts_path(target), beside.read_bytes())
        path.rename(target)
        _sync_folder(target.parent)
        with suppress(FileNotFoundError):
            beside.unlink()
        _sync_folder(path.parent)

    def _write_beside(
        self, path: Path, facts: Mapping[str, object] | None, attachments: Mapping[str, bytes]
    ) -> None:
        for name, data in sorted(attachments.items()):
            beside = path.parent / name
            if path.name != "index.md" and beside.exists() and beside.read_bytes() != data:
                raise CannotFile(f"{beside} belongs to another article; give the attachment another name")
            if not (beside.is_file() and beside.read_bytes() == data):
                write_file(beside, data)
        if facts is not None:
            data = dump_facts(facts)
            beside = facts_path(path)
            if not (beside.is_file() and beside.read_bytes() == data):
                write_file(beside, data)

    def _month_folder(self, when: datetime) -> Path:
        return self.articles / f"{when.year:04d}" / f"{when.month:02d}"

    def _free_slug(self, when: datetime, slug: str, *, but: Path | None = None) -> str:
        """The slug, or the slug with -2, -3, …: free among the articles of its month and in its folder."""
        month = (when.year, when.month)
        taken = {
            article.slug
            for article in self.scan()[0]
            if (article.date.year, article.date.month) == month and (but is None or article.path != str(but))
        }
        folder = self._month_folder(when)
        own = but.parent if but is not None and but.name == "index.md" else but
        number, candidate = 1, slug
        while candidate in taken or any(
            place.exists() and place != own for place in (folder / candidate, folder / f"{candidate}.md")
        ):
            number += 1
            ending = f"-{number}"
            candidate = slug[: urls.MAX_SLUG - len(ending)].rstrip("-") + ending
        return candidate

    def keep_version(self, there: Article) -> None:
        """Copy an article as it stands, with its facts and chart, to `versions/` under its session; once.

        The Markdown comes last: a version whose Markdown is there is whole, and is never written again.
        """
        path = Path(there.path)
        if there.as_of is None or path.name != "index.md":
            return
        folder, stem = path.parent / VERSIONS, there.as_of.isoformat()
        kept = folder / f"{stem}.md"
        if kept.is_file():
            return
        for name in ("facts.json", "chart.svg", "chart.csv"):
            with suppress(FileNotFoundError):
                write_file(folder / f"{stem}.{name}", (path.parent / name).read_bytes())
        write_file(kept, path.read_bytes())

    def versions(self, article: Article) -> dict[date, Path]:
        """The kept Markdown files of an article by session, oldest first."""
        folder = Path(article.path).parent / VERSIONS
        found: dict[date, Path] = {}
        for path in sorted(folder.glob("*.md")) if Path(article.path).name == "index.md" else ():
            with suppress(ValueError):
                found[date.fromisoformat(path.stem)] = path
        return found

    def edited(self, there: Article) -> bool:
        """Whether somebody changed the words of a desk article since the desk filed them.

        One that was filed before the desk kept a digest of its words counts as changed.
        """
        facts = there.facts
        if there.as_of is not None:  # a filing cut short may have left the next version's facts
            beside = Path(there.path).parent / VERSIONS / f"{there.as_of.isoformat()}.facts.json"
            if beside.is_file():
                facts = load_facts(beside)[0]
        return facts.get("words") != words_digest(there)

    def sweep(self, when: date) -> list[Path]:
        """Remove what a filing cut short left in a month: bundles without an article, as only the desk makes them.

        A folder that holds anything besides facts, charts and half-written files is somebody's and stays.
        """
        removed: list[Path] = []
        for moment in (when, when + timedelta(days=1)):  # a site's day may be the next one
            month = self.articles / f"{moment.year:04d}" / f"{moment.month:02d}"
            for folder in sorted(month.iterdir()) if month.is_dir() else ():
                if folder.is_dir() and not folder.is_symlink() and _is_leftover(folder):
                    for path in folder.iterdir():
                        path.unlink()
                    folder.rmdir()
                    removed.append(folder)
        return removed

    def file_desk_article(
        self,
        article: Article,
        *,
        facts: Mapping[str, object],
        attachments: Mapping[str, bytes],
        replace: bool = False,
        follows: bool = False,
    ) -> tuple[Path, Literal["filed", "unchanged", "kept"]]:
        """File what the desk wrote under its id. Written again with the same outcome it is "unchanged".

        One that differs from what is there is "kept" as it stands (an editor may have changed it) unless
        `replace`; a withdrawn one always is. With `follows` it is the next version of a story that runs on: what
        stood there is kept among the versions.
        """
        there = self.by_id(article.id)
        if there is None:
            return Path(self.save(article, facts=facts, attachments=attachments).path), "filed"
        path = Path(there.path)
        if self._same(there, article, facts, attachments):
            return path, "unchanged"
        if not (replace or follows) or there.status == "withdrawn":
            return path, "kept"
        if follows:
            self.keep_version(there)
        again = _renewed(there, article)
        return Path(self.save(again, facts=facts, attachments=attachments).path), "filed"

    def _same(
        self, there: Article, new: Article, facts: Mapping[str, object], attachments: Mapping[str, bytes]
    ) -> bool:
        """Whether filing `new` would change nothing but when it was written and its inputs were retrieved."""
        text = frontmatter.render(_renewed(there, new))
        filed = frontmatter.parse(text, path=there.path, slug=there.slug, zone=self.zone).article
        mine, theirs = frontmatter.fields_of(filed), frontmatter.fields_of(there)
        mine.pop("written", None)
        theirs.pop("written", None)
        if mine != theirs or new.body.strip() != there.body.strip():
            return False
        if _without_retrieved(json.loads(dump_facts(facts))) != _without_retrieved(there.facts):
            return False
        folder = Path(there.path).parent
        return all((folder / n).is_file() and (folder / n).read_bytes() == d for n, d in attachments.items())


def made(article: Article) -> tuple[Made, ...]:
    """How the words of an article came about, for its disclosure; () for what people wrote.

    A desk article's are an algorithm's; a language model's besides where it reworded sentences; a person's besides
    where they are not those that the desk filed.
    """
    if article.origin != "desk":
        return ()
    found: list[Made] = ["model-assisted" if article.extra.get("reworded_by") else "algorithmic"]
    filed = article.facts.get("words")
    if filed is not None and filed != words_digest(article):
        found.append("human-edited")
    return tuple(found)


def words_digest(article: Article) -> str:
    """16 hex digits over title, summary and body: by these the desk knows its own words again."""
    text = f"{article.title}\0{article.summary}\0{article.body.strip()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _is_leftover(folder: Path) -> bool:
    names = [path.name for path in folder.iterdir()]
    return "index.md" not in names and all(_UNFINISHED.fullmatch(name) for name in names)


def _renewed(there: Article, new: Article) -> Article:
    """The desk's new text in the place of its old one; it holds the revised values that corrections told of."""
    kept = {name: value for name, value in there.extra.items() if name != ACKNOWLEDGED}
    return replace(
        new, path=there.path, slug=there.slug, id=there.id, aliases=there.aliases,
        corrections=there.corrections, extra={**kept, **new.extra},
    )  # fmt: skip


def _without_retrieved(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _without_retrieved(item) for key, item in value.items() if key != "retrieved"}
    if isinstance(value, list):
        return [_without_retrieved(item) for item in value]
    return value


def slug_of(path: Path) -> str:
    """The slug a file's name gives; "" when it has no letters or digits of ASCII."""
    return urls.slugify(path.parent.name if path.name == "index.md" else path.stem)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _without_clashes(articles: list[Article]) -> tuple[list[Article], list[Problem]]:
    """The articles less those whose id or address an older one has, and a Problem for each left out."""
    problems: list[Problem] = []
    for name, of, remedy in _CLASHES:
        owners: dict[str, Article] = {}
        kept: list[Article] = []
        for article in sorted(articles, key=lambda one: (one.date, one.path)):
            value = of(article)
            owner = owners.setdefault(value, article) if value else article
            if owner is article:
                kept.append(article)
            else:
                line = article.lines.get(name, 0)
                problems.append(
                    Problem(article.path, line, f"has the {name} {value} of {owner.path}", remedy)
                )
        articles = kept
    return sorted(articles, key=lambda one: one.path), problems


_CLASHES: Final[tuple[tuple[str, Callable[[Article], str], str], ...]] = (
    ("id", lambda article: article.id, "Remove the id: line from the copy; it gets its own when it is saved"),
    ("address", address, "Rename the file or change its date"),
)
