"""`python -m ntp_lib` is the same as `ntp`."""

from ntp_lib.companion.cli.main import main

if __name__ == "__main__":
    main(prog_name="ntp")
