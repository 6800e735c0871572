"""Sending messages by the operator's SMTP server, and remembering what was sent to whom.

Owns the connection and its errors in one line each; knows nothing of what a message says.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING

import msgspec

from broadtape.config import expand
from broadtape.model import BadSettings, BroadtapeError

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from broadtape.config import Mail

TIMEOUT_S = 30.0
KEPT = 5_000  # messages that are remembered


class MailError(BroadtapeError):
    """The server was not reached, or refused; says which and what it said."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the messages: addresses that got one, had it already, or were refused and why."""

    sent: tuple[str, ...]
    before: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


class _Memory(msgspec.Struct, frozen=True):
    sent: tuple[str, ...] = ()  # Message-IDs, oldest first


def send(
    settings: Mail,
    messages: Iterable[EmailMessage],
    memory: Path,
    *,
    again: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Sent:
    """Send each message to its To address, over one connection; what was sent before is left out.

    One refused address does not stop the others. Raises MailError where the server is not to be had.
    """
    if not settings.host:
        raise BadSettings(
            "content/broadtape.toml: mail.host is not set; name your SMTP server in [mail] to send digests"
        )
    known = _load(memory)
    done, before, refused = [], [], []
    with _connection(settings) as server:
        for message in messages:
            address = parseaddr(str(message["To"]))[1]
            if str(message["Message-ID"]) in known and not again:
                before.append(address)
                continue
            try:
                server.send_message(message, to_addrs=[address])
            except smtplib.SMTPRecipientsRefused as error:
                refused.append((address, _said(next(iter(error.recipients.values()), (0, b"")))))
            except smtplib.SMTPResponseException as error:
                refused.append((address, _said((error.smtp_code, error.smtp_error))))
            except (smtplib.SMTPException, OSError) as error:
                raise MailError(f"{_where(settings)}: the connection broke off: {error}") from error
            else:
                # Remembered one by one: a run that is cut off goes on where it was.
                known = [*known, str(message["Message-ID"])][-KEPT:]
                _save(memory, known)
                done.append(address)
                progress(address)
    return Sent(tuple(done), tuple(before), tuple(refused))


@contextmanager
def _connection(settings: Mail) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted and logged in as the settings say, closed whatever happens."""
    where = _where(settings)
    password = expand(settings.password, where="content/broadtape.toml: mail.password")
    context = ssl.create_default_context()
    with ExitStack() as stack:
        try:
            server: smtplib.SMTP = (
                smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=context)
                if settings.security == "tls"
                else smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
            )
            stack.callback(server.close)
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, password)
        except smtplib.SMTPNotSupportedError as error:
            raise MailError(
                f'{where}: {error}; set mail.security to "tls" or "none" if that is what the server speaks'
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise MailError(
                f"{where}: refused the login of {settings.user}: {_said((error.smtp_code, error.smtp_error))}"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailError(f"{where}: not reached: {error}; see to mail.host, port and security") from error
        yield server
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


def _where(settings: Mail) -> str:
    return f"SMTP server {settings.host}:{settings.port}"


def _said(answer: tuple[int, bytes | str]) -> str:
    code, words = answer
    shown = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(f"{code} {shown}".split())[:300]


def _load(path: Path) -> list[str]:
    try:
        return list(msgspec.json.decode(path.read_bytes(), type=_Memory).sent)
    except (OSError, msgspec.DecodeError):
        return []


def _save(path: Path, sent: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(_Memory(tuple(sent))))
        os.replace(name, path)  # noqa: PTH105 – both are strings already
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108
        raise
