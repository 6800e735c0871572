"""One request, sent politely and safely: every result is an Outcome with its reason.

Owns robots.txt, rates, budgets, redirects, conditional requests, secrets and all limits. Keeps no body (snapshots
do) and judges none (sources do).
"""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode, urljoin, urlsplit, urlunsplit

import httpcore2
import protego
import stamina

from newswire.addresses import Allowance, Guard, TooMuch, resolve
from newswire.errors import NewswireError
from newswire.ledger import Ledger, Validators, next_day
from newswire.wire import Outcome, Request, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from newswire.wire import About, OutcomeKind

__all__ = ["Client", "ContactMissing", "Limits", "retry_after"]

log = logging.getLogger(__name__)
logging.getLogger("httpcore2").setLevel(
    logging.WARNING
)  # its traces hold whole addresses and headers, keys among them

ROBOTS_KEPT = timedelta(hours=24)
ROBOTS_BYTES = 512 * 1024  # what a crawler must read of it (RFC 9309, section 2.5)
MOST_REDIRECTS = 5
MOST_MOVES = 3  # remembered ones that are followed without asking
LONGEST_REST = timedelta(days=1)  # a Retry-After beyond it is taken as this
REST = timedelta(minutes=10)  # where 429 says nothing
MOST_REFUSALS = 3  # times in a row that a host may send us away before it is called blocked
LONGEST_WAIT = 30.0  # seconds that a request waits for its host's turn
LEAST_RATIO_BYTES = 1 << 20  # below it a body may be compressed as much as it likes
MOST_RATIO = 200
KEPT_HEADERS = (
    "content-type",
    "etag",
    "last-modified",
    "date",
    "content-language",
    "retry-after",
    "link",
    "age",
)
REDIRECTS = (301, 302, 303, 307, 308)
PERMANENT = (301, 308)
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f]+")


class ContactMissing(NewswireError):
    """The settings name nobody whom a site's operator can write to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take. Times are seconds."""

    connect: float = 10.0
    read: float = 20.0  # without a byte
    total: float = 120.0  # of one request, its redirects not counted
    attempts: int = 2  # where nothing was answered or a server failed
    backoff: float = 2.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server said; `body` is decoded. `reason` says what is wrong with the body, if anything is."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    reason: str = ""


class _Unanswered(Exception):
    """No answer came; `again` says whether another try may help."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again


@dataclass(slots=True)
class _Trip:
    """One request on its way through redirects."""

    request: Request
    about: About
    secrets: Mapping[str, str]
    url: str
    moved_to: str = ""
    asked: list[str] = field(default_factory=list)


class Client:
    """Sends requests for all sources of one instance; one for all threads.

    `contact` is the operator's address, which every request names. `allowed` are host names that may be on private
    addresses. `has_body` says whether a body of that digest is still kept: only then is a request conditional.
    `now` and `sleep` are the clock.
    """

    def __init__(
        self,
        contact: str,
        ledger: Ledger,
        *,
        version: str = "1",
        allowed: Collection[str] = (),
        limits: Limits = Limits(),
        resolver: Callable[[str, int], Sequence[str]] = resolve,
        has_body: Callable[[str], bool] = lambda digest: True,  # noqa: ARG005 – the digest is for others
        context: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        contact = _NO_TEXT.sub(" ", contact).strip()
        if not re.search(r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+", contact):
            raise ContactMissing(
                "instance.contact names no e-mail or web address; a fetcher says who it is: "
                'add contact = "you@example.org" to [instance] in content/broadtape.toml'
            )
        self.user_agent = f"Broadtape/{version} (+{contact})".encode("ascii", "replace").decode()
        self._ledger = ledger
        self._limits = limits
        self._guard = Guard(allowed, resolver=resolver)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context or ssl.create_default_context(),
            max_connections=32,
            keepalive_expiry=15.0,
            network_backend=self._guard,
        )
        self._has_body = has_body
        self._now = now
        self._sleep = sleep

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def confirm(self, outcome: Outcome) -> None:
        """The outcome's snapshot was kept: the next request of its address asks only for what is newer."""
        snapshot = outcome.snapshot
        if outcome.kind != "fetched" or snapshot is None:
            return
        etag, modified = snapshot.headers.get("etag", ""), snapshot.headers.get("last-modified", "")
        if etag or modified:
            held = Validators(snapshot.digest, etag, modified)
            self._ledger.confirm(snapshot.source, outcome.request.url, held)
        else:
            self._ledger.forget(snapshot.source, outcome.request.url)

    def send(self, request: Request, about: About, secrets: Mapping[str, str] | None = None) -> Outcome:
        """What became of the request. `secrets` are a source's settings that `Request.secret` may name.

        Raises nothing for what a server, a network or a name did.
        """
        held = {name: value for name, value in (secrets or {}).items() if value}
        trip = _Trip(request, about, held, _ascii(request.url))
        outcome = self._send(trip)
        outcome = replace(outcome, reason=_scrub(outcome.reason, held))
        failed = outcome.kind in ("blocked", "gone", "failed")
        self._ledger.count(
            about.name,
            self._now(),
            unmodified=outcome.kind == "not-modified",
            failed=failed,
            reason=f"{request.url}: {outcome.reason}" if failed else "",
        )
        log.debug("%s %s: %s %s", about.name, request.url, outcome.kind, outcome.reason)
        return outcome

    # --- the way ---

    def _send(self, trip: _Trip) -> Outcome:
        request, about = trip.request, trip.about
        if request.secret is not None and not trip.secrets.get(request.secret.setting):
            return _out(trip, "failed", f"no {request.secret.setting} is set; see docs/sources.md")
        if self._ledger.is_gone(about.name, request.url):
            return _out(trip, "gone", f"answered 410 before; 'broadtape fetch {about.name}' asks again")
        for _ in range(MOST_MOVES):
            moved = self._ledger.moved(trip.url)
            if moved is None or not _may(moved, about):
                break
            trip.url = trip.moved_to = moved
        for _ in range(MOST_REDIRECTS + 1):
            refusal = _refused(trip.url, about)
            if refusal:
                return _out(trip, "disallowed", refusal)
            if trip.url in trip.asked:
                return _out(trip, "failed", f"redirects in a circle at {trip.url}")
            trip.asked.append(trip.url)
            found = self._visit(trip)
            if isinstance(found, Outcome):
                return found
            trip.url = found
        return _out(trip, "failed", f"more than {MOST_REDIRECTS} redirects")

    def _visit(self, trip: _Trip) -> Outcome | str:
        """The outcome of one address, or the address to go on to."""
        host = _host(trip.url)
        with self._ledger.turn(host):
            resting = self._resting(trip, host)
            if resting is not None:
                return resting
            refusal = self._robots(trip)
            if refusal is not None:
                return refusal
            waited = self._wait(trip, host)
            if waited is not None:
                return waited
            try:
                answer = self._answer(trip)
            except _Unanswered as error:
                if trip.moved_to:
                    self._ledger.unmove(trip.request.url)
                return _out(trip, "failed", str(error))
            except _OverBudget:
                return self._over_budget(trip)
            return self._read(trip, host, answer)

    def _resting(self, trip: _Trip, host: str) -> Outcome | None:
        hold = self._ledger.hold(host)
        if hold is None or hold.until <= self._now():
            return None
        kind: OutcomeKind = "blocked" if hold.times >= MOST_REFUSALS else "over-budget"
        return _out(trip, kind, f"{host} asked for rest: {hold.reason}", retry_at=hold.until)

    def _over_budget(self, trip: _Trip) -> Outcome:
        about = trip.about
        again = next_day(self._now())
        return _out(
            trip,
            "over-budget",
            f"the day's {about.budget} requests of {about.name} are used up",
            retry_at=again,
        )

    def _wait(self, trip: _Trip, host: str, pause: float = 0.0) -> Outcome | None:
        """Wait until the host may be asked again; an outcome where that is too long."""
        last = self._ledger.last_asked(host)
        pause = max(pause, trip.about.rate, self._crawl_delay(trip.url))
        if last is None:
            return None
        due = last + timedelta(seconds=pause)
        seconds = min((due - self._now()).total_seconds(), pause)
        if seconds > LONGEST_WAIT:
            return _out(trip, "over-budget", f"{host} is asked every {pause:.0f} seconds only", retry_at=due)
        if seconds > 0:
            self._sleep(seconds)
        return None

    def _answer(self, trip: _Trip) -> _Answer:
        """The server's answer; another try where it gave none or failed."""
        limits = self._limits
        address, headers, body = self._dressed(trip)
        for attempt in stamina.retry_context(
            on=_again,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.backoff,
            wait_max=limits.backoff * 4,
            wait_jitter=0,
        ):
            with attempt:
                if attempt.num > 1:
                    self._wait(trip, _host(trip.url))
                if not self._ledger.spend(trip.about.name, self._now(), trip.about.budget):
                    raise _OverBudget
                self._ledger.asked(_host(trip.url), self._now())
                answer = self._exchange(trip.request, address, headers, body)
                if answer.status in (500, 502, 504) and attempt.num < limits.attempts:
                    raise _Unanswered(f"answered {answer.status}", again=True)
                return answer
        raise _Unanswered("no answer", again=False)

    def _dressed(self, trip: _Trip) -> tuple[str, dict[str, str], bytes]:
        """Address, headers and body as they go out: with the key, where this host may see it."""
        request = trip.request
        headers = {
            "Host": urlsplit(trip.url).netloc,
            "User-Agent": self.user_agent,
            "Accept": ", ".join(request.accepts) or "*/*",
            "Accept-Encoding": "gzip",
            **{_NO_TEXT.sub(" ", name): _NO_TEXT.sub(" ", value) for name, value in request.headers.items()},
        }
        held = self._ledger.validators(trip.about.name, request.url) if request.method == "GET" else None
        if held is not None and self._has_body(held.digest):
            if held.etag:
                headers["If-None-Match"] = held.etag
            if held.modified:
                headers["If-Modified-Since"] = held.modified
        url, body = trip.url, request.body
        secret = request.secret
        if secret is not None and _same_host(trip.url, request.url):
            value = secret.prefix + trip.secrets[secret.setting]
            if secret.place == "header":
                headers[secret.name] = value
            elif secret.place == "query":
                parts = urlsplit(url)
                query = "&".join(filter(None, (parts.query, urlencode({secret.name: value}))))
                url = urlunsplit(parts._replace(query=query))
            else:
                body = json.dumps({**json.loads(body or b"{}"), secret.name: value}).encode()
        if body:
            headers.setdefault("Content-Type", "application/json")
            headers["Content-Length"] = str(len(body))
        return url, headers, body

    def _exchange(self, request: Request, url: str, headers: Mapping[str, str], body: bytes) -> _Answer:
        """One request and its answer, within all limits. _Unanswered where none came."""
        limits = self._limits
        # What may come over the line: the body at its longest, and headers (h11 takes 100 KB at once).
        self._guard.grant(Allowance(time.monotonic() + limits.total, request.max_bytes + 256 * 1024))
        times = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.connect}
        try:
            with self._pool.stream(
                request.method,
                url,
                headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()],
                content=body or None,
                extensions={"timeout": times},
            ) as response:
                given = {
                    name.decode("latin-1").lower(): value.decode("latin-1", "replace")
                    for name, value in response.headers
                }
                return _whole(request, response.status, given, response.iter_stream())
        except TooMuch as error:
            raise _Unanswered(f"longer than {request.max_bytes:,} bytes", again=False) from error
        except httpcore2.TimeoutException as error:
            raise _Unanswered(f"no answer in time: {_told(error)}", again=True) from error
        except httpcore2.ConnectError as error:
            raise _Unanswered(_told(error), again=not _hopeless(error)) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
            raise _Unanswered(f"the answer broke off or is none: {_told(error)}", again=True) from error
        except (TypeError, ValueError, UnicodeError, httpcore2.UnsupportedProtocol) as error:
            raise _Unanswered(f"cannot be asked: {_told(error)}", again=False) from error
        finally:
            self._guard.grant(None)

    def _read(self, trip: _Trip, host: str, answer: _Answer) -> Outcome | str:
        """What an answer means."""
        status, headers, about, request = answer.status, answer.headers, trip.about, trip.request
        if status in REDIRECTS:
            return self._redirected(trip, answer)
        if status in (429, 503):
            return self._sent_away(trip, host, answer)
        self._ledger.rested(host)
        if status == 304:
            held = self._ledger.validators(about.name, request.url)
            if held is None or not self._has_body(held.digest):
                return _out(trip, "failed", "answered 304 although nothing was asked about")
            return _out(trip, "not-modified", f"as it was ({held.digest[:12]})")
        snapshot = self._snapshot(trip, answer)
        if status == 410:
            self._ledger.mark_gone(about.name, request.url, self._now())
            return _out(trip, "gone", "answered 410: gone for good", snapshot=snapshot)
        if status in (401, 403, 407, 451):
            return _out(trip, "blocked", f"answered {status}", snapshot=snapshot)
        if request.tells and 200 <= status < 300:
            return _out(trip, "fetched", f"answered {status}", snapshot=snapshot)
        if status not in (200, 203):
            if status == 404 and trip.moved_to:
                self._ledger.unmove(request.url)
            return _out(trip, "failed", f"answered {status}", snapshot=snapshot)
        if answer.reason:
            return _out(trip, "failed", answer.reason)
        if not answer.body.strip():
            return _out(trip, "failed", "answered 200 with an empty body")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.accepts and kind and not any(_matches(kind, one) for one in request.accepts):
            wanted = ", ".join(request.accepts)
            return _out(trip, "failed", f"is {kind} instead of {wanted}", snapshot=snapshot)
        return _out(trip, "fetched", f"{len(answer.body):,} bytes", snapshot=snapshot)

    def _redirected(self, trip: _Trip, answer: _Answer) -> Outcome | str:
        # Servers write bytes beyond ASCII in it as they are; an address has them percent-encoded.
        written = answer.headers.get("location", "").encode("latin-1", "replace")
        where = _NO_TEXT.sub("", quote(written, safe=_IN_ADDRESS)).strip()
        if not where:
            return _out(trip, "failed", f"answered {answer.status} without saying where to")
        try:
            target = urlunsplit(urlsplit(urljoin(trip.url, where))._replace(fragment=""))
        except ValueError:
            return _out(trip, "failed", f"redirected to {where[:200]}, which is no address")
        refusal = _refused(target, trip.about, origin=trip.url)
        if refusal:
            return _out(trip, "disallowed", f"redirected: {refusal}")
        if trip.request.method == "POST" and answer.status not in (307, 308):
            return _out(trip, "failed", f"answered {answer.status} to a POST: {target}")
        lasting = answer.status in PERMANENT and (len(trip.asked) == 1 or trip.moved_to == trip.url)
        if lasting and trip.request.secret is None:
            self._ledger.move(trip.request.url, target, self._now())
            trip.moved_to = target
        return target

    def _sent_away(self, trip: _Trip, host: str, answer: _Answer) -> Outcome:
        asked = retry_after(answer.headers.get("retry-after", ""), self._now())
        wait = min(max(asked if asked is not None else REST, timedelta(seconds=1)), LONGEST_REST)
        until = self._now() + wait
        reason = f"answered {answer.status}, rest until {until:%Y-%m-%d %H:%M:%S} UTC"
        times = self._ledger.rest(host, until, reason)
        snapshot = self._snapshot(trip, answer)
        if answer.status == 503 and asked is None:
            return _out(trip, "failed", "answered 503", snapshot=snapshot, retry_at=until)
        kind: OutcomeKind = "blocked" if times >= MOST_REFUSALS else "over-budget"
        return _out(trip, kind, reason, snapshot=snapshot, retry_at=until)

    def _snapshot(self, trip: _Trip, answer: _Answer) -> Snapshot | None:
        if not answer.body or answer.reason:
            return None
        kept = {name: value[:1000] for name, value in answer.headers.items() if name in KEPT_HEADERS}
        return Snapshot(
            source=trip.about.name,
            url=trip.request.url,
            body=answer.body,
            retrieved=self._now(),
            label=trip.request.label,
            status=answer.status,
            headers={name: _scrub(value, trip.secrets) for name, value in sorted(kept.items())},
        )

    # --- robots.txt ---

    def _robots(self, trip: _Trip) -> Outcome | None:
        """An outcome where robots.txt forbids the address, or cannot be known for now."""
        if trip.request.tells:
            return None
        rules = self._rules(trip)
        if isinstance(rules, Outcome):
            return rules
        parts = urlsplit(trip.url)
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if rules is not None and not rules.can_fetch(path, "Broadtape"):
            return _out(trip, "disallowed", f"robots.txt of {parts.netloc} forbids {parts.path or '/'}")
        return None

    def _crawl_delay(self, url: str) -> float:
        held = self._ledger.robots(_origin(url), self._now(), ROBOTS_KEPT)
        if held is None or held[0] != 200:
            return 0.0
        return float(_parsed(held[1]).crawl_delay("Broadtape") or 0.0)

    def _rules(self, trip: _Trip) -> protego.Protego | Outcome | None:
        origin = _origin(trip.url)
        held = self._ledger.robots(origin, self._now(), ROBOTS_KEPT)
        if held is None:
            found = self._fetch_robots(trip, origin)
            if isinstance(found, Outcome):
                return found
            held = found
        status, body = held
        return _parsed(body) if status == 200 else None  # RFC 9309: 4xx means that there are no rules

    def _fetch_robots(self, trip: _Trip, origin: str) -> tuple[int, bytes] | Outcome:
        host = _host(origin)
        waited = self._wait(trip, host)
        if waited is not None:
            return waited
        request = Request(url=f"{origin}/robots.txt", max_bytes=8 * ROBOTS_BYTES)
        url = request.url
        headers = {
            "User-Agent": self.user_agent,
            "Accept": "text/plain, */*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        for _ in range(MOST_REDIRECTS):
            if not self._ledger.spend(trip.about.name, self._now(), trip.about.budget):
                return self._over_budget(trip)
            self._ledger.asked(host, self._now())
            try:
                answer = self._exchange(request, url, {"Host": urlsplit(url).netloc, **headers}, b"")
            except _Unanswered as error:
                return _out(trip, "failed", f"robots.txt of {_host(origin)}: {error}")
            if answer.status not in REDIRECTS:
                break
            try:
                target = urljoin(url, _NO_TEXT.sub("", answer.headers.get("location", "")))
                elsewhere = _host(target) != host or urlsplit(target).scheme not in ("http", "https")
            except ValueError:
                elsewhere = True
            if elsewhere:
                return self._keep_robots(origin, 404, b"")  # elsewhere are no rules of this host's
            url = target
            if self._wait(trip, host) is not None:
                return _out(trip, "failed", f"robots.txt of {host} redirects")
        else:
            return self._keep_robots(origin, 404, b"")
        if answer.status in (429, 503):
            return self._sent_away(trip, host, answer)
        if answer.status >= 500 or answer.reason:
            why = answer.reason or f"answered {answer.status}"
            return _out(trip, "disallowed", f"robots.txt of {host} cannot be read, so nothing may be: {why}")
        body = answer.body[:ROBOTS_BYTES] if answer.status == 200 else b""
        return self._keep_robots(origin, 200 if answer.status == 200 else 404, body)

    def _keep_robots(self, origin: str, status: int, body: bytes) -> tuple[int, bytes]:
        self._ledger.keep_robots(origin, status, body, self._now())
        return status, body


class _OverBudget(Exception):
    """The day's requests are used up."""


def retry_after(value: str, now: datetime) -> timedelta | None:
    """How long a Retry-After asks to wait: seconds or an HTTP date, never less than nothing; None: unreadable."""
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", value):
        return timedelta(seconds=min(int(value), 10**9))
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(at - now, timedelta(0))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


# --- bodies ---------------------------------------------------------------------------------------------


def _whole(request: Request, status: int, headers: Mapping[str, str], stream: Iterator[bytes]) -> _Answer:
    """The answer with its body decoded; reading stops where a limit is passed."""
    coding = headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        return _Answer(status, headers, reason=f"is encoded as {coding[:40]!r}, which was not asked for")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding.endswith("gzip") else None
    body, read, most = bytearray(), 0, request.max_bytes
    for chunk in stream:
        read += len(chunk)
        try:
            body += chunk if inflate is None else inflate.decompress(chunk, most + 1 - len(body))
        except zlib.error as error:
            return _Answer(status, headers, reason=f"is no gzip: {error}")
        if len(body) > most or read > most:
            return _Answer(status, headers, reason=f"longer than {most:,} bytes")
        if inflate is not None and len(body) > LEAST_RATIO_BYTES and len(body) > MOST_RATIO * read:
            return _Answer(status, headers, reason=f"is compressed more than {MOST_RATIO} times")
    if inflate is not None and read and not inflate.eof:
        return _Answer(status, headers, reason="the gzip body breaks off")
    return _Answer(status, headers, bytes(body))


# --- addresses ------------------------------------------------------------------------------------------


_IN_ADDRESS = "".join(map(chr, range(0x80)))  # what is no word of an address is refused where it is asked


def _ascii(url: str) -> str:
    """The address as it is sent: a name in its ASCII form, other letters percent-encoded; as it is where it is none."""
    if url.isascii():
        return url
    try:
        parts = urlsplit(url)
        host = parts.netloc.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return url
    path, query = quote(parts.path, safe=_IN_ADDRESS), quote(parts.query, safe=_IN_ADDRESS)
    return urlunsplit((parts.scheme, host, path, query, ""))


def _refused(url: str, about: About, *, origin: str = "") -> str:
    """Why a source may not ask this address; empty where it may."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return f"{url[:200]} is no address"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url[:200]} is no web address"
    if parts.username is not None or parts.password is not None:
        return f"{host} is given with a name or password"
    if port is not None and not 0 < port < 65536:
        return f"{url[:200]} has no such port"
    if about.hosts and not _may(url, about):
        return f"{host} is none of the hosts of {about.name}"
    if origin and urlsplit(origin).scheme == "https" and parts.scheme == "http":
        return f"{host} without encryption after an encrypted address"
    return ""


def _may(url: str, about: About) -> bool:
    return not about.hosts or _host(url).partition(":")[0] in about.hosts or _host(url) in about.hosts


def _host(url: str) -> str:
    """Host and, where given, port: what takes turns."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"{host}:{parts.port}" if parts.port else host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _same_host(one: str, other: str) -> bool:
    return _origin(one) == _origin(other)


def _matches(kind: str, wanted: str) -> bool:
    if wanted.endswith("/*"):
        return kind.startswith(wanted[:-1])
    return kind == wanted.lower()


# --- words ----------------------------------------------------------------------------------------------


def _out(
    trip: _Trip,
    kind: OutcomeKind,
    reason: str,
    *,
    snapshot: Snapshot | None = None,
    retry_at: datetime | None = None,
) -> Outcome:
    return Outcome(
        kind=kind,
        request=trip.request,
        reason=_NO_TEXT.sub(" ", reason)[:500],
        snapshot=snapshot,
        retry_at=retry_at,
        moved_to=trip.moved_to,
    )


def _scrub(text: str, secrets: Mapping[str, str]) -> str:
    for value in secrets.values():
        for form in {value, quote_plus(value)}:
            text = text.replace(form, "***")
    return text


def _told(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _again(error: Exception) -> bool:
    return isinstance(error, _Unanswered) and error.again


def _hopeless(error: httpcore2.ConnectError) -> bool:
    """Whether a connection will not come about by trying again: a forbidden address, a certificate refused."""
    return isinstance(error.__cause__, OSError) or "CERTIFICATE" in str(error).upper()


def _parsed(body: bytes) -> protego.Protego:
    return protego.Protego.parse(body.decode("utf-8", "replace"))
