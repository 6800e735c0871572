"""The headers of exported files for nginx: maps by kind of file that give each file what `serve` sends with it.

Owns how few rules say it; what is exported and where it lies is broadtape.exporting's.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# What nginx says of each file itself, or what differs from file to file without anybody minding.
_OF_NGINX = frozenset(
    {"content-type", "content-encoding", "content-length", "vary", "etag", "last-modified", "date"}
)
_FEED = re.compile(r"/(feed|atom)(?:\.page-[0-9]+)?\.(xml|json)")


@dataclass(frozen=True, slots=True)
class Rules:
    """What nginx includes: maps beside `server`, and the headers inside it."""

    maps: str
    headers: str


def rules(
    site: str, files: Iterable[tuple[str, Mapping[str, str]]], asked: Mapping[str, Mapping[str, str]]
) -> Rules:
    """The rules of a site's files (path with a stroke before it, and headers); `asked`: those of whole addresses.

    Every file of a kind has its commonest value, what differs is named; of the kinds the commonest is the default.
    """
    by_kind: dict[str, list[tuple[str, dict[str, str]]]] = defaultdict(list)
    for path, headers in files:
        by_kind[kind(path)].append((path, _told(headers)))
    exactly = {address: _told(headers) for address, headers in asked.items()}
    names = sorted({name for held in by_kind.values() for _, sent in held for name in sent})
    maps, added = [], []
    for name in names:
        usual = {one: _commonest(sent.get(name, "") for _, sent in held) for one, held in by_kind.items()}
        default = usual.get("", "") or _commonest(usual.values())
        variable = f"${re.sub('[^a-z0-9]', '_', f'{site}_{name}'.lower())}"
        lines = [f"default {quoted(default)};"]
        # The first pattern that fits counts: those of a folder, of a name, of a suffix.
        lines += [
            f"{quoted('~' + one)} {quoted(value)};"
            for one, value in sorted(usual.items(), key=lambda item: (not item[0].startswith("^"), item[0]))
            if one and value != default
        ]
        lines += [
            f"{quoted(path)} {quoted(sent.get(name, ''))};"
            for one, held in sorted(by_kind.items())
            for path, sent in held
            if sent.get(name, "") != usual[one]
        ]
        plain = {path: sent.get(name, "") for held in by_kind.values() for path, sent in held}
        exact = {
            address: value
            for address, sent in exactly.items()
            if (value := sent.get(name, "")) != plain.get(address.partition("?")[0])
        }
        first = variable
        if exact:
            first = f"{variable}_asked"
            named = [f"{quoted(address)} {quoted(value)};" for address, value in sorted(exact.items())]
            maps.append(_map("$request_uri", first, [f"default {variable};", *named]))
        maps.append(_map("$uri", variable, lines))
        added.append(f"add_header {name} {first} always;\n")
    return Rules("".join(maps), "".join(added))


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    """What a rule has to say, with names as they are usually written."""
    return {
        name.title(): value
        for name, value in headers.items()
        if name.lower() not in _OF_NGINX and "$" not in value and not value.startswith("inline")
    }


def kind(path: str) -> str:
    """A pattern of the files that are sent alike; "" of pages."""
    if path.startswith("/static/"):
        return "^/static/"
    if feed := _FEED.search(path):
        return rf"/{feed[1]}(\.page-[0-9]+)?\.{feed[2]}$"
    suffix = re.search(r"\.([a-z0-9]+)$", path)
    return "" if suffix is None or suffix[1] == "html" else rf"\.{suffix[1]}$"


def quoted(text: str) -> str:
    """A string of nginx's configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _map(of: str, variable: str, lines: list[str]) -> str:
    return f"map {of} {variable} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def _commonest(values: Iterable[str]) -> str:
    counted = Counter(values)
    return min(counted, key=lambda value: (-counted[value], value)) if counted else ""
