"""The command line ``hemorrhage``: one file per command; nothing heavy is imported before a command needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    import sys

    from .failure import exit_code_of
    from .stopping import stop_on_signals

    with stop_on_signals():
        try:
            from .app import app

            app(args=arguments, prog_name="hemorrhage")
        except BaseException as error:
            sys.exit(exit_code_of(error))
