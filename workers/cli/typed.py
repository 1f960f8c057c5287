"""Commands that are suggested to a reader, written so that they work in the shell that the reader has."""

import shlex
import shutil
import sys
from pathlib import Path


def typed(command: str) -> str:
    """A command of ours in backticks, begun as this process was: by name, by path, or by `python -m`."""
    program = sys.argv[0]
    if Path(program).name != "capliquify":
        begun = f"{shlex.quote(sys.executable)} -m workers"
    elif program == shutil.which("capliquify"):
        begun = "capliquify"
    else:
        begun = shlex.quote(program)
    return f"`{begun} {command}`"
