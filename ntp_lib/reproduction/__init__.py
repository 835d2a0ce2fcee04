"""What a notebook uses of the pipeline. Everything else here serves the command line and the book.

Whatever this file imports is an input of every run, so it stays with the two names notebooks need.
"""

from ntp_lib.reproduction.checks import check
from ntp_lib.reproduction.recording import record_figure

__all__ = ["check", "record_figure"]
