"""The command line: one table of commands, loaded when asked for; errors become one line and a code here.

Holds no command's work; each lives in its own module of this package as `command`.
"""

from __future__ import annotations

import errno
import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadtape import __version__
from broadtape.model import BadSettings, BroadtapeError
from newswire.errors import NewswireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from broadtape.config import Instance

# name → (where it is, one line of help); the order is the order of the help text.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("broadtape.cli.demo:command", "A complete newsroom from the shipped sample data."),
    "init": ("broadtape.cli.init:command", "Make a new instance."),
    "fetch": ("broadtape.cli.fetch:command", "Collect what is due into the market store."),
    "signals": ("broadtape.cli.signals:command", "What the desk found newsworthy, ranked, and why."),
    "write": ("broadtape.cli.write:command", "Write, prove and file an edition."),
    "backfill": ("broadtape.cli.backfill:command", "Write the editions of a stretch of sessions."),
    "facts": ("broadtape.cli.facts:command", "What can be claimed, with definitions and examples."),
    "import": ("broadtape.cli.import_:command", "Another publisher's article into an attributed draft."),
    "verify": ("broadtape.cli.verify:command", "Recompute every claim of our articles."),
    "audit": ("broadtape.cli.audit:command", "Check someone else's market article against the store."),
    "chrome": ("broadtape.cli.chrome:command", "Header and footer from an existing website."),
    "corrections": (
        "broadtape.cli.corrections:command",
        "What revised data ask to be corrected, and filing it.",
    ),
    "check": ("broadtape.cli.check:command", "Lint content: front matter, links, images, headings."),
    "index": ("broadtape.cli.index:command", "Bring the catalogue and the search index up to date."),
    "search": ("broadtape.cli.search:command", "Search the archive."),
    "digest": ("broadtape.cli.digest:command", "A site's day as an e-mail, to a file or sent."),
    "serve": ("broadtape.cli.serve:command", "Serve the sites; follows changes in content/."),
    "run": ("broadtape.cli.run:command", "The newsroom unattended: fetch, write and serve."),
    "backup": ("broadtape.cli.backup:command", "All that cannot be made again, in one file."),
    "restore": ("broadtape.cli.restore:command", "An instance from a backup."),
    "export": ("broadtape.cli.export:command", "Write all public pages as files, incrementally."),
    "views": ("broadtape.cli.views:command", "How often stories were opened, as CSV."),
    "doctor": ("broadtape.cli.doctor:command", "What is stale, missing or inconsistent."),
}


@dataclass
class Newsroom:
    """What a command gets as `ctx.obj`: which instance is meant, read when first needed."""

    folder: Path | None = None  # what -C named
    _instance: Instance | None = field(default=None, repr=False)

    @property
    def root(self) -> Path:
        """The instance's folder: what -C names, else the nearest parent; BadSettings when there is none."""
        from broadtape import config

        if self.folder is None:
            return config.find_root(Path.cwd())
        if not (self.folder / config.SETTINGS).is_file():
            raise BadSettings(
                f"{self.folder}: no {config.SETTINGS} in it; make one with 'broadtape init {self.folder}'"
            )
        return self.folder.absolute()

    def instance(self) -> Instance:
        """The instance's settings; what is odd in them is said once on stderr."""
        from broadtape import config

        if self._instance is None:
            self._instance = config.load(self.root)
            for warning in self._instance.warnings:
                click.echo(f"broadtape: warning: {warning}", err=True)
        return self._instance


class CommandTable(click.Group):
    """A group that knows its commands by the table above and imports one only to run it or to explain it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """The table's order."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command, imported now; None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        try:
            loaded = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise click.ClickException(
                f"{cmd_name}: this installation lacks it; reinstall broadtape"
            ) from error
        assert isinstance(loaded, click.Command)
        return loaded

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, under the name of the table."""
        _, command, rest = super().resolve_command(ctx, args)
        return args[0], command, rest

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002  click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run; a failure we foresee is one line on stderr and exit code 1."""
        try:
            return super().invoke(ctx)
        except (BroadtapeError, NewswireError) as error:
            _fail(ctx, str(error))
        except OSError as error:
            if error.errno == errno.EPIPE:  # the reader of our output left; click ends quietly
                raise
            where = f"{error.filename}: " if error.filename else ""
            _fail(ctx, f"{where}{error.strerror or error}")


def _fail(ctx: click.Context, message: str) -> None:
    click.echo(f"broadtape: {' '.join(message.split())}", err=True)
    ctx.exit(1)


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "folder",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The instance; by default the nearest parent folder with content/broadtape.toml.",
)
@click.version_option(__version__, prog_name="broadtape")
@click.pass_context
def main(ctx: click.Context, folder: Path | None) -> None:
    """The market page whose every number can be checked.

    Exit codes: 0 done, 1 the thing asked about failed, 2 wrong use.
    """
    ctx.obj = Newsroom(folder)


def pass_newsroom(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command's function to receive the Newsroom first."""
    return click.make_pass_decorator(Newsroom)(function)


def known(option: str, given: str | None, names: Iterable[str]) -> None:
    """Refuse an option's value that is none of the names, as wrong use (exit code 2) that lists them."""
    if given is not None and given not in (found := sorted(names)):
        raise click.BadParameter(f"{given!r} is not one of {', '.join(found)}", param_hint=option)
