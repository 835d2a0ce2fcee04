"""`ntp data`: text files to next-token data, with a summary of each."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from ntp_lib.data.embeddings import EMBEDDINGS
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError

# The conditions are decided unasked where that takes seconds: compatibility up to this many equations
# Σ_j (S_j − 1), separability for m ≤ d (Lemma 1) or up to this many multiplications m·V·d an iteration.
CHECK_EQUATIONS = 2_000
CHECK_MULTIPLICATIONS = 120_000_000
LINE_WIDTH = 100


class BadInput(click.ClickException):
    """Input that cannot be used: one line on stderr and exit code 2."""

    exit_code = 2


@click.command("data")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--context-length", type=int, default=2, show_default=True, help="Tokens in a context.")
@click.option("--dim", type=int, default=64, show_default=True, help="Embedding dimension d.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the embeddings.")
@click.option(
    "--embedding",
    type=click.Choice(EMBEDDINGS),
    default="independent",
    show_default=True,
    help="A Gaussian vector per context, or a sum of Gaussian token vectors.",
)
@click.option(
    "--vocab-size",
    type=int,
    default=None,
    help="Keep the K-1 most frequent tokens; the others become one.",
    metavar="K",
)
@click.option("--lowercase", is_flag=True, help="Turn the tokens into lower case.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    metavar="PATH.npz",
    help="Where to write; default: FILE's name with .npz, in the current folder.",
)
@click.option("--force", is_flag=True, help="Overwrite an output that exists.")
@click.option(
    "--check/--no-check",
    default=None,
    help="Decide compatibility and separability always or never; default: where the problem is small.",
)
@click.option("--explain", is_flag=True, help="Say which contexts and tokens are responsible for each verdict.")
def data_command(
    files: tuple[Path, ...], output: Path | None, force: bool, check: bool | None, explain: bool, **options: Any
) -> None:
    """Turn each text FILE (UTF-8) into next-token data.

    Every FILE is a data set of its own: its distinct contexts, their probabilities and next-token distributions,
    with seeded embeddings, written as a NumPy archive that NTPData.load reads. A summary of each goes to stdout,
    progress to stderr.
    """
    outputs = _outputs(files, output, force=force)
    for file, target in zip(files, outputs, strict=True):
        try:
            _convert(file, target, options, check=check, explain=explain)
        except NTPDataError as error:
            raise BadInput(str(error)) from None


def _convert(file: Path, target: Path, options: dict[str, Any], *, check: bool | None, explain: bool) -> None:
    from ntp_lib.data.text import data_from_text_file

    data = data_from_text_file(file, progress=True, **options)
    data.save(target)
    click.echo(f"{file} → {target}")
    for name, value in summary(data):
        click.echo(f"  {name:<16}{value}")
    for name, verdict, reasons in verdicts(data, check=check, explain=explain):
        click.echo(f"  {name:<16}{verdict}")
        if reasons:
            click.echo(textwrap.indent(_wrapped(reasons), "    "))


def _wrapped(reasons: str) -> str:
    return "\n".join(
        textwrap.fill(line, LINE_WIDTH, subsequent_indent="    " if line.startswith(" ") else "")
        for line in reasons.splitlines()
    )


def summary(data: NTPData) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every line that counting alone gives."""
    sizes, entropy = data.support_sizes, data.entropy
    entries = data.num_contexts * data.vocab_size
    yield "contexts", f"m = {data.num_contexts:,} distinct"
    yield "sequences", f"n = {data.num_sequences:,}"
    yield "vocabulary", f"V = {data.vocab_size:,} tokens"
    yield "embeddings", f"d = {data.dim}"
    yield "entropy", f"H = {entropy:.6g} nats (per-token perplexity {math.exp(entropy):.6g})"
    yield "support sizes", f"min {sizes.min()}, median {np.median(sizes):g}, max {sizes.max()}"
    yield "one next token", f"{(sizes == 1).mean():.1%} of the contexts"
    yield "sparsity", f"{1 - data.probs.nnz / entries:.4%} of the {entries:,} probabilities are 0"


def verdicts(data: NTPData, *, check: bool | None, explain: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the name of each condition, what was found, and the reasons, as they are found.

    Args:
        data: the problem.
        check: decide always, never, or (None) where the problem is small.
        explain: give the reasons in words; they are empty otherwise.
    """
    if check is False:
        yield "compatible?", "not decided: not asked for", ""
        yield "separable?", "not decided: not asked for", ""
        return
    equations = data.probs.nnz - data.num_contexts
    if check or equations <= CHECK_EQUATIONS:
        yield "compatible?", *_compatible(data, explain)
    else:
        yield "compatible?", _too_large("equations", equations, CHECK_EQUATIONS), ""
    multiplications = data.num_contexts * data.vocab_size * data.dim
    if check or data.num_contexts <= data.dim or multiplications <= CHECK_MULTIPLICATIONS:
        yield "separable?", *_separable(data, explain)
    else:
        yield "separable?", _too_large("m·V·d", multiplications, CHECK_MULTIPLICATIONS), ""


def _too_large(what: str, found: int, limit: int) -> str:
    return f"not decided: too large ({what} = {found:,}, decided unasked up to {limit:,}); --check forces it"


def _compatible(data: NTPData, explain: bool) -> tuple[str, str]:
    from ntp_lib.conditions.compatibility import compatibility

    try:
        result = compatibility(data)
    except DidNotConvergeError as error:
        return f"not decided: {error}", ""
    verdict = "not decided: near-dependent embeddings" if result.holds is None else "yes" if result.holds else "no"
    return verdict, result.explain() if explain else ""


def _separable(data: NTPData, explain: bool) -> tuple[str, str]:
    from ntp_lib.conditions.separability import separability

    try:
        data.require_out_of_support()
    except NTPDataError as error:
        return f"not defined: {error}", ""
    try:
        result = separability(data)
    except DidNotConvergeError as error:
        return f"not decided: {error}", ""
    verdict = f"not decided: {result.reason}" if result.holds is None else "yes" if result.holds else "no"
    return verdict, result.explain() if explain else ""


def _outputs(files: tuple[Path, ...], output: Path | None, *, force: bool) -> list[Path]:
    """Return where each file's data go, refusing clashes before any work is done."""
    if output is not None and len(files) > 1:
        raise BadInput(f"--output names one file, but {len(files)} FILEs were given; leave it out or give one")
    outputs = [output] if output is not None else [Path(f"{file.absolute().stem}.npz") for file in files]
    for i, (file, target) in enumerate(zip(files, outputs, strict=True)):
        if target in outputs[:i]:
            raise BadInput(f"{file}: its output {target} is that of {files[outputs.index(target)]} too")
        if not target.name.endswith(".npz"):
            raise BadInput(f"{target}: the output must end in .npz")
        if target.exists() and not force:
            raise BadInput(f"{target}: exists already; give another --output, or --force to overwrite it")
        if not target.absolute().parent.is_dir():
            raise BadInput(f"{target}: its folder does not exist")
    return outputs
