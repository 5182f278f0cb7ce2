"""The command line, thin: read, map, discover, compare, report."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mining._errors import MiningError

if TYPE_CHECKING:
    import pandas as pd

    from mining.report import Config, Study
    from mining.sources.guessing.propose import Proposal

__all__ = ["app", "main"]

app = typer.Typer(
    name="mining",
    help="Put the customer journey a company designed beside the journeys its customers really take.\n\n"
    "A configuration is a YAML file with `exports:` (a file or folder) and, where wanted, `sources:`, `case:`, `gap:`, "
    "`design:`, `title:`, `language:` and `output:`. Try it on the bundled example first: mining report --example",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Configuration = Annotated[Path | None, typer.Argument(help="The configuration (YAML).", show_default=False)]
Example = Annotated[bool, typer.Option("--example", help="Use the bundled example company.")]


@app.command()
def report(
    config: Configuration = None,
    *,
    example: Example = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The page to write.")] = None,
    language: Annotated[str | None, typer.Option("--language", "-l", help="en, he or fa.")] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Keep the shares found in a small file, for a later --compare.")
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option("--compare", help="What an earlier run kept: say what changed since.")
    ] = None,
) -> None:
    """Ask every question of one export and write one HTML page: the main job."""
    from mining.report import save_run, write_report

    with _study(config, example=example, language=language, compare=earlier) as study:
        with _working("reading the export") as told:
            for section, _ in study.results():
                told(f"answered: {section}")
            told("writing the page")
            page = write_report(output or study.config.output, study, language=study.config.language)
            kept = save_run(study, keep) if keep else None
        for question, reason in study.unanswered.items():
            typer.echo(f"not answered: {question}. {reason}", err=True)
        typer.echo(f"{page}: open it in a browser.")
        if kept:
            typer.echo(f"{kept}: give it to a later run, mining report --compare {kept.name}.")


@app.command()
def read(
    exports: Annotated[Path, typer.Argument(help="A configuration, or a file or folder the CRM gave.")],
    *,
    source: Annotated[
        list[str] | None, typer.Option("--source", "-s", help="System or mapping file; repeatable.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of the CRM's account, such as Asia/Jerusalem.")] = None,
    region: Annotated[str | None, typer.Option(help="Country of telephone numbers without a code, such as IL.")] = None,
) -> None:
    """Read an export and print its quality report: rows used, rows set aside and why."""
    from mining.report import Config, Study

    if exports.suffix in {".yml", ".yaml"} and not source:
        with _study(exports, example=False) as study:
            _print_quality(study)
    else:
        with _told_errors():
            given = Config(exports=exports, sources=tuple(source or ()), timezone=timezone, region=region)
            _print_quality(Study(given if source else _recognised(given)))


def _recognised(given: Config) -> Config:
    """Fall back on a guessed mapping where no known system is recognised, and say so."""
    from mining._errors import ExportError
    from mining.sources import propose_mapping
    from mining.sources.forms.files import open_export
    from mining.sources.mappings.detect import detect
    from mining.sources.ocel import is_ocel

    if is_ocel(given.exports):
        return given
    try:
        detect(open_export(given.exports))
    except ExportError as error:
        proposal = propose_mapping(given.exports)
        if proposal.mapping is None:
            raise ExportError.refused(str(error), proposal.summary) from error
        typer.echo(
            f"'{given.exports.name}' is of no known system: read with a guess. Look the guess over with "
            f"`mining map {given.exports} -o my.yml`, then read with `--source my.yml`."
        )
        return replace(given, sources=(proposal.mapping,))
    return given


@app.command("map")
def propose(
    exports: Annotated[Path, typer.Argument(help="A file or folder of a system that is not in the catalogue.")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The mapping to write, such as my.yml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the mapping that is there.")] = False,
) -> None:
    """Guess a mapping for an unknown export, with the evidence for every column, to be edited."""
    from mining._files import write_whole
    from mining.sources.guessing.propose import propose_mapping

    with _told_errors():
        if output and output.exists() and not force:
            raise MiningError.refused(f"'{output}' is there already:", "give another name, or --force to overwrite it.")
        with _working("looking at the columns"):
            proposal = propose_mapping(exports)
        if output:
            write_whole(output, proposal.yaml.encode("utf-8"))
        else:
            typer.echo(proposal.yaml)
        typer.echo(f"{output or 'A guess'}: {proposal.summary}", err=not output)
        typer.echo(_next_step(proposal, exports, output), err=not output)


@app.command()
def discover(
    config: Configuration = None,
    *,
    example: Example = False,
    picture: Annotated[Path | None, typer.Option("--picture", "-p", help="Save the flow as SVG.")] = None,
) -> None:
    """Print what customers really do: the most frequent paths, the steps, the model's quality."""
    with _study(config, example=example) as study:
        found = study.discovery
        _print(repr(study.journeys), found.variants.frame)
        _print("steps", found.flow.frame.sort_values(["n_steps", "activity"], ascending=[False, True]))
        _print("model", found.quality)
        if picture:
            typer.echo(f"{found.flow.plot().save(picture)}: the flow.")


@app.command()
def compare(config: Configuration = None, *, example: Example = False) -> None:
    """Print where customers leave the designed journey; needs `design:` in the configuration."""
    with _study(config, example=example) as study:
        if study.design is None:
            raise MiningError.refused("The configuration", "names no designed journey: add `design: your-design.yaml`.")
        if study.deviations is None:
            raise MiningError.refused("The comparison", f"cannot be made: {study.unanswered['deviations']}")
        _print(str(study.design.name), study.deviations.verdicts)
        _print("deviations", study.deviations.frame)


def main() -> None:
    """Run the command line."""
    app()


@contextmanager
def _study(
    config: Path | None, *, example: bool, language: str | None = None, compare: Path | None = None
) -> Iterator[Study]:
    from mining.report import Study, read_config
    from mining.report.runs import read_run

    with _told_errors(), tempfile.TemporaryDirectory(prefix="mining-example-") as folder:
        if example == (config is not None):
            raise MiningError.refused("One of the two is needed:", "a configuration file, or --example.")
        made = read_config(config) if config else _example_config(Path(folder))
        if compare is not None:
            read_run(compare)  # a wrong file is told before the work, not after it
            made = replace(made, compare=compare)
        yield Study(replace(made, language=language) if language else made)


def _example_config(folder: Path) -> Config:
    from mining.examples import write_bundled
    from mining.report import Config

    write_bundled(folder)
    return Config(
        exports=folder / "exports" / "acme",
        sources=("hubspot", "zendesk", "acme-web", "acme-phone"),
        gap="90D",
        design=folder / "designs" / "acme.yaml",
        title="Acme: the journeys customers really take",
        output=Path("acme.html"),
    )


@contextmanager
def _told_errors() -> Iterator[None]:
    try:
        yield
    except MiningError as error:
        typer.echo(f"mining: {error}", err=True)
        raise typer.Exit(1) from error
    except (MemoryError, OSError) as error:
        typer.echo(f"mining: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error


def _next_step(proposal: Proposal, exports: Path, output: Path | None) -> str:
    """Say what to do with a guess: read with it, or with the mapping of the system it turned out to be."""
    if proposal.known:
        sources = " ".join(f"--source {system}" for system in proposal.known)
        return f"Next: mining read {_quoted(exports)} {sources}"
    if proposal.mapping is None:
        return "Next: give the tables that say what happened when (calls, stage history, a deal export with its dates)."
    step = f"mining read {_quoted(exports)} --source {_quoted(output or Path('my.yml'))}"
    return f"Next: edit it, then {step}" if output else f"Next: write it with -o my.yml, edit it, then {step}"


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def _print_quality(study: Study) -> None:
    quality = study.touchpoints.quality
    typer.echo(f"{len(study.touchpoints.frame):,} touchpoints. {quality.summary}")
    for title, table in quality.tables:
        if "costs" in table:  # sentences, not cells
            typer.echo(f"\n{title}")
            for source, name, costs in table.itertuples(index=False, name=None):
                typer.echo(f"- {source}, {name}: {costs}")
        else:
            _print(title, table)
    for note in quality.notes:
        typer.echo(f"- {note}")


def _print(title: str, frame: pd.DataFrame) -> None:
    shown = frame.head(20)
    shown = shown.assign(**{str(name): shown[name].round(3) for name in shown.select_dtypes("float")})
    typer.echo(f"\n{title}\n{shown.to_string(index=False, max_colwidth=70)}")
    if len(frame) > len(shown):
        typer.echo(f"... and {len(frame) - len(shown):,} more")


@contextmanager
def _working(first: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done; say nothing where nobody watches."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with console.status(first) as status:
            yield status.update
    else:
        yield lambda _: None
