"""`broadtape digest`: a site's day as an e-mail, to a file or by SMTP. The work is broadtape.digest's."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from broadtape.cli import Newsroom, pass_newsroom


@click.command()
@click.option("--site", metavar="SITE", help="The site; default: the instance's default site.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day, in the site's time zone; default: that of its newest story.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the message to this file (.eml) instead of printing its text.",
)
@click.option(
    "--send", is_flag=True, help="Send it by the server of [mail] to the addresses of the site's [digest]."
)
@click.option("--again", is_flag=True, help="With --send: also to addresses that had this day's digest.")
@pass_newsroom
def command(
    newsroom: Newsroom, site: str | None, on: datetime | None, out: Path | None, send: bool, again: bool
) -> None:
    """Put a site's day into an e-mail: its stories with their proofs, the watch list, corrections.

    Without --out or --send the text form is printed. A day without stories is no failure: nothing is written or
    sent. With --send the command exits 1 when an address was refused; running it again sends to the rest only.
    """
    if out is not None and send:
        raise click.UsageError("--out and --send: choose one")
    from broadtape import digest, mailing
    from broadtape.archive.catalogue import Catalogue
    from broadtape.archive.files import CannotFile
    from broadtape.cli import known
    from broadtape.model import BadSettings

    instance = newsroom.instance()
    known("--site", site, instance.sites)
    here = instance.sites[site or instance.default_site]
    now = datetime.now(UTC)
    catalogue = Catalogue(instance.catalogue)
    try:
        day = on.date() if on else digest.newest_day(catalogue, here)
        made = digest.gather(catalogue, here, day, instance)
    except digest.NothingToSend as nothing:
        click.echo(f"broadtape: {nothing}", err=True)
        return
    sender = here.digest.sender or instance.mail.sender
    if not send:
        if out is None:
            click.echo(digest.text(made, here))
            return
        message = digest.message(made, here, day, sender=sender, to="", now=now)
        try:
            out.write_bytes(message.as_bytes())
        except OSError as error:
            raise CannotFile(f"{out}: cannot be written: {error.strerror}; name another file") from error
        click.echo(f"{out}: {1 + len(made.stories)} stories of {made.day}")
        return
    shown = f"content/sites/{here.key}/site.toml"
    if not here.digest.to:
        raise BadSettings(f"{shown}: digest.to names nobody; add the addresses that get the digest")
    if not here.digest.unsubscribe:
        raise BadSettings(
            f"{shown}: digest.unsubscribe is empty; give the mailto: or https: address by which one leaves"
        )
    if not sender:
        raise BadSettings(f"{shown}: digest.sender and mail.sender are empty; say who sends the digest")
    messages = [
        digest.message(made, here, day, sender=sender, to=to, now=now) for to in digest.recipients(here)
    ]
    result = mailing.send(instance.mail, messages, instance.state / "mailed.json", again=again)
    had = f", {len(result.before)} had it before" if result.before else ""
    click.echo(f"{here.key}: digest of {made.day} sent to {len(result.sent)}{had}")
    for address, why in result.refused:
        click.echo(f"broadtape: {address}: refused: {why}", err=True)
    if result.refused:
        raise SystemExit(1)
