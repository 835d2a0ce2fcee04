"""A short story, and `ntp data` called on files."""

from click.testing import CliRunner

from ntp_lib.companion.cli.data import data_command

SENTENCE = "The cat sat on the mat . The dog sat on the cat . The mat sat . "


def run(*arguments):
    return CliRunner().invoke(data_command, [str(argument) for argument in arguments])
