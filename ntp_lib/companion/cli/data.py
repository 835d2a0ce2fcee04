"""`ntp data`: text files to next-token data, with a summary of each."""

from __future__ import annotations

import errno
import math
import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import click
import numpy as np

from ntp_lib.companion.cli.verdicts import Request, verdicts
from ntp_lib.data.embeddings import EMBEDDINGS
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.text import CutText, cut_text, data_from_text
from ntp_lib.data.tokenizer import UNITS
from ntp_lib.data.tokens import ContextOptions
from ntp_lib.errors import NTPDataError

LINE_WIDTH = 100
STDIN = Path("-")
SHOWN_CHARACTERS = 8
# Mean length of the distinct words from which a text looks as if it were written without spaces.
LONG_WORDS = 20


class BadInput(click.ClickException):
    """Input that cannot be used: one line on stderr and exit code 2."""

    exit_code = 2


@click.command("data")
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False)
)
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
@click.option("--unit", type=click.Choice(UNITS), default="word", show_default=True, help="What a token is.")
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
    default=True,
    show_default=True,
    help="Decide whether the data are compatible and separable.",
)
@click.option(
    "--time-limit",
    type=float,
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="What each of the two verdicts may take, with its reasons.",
)
@click.option("--explain", is_flag=True, help="Say which contexts and tokens are responsible for each verdict.")
def data_command(
    files: tuple[Path, ...],
    output: Path | None,
    force: bool,
    check: bool,
    explain: bool,
    time_limit: float,
    unit: str,
    lowercase: bool,
    **options: Any,
) -> None:
    """Turn each text FILE into next-token data; - is standard input and needs --output.

    A text is UTF-8, or UTF-16 or UTF-32 with a byte order mark. A token is a word, that is a run of letters,
    digits and underscores of any script with the accents and vowel signs that belong to them, or one of the marks
    . , ; : ! ? ( ). Accents are composed (NFC). Everything else ends a word and is left out: white space,
    apostrophes, hyphens, emoji; the summary counts what was left out. With --unit character every letter is a
    token, for scripts that are written without spaces.

    Every FILE is a data set of its own: its distinct contexts, their probabilities and next-token distributions,
    with seeded embeddings, written as a NumPy archive that NTPData.load reads. A summary of each goes to stdout,
    progress to stderr.
    """
    if not (math.isfinite(time_limit) and time_limit > 0):
        raise BadInput(f"--time-limit is {time_limit:g}; it must be a finite number of seconds above 0")
    outputs = _outputs(files, output, force=force)
    request = Request(check=check, explain=explain, time_limit=time_limit)
    for file, target in zip(files, outputs, strict=True):
        try:
            context_options = ContextOptions(**options)
            source: Path | BinaryIO = sys.stdin.buffer if file == STDIN else file
            text = cut_text(source, lowercase=lowercase, unit=unit, progress=True)
            data = data_from_text(text, context_options, progress=True)
            data.save(target)
        except NTPDataError as error:
            raise BadInput(str(error)) from None
        _report(text, data, target, request)


def _report(text: CutText, data: NTPData, target: Path, request: Request) -> None:
    _print(f"{text.name} → {target}", target)
    for name, value in (*of_text(text), *summary(data)):
        _print(f"  {name:<16}{value}", target)
    for name, verdict, reasons in verdicts(data, target, request):
        _print(f"  {name:<16}{verdict}", target)
        if reasons:
            _print(textwrap.indent(_wrapped(reasons), "    "), target)


def _print(line: str, target: Path) -> None:
    try:
        click.echo(line)
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever read it has seen enough
            raise
        # What is still waiting to be written must not fail once more at the end of the process.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise BadInput(f"standard output cannot be written ({error.strerror}); {target} is complete") from None


def of_text(text: CutText) -> Iterator[tuple[str, str]]:
    """Yield the lines about the text itself: what it was read as, and what is in no token."""
    count = len(text.encoded.codes)
    yield "text", f"{text.encoding}, {count:,} tokens ({text.unit}s), sha256 {text.sha256[:16]}…"
    if text.left_out:
        shown = text.left_out.most_common(SHOWN_CHARACTERS)
        kinds = ", ".join(f"{c if c.isprintable() else f'U+{ord(c):04X}'} {n:,}" for c, n in shown)
        more = len(text.left_out) - len(shown)
        yield (
            "left out",
            f"{text.left_out.total():,} characters: {kinds}" + (f", {more} kinds more" if more else ""),
        )
    length = sum(map(len, text.encoded.names)) / len(text.encoded.names)
    if text.unit == "word" and length > LONG_WORDS:
        yield "note", f"a word has {length:.0f} letters on average; for a script without spaces, --unit character"


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


def _outputs(files: tuple[Path, ...], output: Path | None, *, force: bool) -> list[Path]:
    """Return where each file's data go, refusing clashes before any work is done."""
    if output is not None and len(files) > 1:
        raise BadInput(f"--output names one file, but {len(files)} FILEs were given; leave it out or give one")
    if STDIN in files and sys.stdin is None:
        raise BadInput("-: standard input is closed; give a FILE, or pipe a text into the command")
    if STDIN in files and output is None:
        raise BadInput("- is standard input, which has no name: give --output PATH.npz")
    outputs = [output] if output is not None else [Path(f"{file.absolute().stem}.npz") for file in files]
    for i, (file, target) in enumerate(zip(files, outputs, strict=True)):
        if target in outputs[:i]:
            raise BadInput(f"{file}: its output {target} is that of {files[outputs.index(target)]} too")
        if not target.name.endswith(".npz"):
            raise BadInput(f"{target}: the output must end in .npz")
        try:
            _refuse_target(target, force=force)
        except OSError as error:
            raise BadInput(f"{target}: cannot be written ({error.strerror})") from None
    return outputs


def _refuse_target(target: Path, *, force: bool) -> None:
    folder = target.absolute().parent
    if not folder.is_dir():
        raise BadInput(f"{target}: its folder does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"{target}: its folder cannot be written to")
    if target.is_dir():
        raise BadInput(f"{target}: is a directory; the output is a file")
    if target.exists() and not force:
        raise BadInput(f"{target}: exists already; give another --output, or --force to overwrite it")
