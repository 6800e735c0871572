"""What an older article's main fact has come to, as its page says it above the text.

Owns the form in which pages and feeds get it; what is said and whether it is true is desk.later's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader

from broadtape import markdown, metrics, resources
from broadtape.archive.records import FactView
from broadtape.config import may_show
from broadtape.publishing.boards import machine, printed
from broadtape.publishing.rendering import PageLinks, Resolved

if TYPE_CHECKING:
    from broadtape.config import Instance
    from broadtape.model import Article, Fact, MarketView


@dataclass(frozen=True, slots=True)
class Aftermath:
    """One sentence as text and as HTML with its proof links, and the facts behind it; empty: nothing to say."""

    text: str = ""
    html: str = ""
    facts: Mapping[str, FactView] = field(default_factory=dict)


@cache
def _wordings() -> Environment:
    from broadtape.desk import prose  # noqa: PLC0415 – loads much; most publishes have no old desk article

    return prose.environment(FileSystemLoader(resources.templates() / "prose"))


def of(
    instance: Instance,
    article: Article,
    facts: Mapping[str, FactView],
    newest: MarketView | None,
    address: str,
    known: Callable[[str], bool],
) -> Aftermath:
    """The later state of a desk article's main fact; empty where its figures may not be republished."""
    if article.origin != "desk" or newest is None:
        return Aftermath()
    from broadtape.desk import later  # noqa: PLC0415 – as above

    told = [view.fact for view in facts.values()]
    found = later.note(article, told, newest, _wordings(), instance.desk.benchmarks, seed=instance.desk.seed)
    if found is None or not all(may_show(instance.audience, fact.licence) for fact in found.facts.values()):
        return Aftermath()
    links = {key: Resolved(key, "verified", machine(fact)) for key, fact in found.facts.items()}
    document = markdown.parse(found.markdown)
    html = markdown.to_html(document, PageLinks(address, links, known)).strip()
    return Aftermath(
        markdown.to_text(document).strip(),
        html.removeprefix("<p>").removesuffix("</p>"),
        {key: _view(fact) for key, fact in found.facts.items()},
    )


def _view(fact: Fact) -> FactView:
    definition = metrics.definition(fact.key.metric)
    return FactView(fact, "verified", definition.title, definition.wording, fact.key.address, printed(fact))
