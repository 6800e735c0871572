"""The language model that may reword drafts: any address that speaks OpenAI's chat completions, asked safely.

Owns the request and what its answers mean. What is asked and what of an answer is kept is desk.rewording's.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from broadtape import __version__, config
from broadtape.desk.rewording import Unanswered
from broadtape.model import BadSettings
from newswire.errors import NewswireError
from newswire.http import Client, Limits
from newswire.ledger import Ledger
from newswire.wire import About, Request, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from broadtape.config import Instance, LanguageModel

MOST_BYTES = 1_000_000


class ChatModel:
    """A model behind `[desk.model]`; each answer is one POST, within its time and size."""

    def __init__(
        self, instance: Instance, settings: LanguageModel, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        where = f"{config.SETTINGS}: desk.model"
        key = config.expand(settings.key, where=f"{where}.key") if settings.key else ""
        parts = urlsplit(settings.url)
        self.name = settings.model
        self._settings, self._key, self._sleep = settings, key, sleep
        self._instance = instance
        self._about = About(
            name="desk-model", title="Language model of the desk", home=settings.url, terms="", licence="private",
            attribution="", every=timedelta(0), hosts=(parts.hostname or "",), rate=0.0, budget=settings.budget,
        )  # fmt: skip

    def answer(self, instructions: str, question: str) -> str:
        """The text of the first choice; Unanswered says why there is none."""
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.model,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": question}],
            "temperature": settings.temperature,
            "stream": False,
        }
        secret = Secret("header", "Authorization", "Bearer ") if self._key else None
        request = Request(
            url=f"{settings.url.rstrip('/')}/chat/completions", method="POST", body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}, secret=secret, accepts=("application/json",),
            max_bytes=MOST_BYTES, label="reword",
        )  # fmt: skip
        seconds = settings.timeout_s
        limits = Limits(connect=min(10.0, seconds), read=seconds, total=seconds, attempts=1)
        self._instance.state.mkdir(parents=True, exist_ok=True)
        try:
            with Client(
                self._instance.contact, Ledger(self._instance.ledger), version=__version__,
                allowed=self._instance.wire.allow_private, limits=limits, has_body=lambda _: False, sleep=self._sleep,
            ) as client:  # fmt: skip
                outcome = client.send(request, self._about, {"key": self._key} if self._key else None)
        except NewswireError as error:
            raise Unanswered(f"{settings.url}: {error}") from error
        if outcome.kind != "fetched" or outcome.snapshot is None:
            raise Unanswered(f"{settings.url}: {outcome.kind}: {outcome.reason}")
        try:
            document = json.loads(outcome.snapshot.body)
            content = document["choices"][0]["message"]["content"]
        except (ValueError, RecursionError, KeyError, IndexError, TypeError) as error:
            raise Unanswered(f"{settings.url}: answered no chat completion") from error
        if not isinstance(content, str) or not content.strip():
            raise Unanswered(f"{settings.url}: answered with no text")
        return content


def of(instance: Instance) -> ChatModel | None:
    """The model of the settings; None where none is switched on. BadSettings where it cannot be used."""
    settings = instance.desk.model
    if settings is None or not settings.enabled:
        return None
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise BadSettings(
            f"{config.SETTINGS}: desk.model.url: {settings.url!r} is no http(s) address such as http://127.0.0.1:11434/v1"
        )
    if not settings.model:
        raise BadSettings(f"{config.SETTINGS}: desk.model.model: missing; name the model to ask")
    return ChatModel(instance, settings)
