"""The `capliquify` command."""

import os
import signal
import sys

INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """Loads and runs the command that was typed; Ctrl-C ends it with exit status 130, without a traceback."""
    # Loading takes a second and starts nothing, so that nothing needs to be taken back.
    # One whose Ctrl-C is ignored, as the shell does for `&` in a script, stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from workers.cli.commands import run_command  # noqa: PLC0415 - loads everything

    try:
        if signal.getsignal(signal.SIGINT) is _leave:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run_command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)
