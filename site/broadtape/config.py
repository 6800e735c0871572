"""Settings: an instance's broadtape.toml and its sites' site.toml, validated and typed; where things lie.

Opens no store and decides nothing; it only reads the two kinds of TOML file (docs/contracts/settings.md).
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from broadtape.model import BadSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTINGS = Path("content/broadtape.toml")
SHIPPED = {"BROADTAPE_SAMPLE": str(Path(__file__).resolve().parent / "sample" / "data")}
"""What `${NAME}` stands for in a path where the environment says nothing: the data in the package."""
MAX_BYTES = 1_000_000  # of one settings file; the largest sensible one is a few kB

OWN_SOURCES = frozenset(["files", "feeds", "scrapers"])  # what [sources] holds besides tables of sources
Audience = Literal["private", "public"]
Licence = Literal["private", "public"]
Look = Literal["broadsheet", "bulletin"]
Holds = Literal["instruments", "bars", "readings", "policy", "events"]
Adjustment = Literal["raw", "split", "total"]
_SYMBOL = r"^[A-Z][A-Z0-9]*:[A-Z0-9][A-Z0-9.\-/$=^]*\Z"
Symbol = Annotated[str, Meta(pattern=_SYMBOL)]
# An e-mail address, alone or with a name before it; nothing that could end a header line.
_ADDRESS = r"^[^\s<>,;]+@[^\s<>,;]+\.?[^\s<>,;]*\Z"
_SENDER = r"^(|[^\s<>,;]+@[^\s<>,;]+|[^<>\r\n]+<[^\s<>,;]+@[^\s<>,;]+>)\Z"
Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")]

# Which of our column names a table must map, by what it holds; one of each inner tuple is enough.
REQUIRED_COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "instruments": (("symbol",),),
    "bars": (("symbol",), ("date",), ("close", "adj_close")),
    "readings": (("series",), ("date",), ("value",)),
    "policy": (("date",), ("lower",), ("upper",)),
    "events": (("date",), ("kind",), ("title",)),
}
COLUMNS: dict[str, frozenset[str]] = {
    "instruments": frozenset(
        [
            "symbol",
            "name",
            "exchange",
            "etf",
            "test_issue",
            "sector",
            "industry",
            "headquarters",
            "cik",
            "inception",
        ]
    ),
    "bars": frozenset(["symbol", "date", "open", "high", "low", "close", "adj_close", "volume", "dividend"]),
    "readings": frozenset(["series", "date", "value", "known_at"]),
    "policy": frozenset(["date", "lower", "upper", "change_bp", "url"]),
    "events": frozenset(["date", "time", "zone", "kind", "title", "known_at", "url"]),
}


class _Table(msgspec.Struct, frozen=True, kw_only=True):
    """A TOML table whose unknown keys are warnings, not errors."""


class LanguageModel(_Table, frozen=True, kw_only=True):
    """A language model that may reword drafts, by any address that speaks OpenAI's chat completions."""

    url: str  # "http://127.0.0.1:11434/v1": /chat/completions is added
    model: str = ""
    key: str = ""  # "${NAME}": read from the environment only
    enabled: bool = True
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 60.0
    temperature: Annotated[float, Meta(ge=0, le=2)] = 0.3
    budget: Annotated[int, Meta(ge=1, le=100_000)] = 200  # requests a day


class Desk(_Table, frozen=True, kw_only=True):
    """What the desk looks at and how it signs."""

    universe: tuple[str, ...] = ()
    benchmarks: dict[str, Symbol] = {}
    pairs: tuple[tuple[Symbol, Symbol], ...] = ()  # compared with each other besides the benchmarks
    sector_funds: tuple[Symbol, ...] = tuple(
        f"NYSEARCA:{ticker}"
        for ticker in ("XLB", "XLC", "XLE", "XLF", "XLI", "XLK", "XLP", "XLRE", "XLU", "XLV", "XLY")
    )
    most_stories: Annotated[int, Meta(ge=1, le=20)] = 4  # of one edition
    seed: int = 0
    author: str = "Market Desk"
    model: LanguageModel | None = None  # None: no text leaves the machine


class NamedInstrument(_Table, frozen=True, kw_only=True, rename={"bare": "as"}):
    """An instrument spelt out in a source's settings, whose word is final; `bare` is the key `as`."""

    symbol: Symbol
    bare: str = ""
    name: str = ""
    kind: Literal["index", "etf", "stock"] | None = None
    inception: str = ""
    sector: str = ""
    industry: str = ""
    headquarters: str = ""
    aliases: tuple[str, ...] = ()


class FileSource(_Table, frozen=True, kw_only=True):
    """One `[[sources.files]]` table: a file of the operator's and how to read it."""

    name: Key
    path: str
    holds: Holds
    columns: dict[str, str] = {}
    layout: Literal["long", "wide"] = "long"
    value: str = ""
    exchange: str = ""
    exchange_codes: dict[str, str] = {}
    group: str = ""
    unit: Literal["USD", "points"] = "USD"
    adjustment: Adjustment = "raw"
    proxies: dict[str, Symbol] = {}
    instruments: tuple[NamedInstrument, ...] = ()
    lag_days: dict[str, Annotated[int, Meta(ge=0, le=400)]] = {}
    attribution: str = ""
    licence: Licence = "private"
    delay_minutes: Annotated[int, Meta(ge=0, le=60 * 24 * 31)] = 0
    enabled: bool = True

    def location(self, root: Path) -> Path:
        """The file, with `${NAME}` taken from the environment; a relative one starts at content/.

        BadSettings names a variable that is not set.
        """
        return root / "content" / expand(self.path, where=f"{SETTINGS}: source {self.name}: path")


def may_show(audience: Audience, licence: str) -> bool:
    """Whether figures of a series with that licence may be given out: on pages, in feeds, files and answers.

    The one rule of every output. A private preview shows everything, a public instance only what is licensed so.
    """
    return audience == "private" or licence == "public"


class Near(_Table, frozen=True, kw_only=True):
    """Which companies count as local: within `radius_km` of `place` (latitude, longitude), and `also`."""

    place: tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]]
    radius_km: Annotated[float, Meta(gt=0, le=20_000)] = 50.0
    also: tuple[Symbol, ...] = ()


class NavItem(_Table, frozen=True, kw_only=True):
    """One entry of a site's navigation."""

    title: str
    address: str


class DigestSettings(_Table, frozen=True, kw_only=True):
    """Who gets a site's digest by e-mail, from whom, and how one leaves."""

    to: Annotated[tuple[Annotated[str, Meta(pattern=_ADDRESS)], ...], Meta(max_length=500)] = ()
    sender: Annotated[str, Meta(pattern=_SENDER)] = ""  # in place of the instance's mail.sender
    unsubscribe: tuple[Annotated[str, Meta(pattern=r"^(mailto:\S+@\S+|https://\S+)\Z")], ...] = ()


class _SiteFile(_Table, frozen=True, kw_only=True):
    """site.toml as written."""

    name: str
    url: str
    place: str = ""
    hosts: tuple[str, ...] = ()
    time_zone: str = ""
    locale: Annotated[str, Meta(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?\Z")] = "en_US"
    tagline: str = ""
    watch_list: tuple[Symbol, ...] = ()
    companies_near: Near | None = None
    blocks: tuple[str, ...] = ()
    block: dict[str, dict[str, Any]] = {}
    credits: str = ""
    copyright: str = ""
    indexing: Literal["noindex", "canonical", "owner"] = "noindex"
    navigation: tuple[NavItem, ...] = ()
    founded: Annotated[int, Meta(ge=1600, le=9999)] | None = None
    csp_allow: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ("*",)
    digest: DigestSettings = DigestSettings()
    palette: dict[str, str] = {}
    look: Look = "broadsheet"


class _InstanceTable(_Table, frozen=True, kw_only=True):
    title: str = "Broadtape"
    contact: str = ""
    time_zone: str = "America/New_York"
    default_site: str = ""
    audience: Audience = "private"


class _SourcesTable(_Table, frozen=True, kw_only=True):
    files: tuple[FileSource, ...] = ()
    feeds: tuple[dict[str, Any], ...] = ()
    scrapers: tuple[dict[str, Any], ...] = ()
    web: dict[str, dict[str, Any]] = {}  # every other table of [sources]


class Wire(_Table, frozen=True, kw_only=True):
    """How fetching behaves, whatever it fetches."""

    allow_private: tuple[str, ...] = ()  # host names that may have private or loopback addresses
    retention_days: Annotated[int, Meta(ge=0, le=36_500)] = (
        0  # of snapshots that newer ones replace; 0: for ever
    )


class Run(_Table, frozen=True, kw_only=True):
    """What `run` does unattended, and how often."""

    fetch: bool = True
    write: bool = True
    draft: bool = False  # file as drafts: an editor publishes
    every_minutes: Annotated[int, Meta(ge=1, le=1440)] = 10  # between rounds; sources know when they are due
    write_after_minutes: Annotated[int, Meta(ge=0, le=1440)] = 45  # after a session's close


class Search(_Table, frozen=True, kw_only=True):
    """Which engine keeps the search index: whoosh is always there, tantivy is an extra for large archives."""

    engine: Literal["whoosh", "tantivy"] = "whoosh"


class Mail(_Table, frozen=True, kw_only=True):
    """The operator's SMTP server. `password` is `${NAME}`: taken from the environment when it is used."""

    host: str = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: str = ""
    sender: Annotated[str, Meta(pattern=_SENDER)] = ""


class FeedSettings(_Table, frozen=True, kw_only=True):
    """Who is told when a feed changed: a WebSub hub; empty for nobody."""

    hub: str = ""


class Limits(_Table, frozen=True, kw_only=True):
    """How often one visitor may ask for what costs, a minute; 0 is as often as they like."""

    search: Annotated[int, Meta(ge=0, le=100_000)] = 60
    suggest: Annotated[int, Meta(ge=0, le=100_000)] = 300  # while one types
    api: Annotated[int, Meta(ge=0, le=100_000)] = 120
    trusted_proxies: tuple[
        str, ...
    ] = ()  # addresses, besides this machine's own, whose X-Forwarded-For is believed


class _InstanceFile(_Table, frozen=True, kw_only=True):
    """broadtape.toml as written."""

    instance: _InstanceTable = _InstanceTable()
    desk: Desk = Desk()
    sources: _SourcesTable = _SourcesTable()
    wire: Wire = Wire()
    limits: Limits = Limits()
    run: Run = Run()
    search: Search = Search()
    feeds: FeedSettings = FeedSettings()
    mail: Mail = Mail()


@dataclass(frozen=True, slots=True)
class WebSource:
    """A source that is fetched: its name here, the source that it is one of, and its settings as written.

    `kind` is the name of a source in newswire.sources ("fred", "feed"), or "module:Class" of the operator's own.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    where: str  # its table, for messages

    @property
    def enabled(self) -> bool:
        """Whether it is asked."""
        return self.options.get("enabled") is not False


@dataclass(frozen=True, slots=True)
class Site:
    """One local publication; `folder` is content/sites/<key>."""

    key: str
    name: str
    place: str
    url: str  # absolute, without a slash at the end
    hosts: tuple[str, ...]  # lower case, no port
    time_zone: ZoneInfo
    locale: str
    tagline: str
    watch_list: tuple[str, ...]
    companies_near: Near | None
    blocks: tuple[str, ...]
    block: Mapping[str, Mapping[str, Any]]
    credits: str
    copyright: str
    indexing: Literal["noindex", "canonical", "owner"]
    navigation: tuple[NavItem, ...]
    founded: int | None
    csp_allow: tuple[str, ...]
    embeds: tuple[str, ...]  # origins that may frame the widgets; "*": all
    palette: Mapping[str, str]
    look: Look
    folder: Path
    hub: str = ""  # the WebSub hub of its feeds; empty: none
    digest: DigestSettings = field(default_factory=DigestSettings)


@lru_cache(maxsize=64)  # asked for with each picture that may be there
def _var(root: Path, name: str) -> Path:
    return root / "var" / name


@dataclass(frozen=True, slots=True)
class Instance:
    """One newsroom: its settings, its sites and where its files lie. `root` holds content/ and var/."""

    root: Path
    title: str
    contact: str
    time_zone: ZoneInfo  # the market's: sessions belong to it
    default_site: str
    audience: Audience
    desk: Desk
    sources: tuple[FileSource, ...]
    sites: Mapping[str, Site]
    warnings: tuple[str, ...]
    web_sources: tuple[WebSource, ...] = ()
    wire: Wire = field(default_factory=Wire)
    limits: Limits = field(default_factory=Limits)
    run: Run = field(default_factory=Run)
    search: Search = field(default_factory=Search)
    mail: Mail = field(default_factory=Mail)

    @property
    def dates_zone(self) -> ZoneInfo:
        """The zone of dates that people write without an offset: the default site's, else the market's."""
        site = self.sites.get(self.default_site)
        return site.time_zone if site else self.time_zone

    @property
    def content(self) -> Path:
        """What people write: settings, articles, pages, sites."""
        return self.root / "content"

    @property
    def articles(self) -> Path:
        """The filed articles."""
        return self.content / "articles"

    @property
    def pages(self) -> Path:
        """Standing pages: about, privacy, terms."""
        return self.content / "pages"

    @property
    def state(self) -> Path:
        """What cannot be made again: back it up."""
        return _var(self.root, "state")

    @property
    def cache(self) -> Path:
        """What can: delete it freely."""
        return _var(self.root, "cache")

    @property
    def store(self) -> Path:
        """The market store."""
        return self.state / "market.sqlite"

    @property
    def snapshots(self) -> Path:
        """What was fetched, as it came."""
        return self.state / "snapshots"

    @property
    def ledger(self) -> Path:
        """What the fetcher remembers of hosts and addresses."""
        return self.state / "wire.sqlite"

    @property
    def scrapers(self) -> Path:
        """The operator's own sources, as Python files."""
        return self.root / "scrapers"

    @property
    def catalogue(self) -> Path:
        """What readers read."""
        return self.cache / "catalogue.sqlite"

    @property
    def revisions(self) -> Path:
        """The last proven revision of every published file."""
        return self.state / "revisions.sqlite"

    @property
    def tape(self) -> Path:
        """Histories and boards of the market for readers."""
        return self.cache / "tape.sqlite"

    @property
    def index(self) -> Path:
        """The search index."""
        return self.cache / "index"

    def site_for_host(self, host: str) -> Site | None:
        """The site that answers for a Host header; the port does not matter, nor does case."""
        name = _host_name(host)
        if not name:
            return None
        return next((site for site in self.sites.values() if name in site.hosts), None)

    def source(self, name: str) -> FileSource | None:
        """The files source of that name."""
        return next((source for source in self.sources if source.name == name), None)


def find_root(start: Path) -> Path:
    """The nearest folder from `start` upwards with content/broadtape.toml; BadSettings when none has it."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise BadSettings(
        f"{start}: no {SETTINGS} here or in any folder above; name an instance with -C DIR or make one with "
        "'broadtape init DIR'"
    )


def load(root: Path) -> Instance:
    """The instance in `root`; BadSettings names the file and the key that cannot be used."""
    root = root.absolute()
    warnings: list[str] = []
    shown = str(SETTINGS)
    settings = _read(root / SETTINGS, shown, _InstanceFile, warnings)
    _check_sources(settings.sources.files, shown, warnings)
    _check_desk(settings.desk, shown)
    web = _web_sources(settings.sources, shown)
    zone = _zone(settings.instance.time_zone, f"{shown}: instance.time_zone")
    _check_hub(settings.feeds.hub, shown)
    # Nobody is told of a private preview: its feeds are not for subscribers.
    hub = settings.feeds.hub if settings.instance.audience == "public" else ""
    sites = {key: replace(site, hub=hub) for key, site in _load_sites(root, zone.key, warnings).items()}
    default = settings.instance.default_site
    if default and default not in sites:
        raise BadSettings(
            f"{shown}: instance.default_site: there is no content/sites/{default}/site.toml; "
            f"sites here: {', '.join(sites) or 'none'}"
        )
    groups = {source.group for source in settings.sources.files if source.group}
    warnings += [
        f"{shown}: desk.universe: no source has the group {name!r}"
        for name in settings.desk.universe
        if name not in groups
    ]
    return Instance(
        root=root,
        title=settings.instance.title,
        contact=settings.instance.contact,
        time_zone=zone,
        default_site=default or next(iter(sites), ""),
        audience=settings.instance.audience,
        desk=settings.desk,
        sources=settings.sources.files,
        sites=sites,
        warnings=tuple(warnings),
        web_sources=web,
        wire=settings.wire,
        limits=settings.limits,
        run=settings.run,
        search=settings.search,
        mail=settings.mail,
    )


def expand(text: str, *, where: str) -> str:
    """`text` with each `${NAME}` replaced from the environment; BadSettings names one that is not set."""

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1]) or SHIPPED.get(match[1])
        if not found:
            raise BadSettings(
                f"{where}: the environment variable {match[1]} is not set; set it, or write the path"
            )
        return found

    return re.sub(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", value, text)


# --- reading one file -------------------------------------------------------------------------------

T = TypeVar("T", bound=msgspec.Struct)


def _read(path: Path, shown: str, kind: type[T], warnings: list[str]) -> T:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadSettings(f"{shown}: larger than {MAX_BYTES} bytes; this is not a settings file")
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadSettings(f"{shown}: not UTF-8 at byte {error.start}; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{shown}: not valid TOML: {error}") from error
    except OSError as error:
        raise BadSettings(f"{shown}: cannot be read: {error.strerror}") from error
    if kind is _InstanceFile:
        _gather(data)
    try:
        settings = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise BadSettings(f"{shown}: {_explain(str(error), data, kind)}") from error
    warnings += [f"{shown}: unknown key {key}" for key in _unknown(data, kind, "")]
    return settings


def _gather(data: dict[str, Any]) -> None:
    """Put the tables of fetched sources, whose names are theirs, under one key."""
    sources = data.get("sources")
    if not isinstance(sources, dict):
        return
    named = [name for name, value in sources.items() if name not in OWN_SOURCES and isinstance(value, dict)]
    if named:
        sources["web"] = {name: sources.pop(name) for name in named}


def _web_sources(table: _SourcesTable, shown: str) -> tuple[WebSource, ...]:
    """The fetched sources in the order of the settings: those with a table of their own, feeds, scrapers."""
    found = [
        WebSource(name, name, options, f"{shown}: sources.{name}") for name, options in table.web.items()
    ]
    for group, entries in (("feeds", table.feeds), ("scrapers", table.scrapers)):
        for number, entry in enumerate(entries):
            where = f"{shown}: sources.{group}[{number}]"
            options = dict(entry)
            name = options.pop("name", None)
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", name):
                raise BadSettings(f"{where}.name: {name!r} is no name; small letters, digits and hyphens")
            kind: Any = "feed" if group == "feeds" else options.pop("use", None)
            if group == "scrapers" and not (isinstance(kind, str) and re.fullmatch(r"\w+:\w+", kind)):
                raise BadSettings(
                    f"{where}.use: {kind!r} does not name a class, as in 'harbour:HarbourNotices'"
                )
            found.append(WebSource(name, kind, options, where))
    names = [source.name for source in table.files]
    for source in found:
        if source.name in names:
            raise BadSettings(f"{source.where}: {source.name!r} is used twice; give each source its own name")
        names.append(source.name)
    return tuple(found)


def _explain(message: str, data: Any, kind: type[msgspec.Struct]) -> str:
    """msgspec's message in the form "key: what is wrong", with the value where that helps."""
    cause, _, at = message.partition(" - at `$")
    path = at.rstrip("`").lstrip(".")
    value: Any = data
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]", path):
        try:
            if index == "...":  # msgspec does not say which key of a table of our own
                key, value = next(item for item in value.items() if not _is_symbol(item[1]))
                path = path.replace("[...]", f".{key}", 1)
            else:
                value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError, AttributeError, StopIteration):
            break
    choices = _choices(kind, path)
    if choices and isinstance(value, str):
        cause = f"{value!r} is not one of {', '.join(choices)}"
    elif "matching regex" in cause and ":[A-Z0-9]" in cause and isinstance(value, str):
        cause = f"{value!r} is not a qualified symbol such as 'NYSE:BAC'"
    elif "matching regex" in cause and isinstance(value, str):
        cause = f"{value!r} is not of the accepted form ({cause.partition('regex ')[2]})"
    elif cause.startswith("Object missing required field"):
        missing = cause.partition("`")[2].rstrip("`")
        path, cause = f"{path}.{missing}".lstrip("."), "is required and missing"
    else:
        cause = cause[:1].lower() + cause[1:]
    return f"{path}: {cause}" if path else cause


def _is_symbol(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(_SYMBOL, value) is not None


def _choices(kind: Any, path: str) -> tuple[str, ...]:
    """The accepted words where `path` leads to a closed set, else nothing."""
    for name in re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", "", path)):
        for option in (kind, *get_args(kind)):
            if isinstance(option, type) and issubclass(option, msgspec.Struct):
                kind = _hints(option).get(name)
                break
        else:
            return ()
    options = (kind, *get_args(kind)) if get_origin(kind) is not Literal else (kind,)
    return next((get_args(option) for option in options if get_origin(option) is Literal), ())


def _unknown(data: Any, kind: Any, path: str) -> Iterator[str]:
    """Keys of `data` that `kind` has no field for, with their paths."""
    options = (kind, *get_args(kind))
    struct = next((one for one in options if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)
    if struct is None:
        return
    if isinstance(data, list):
        for number, item in enumerate(data):
            yield from _unknown(item, struct, f"{path}[{number}]")
    elif isinstance(data, dict):
        hints = _hints(struct)
        for key, value in data.items():
            at = f"{path}.{key}".lstrip(".")
            if key not in hints:
                yield at
            else:
                yield from _unknown(value, hints[key], at)


@cache  # resolving annotations takes a hundred times as long as reading a file by them
def _hints(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Types by the name a file uses."""
    hints = get_type_hints(struct)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(struct)}


# --- what types cannot say ------------------------------------------------------------------------------


_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")


def _check_desk(desk: Desk, shown: str) -> None:
    """No series is compared with itself, and no key stands in the settings."""
    if desk.model is not None and desk.model.key and not _VARIABLE.fullmatch(desk.model.key):
        raise BadSettings(
            f'{shown}: desk.model.key: a key is read from the environment only; write "${{NAME}}"'
        )
    roles: dict[str, str] = {}
    for role, symbol in desk.benchmarks.items():
        if symbol in roles:
            raise BadSettings(
                f"{shown}: desk.benchmarks.{role}: {symbol} is the benchmark {roles[symbol]} already; name "
                "another or leave it out"
            )
        roles[symbol] = role
    for number, (first, second) in enumerate(desk.pairs):
        if first == second:
            raise BadSettings(f"{shown}: desk.pairs[{number}]: {first} cannot be compared with itself")


def _check_hub(hub: str, shown: str) -> None:
    if hub and (urlsplit(hub).scheme not in ("http", "https") or not urlsplit(hub).hostname):
        raise BadSettings(f"{shown}: feeds.hub: {hub!r} is no address such as 'https://hub.example.org/'")


def _check_sources(sources: tuple[FileSource, ...], shown: str, warnings: list[str]) -> None:
    seen: set[str] = set()
    for number, source in enumerate(sources):
        at = f"{shown}: sources.files[{number}]"
        if source.name in seen:
            raise BadSettings(f"{at}.name: {source.name!r} is used twice; give each source its own name")
        seen.add(source.name)
        known = COLUMNS[source.holds]
        if source.layout == "wide":
            _check_wide(source, at)
        else:
            for options in REQUIRED_COLUMNS[source.holds]:
                if not any(source.columns.get(option) for option in options):
                    raise BadSettings(f"{at}.columns: a table of {source.holds} needs {' or '.join(options)}")
        warnings += [
            f"{at}.columns: unknown column {key}; a table of {source.holds} has {', '.join(sorted(known))}"
            for key in source.columns
            if key not in known
        ]


def _check_wide(source: FileSource, at: str) -> None:
    if source.holds not in ("bars", "readings"):
        raise BadSettings(f"{at}.layout: 'wide' is for bars and readings, not for {source.holds}")
    if not source.columns.get("date"):
        raise BadSettings(f"{at}.columns: needs date for a wide table")
    if source.holds == "bars" and source.value not in ("close", "adj_close"):
        raise BadSettings(f"{at}.value: {source.value!r} is not one of close, adj_close")


def _load_sites(root: Path, market_zone: str, warnings: list[str]) -> dict[str, Site]:
    sites: dict[str, Site] = {}
    taken: dict[str, str] = {}
    for path in sorted((root / "content" / "sites").glob("*/site.toml")):
        key = path.parent.name
        shown = f"content/sites/{key}/site.toml"
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", key):
            raise BadSettings(f"{shown}: the folder's name may hold small letters, digits and hyphens only")
        site = _site(key, _read(path, shown, _SiteFile, warnings), market_zone, shown, path.parent)
        for host in site.hosts:
            if host in taken:
                raise BadSettings(f"{shown}: hosts: {host!r} already belongs to the site {taken[host]}")
            taken[host] = key
        sites[key] = site
    return sites


def _site(key: str, file: _SiteFile, market_zone: str, shown: str, folder: Path) -> Site:
    try:
        parts = urlsplit(file.url)
        host = parts.hostname or ""
    except ValueError as error:
        raise BadSettings(f"{shown}: url: {file.url!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise BadSettings(
            f"{shown}: url: {file.url!r} is not an absolute address such as 'https://news.example.org'"
        )
    return Site(
        key=key,
        name=file.name,
        place=file.place,
        url=file.url.rstrip("/"),
        hosts=tuple(dict.fromkeys(_host_name(name) for name in (host, *file.hosts))),
        time_zone=_zone(file.time_zone or market_zone, f"{shown}: time_zone"),
        locale=file.locale,
        tagline=file.tagline,
        watch_list=file.watch_list,
        companies_near=file.companies_near,
        blocks=file.blocks,
        block=file.block,
        credits=file.credits,
        copyright=file.copyright,
        indexing=file.indexing,
        navigation=file.navigation,
        founded=file.founded,
        csp_allow=file.csp_allow,
        embeds=file.embeds,
        digest=file.digest,
        palette=file.palette,
        look=file.look,
        folder=folder,
    )


def _host_name(host: str) -> str:
    """A Host header's name in lower case: no port, no brackets, no dot at the end."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") > 1:  # a bare IPv6 address, as settings write it
        return host
    return host.partition(":")[0].rstrip(".")


def _zone(name: str, where: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadSettings(f"{where}: {name!r} is no time zone such as 'America/New_York'") from error


def cores() -> int:
    """How many cores this process may use."""
    usable = getattr(
        os, "sched_getaffinity", None
    )  # Linux tells of a container's share, others of the machine
    return len(usable(0)) if usable is not None else os.cpu_count() or 1
