"""A command that ends with the process that started it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from shared.errors import ServiceError

_SCRIPT = Path(__file__).with_name("guardian.py")
_MARGIN_S = 5.0


class Guarded:
    """One command under a guardian process, which stops it when this process is gone.

    `env` is the command's whole environment; no secret may stand in `argv`. Output is appended to
    `log_path`. `stop_signal` asks the command to stop; after `grace_s` seconds its process group
    is killed. `user` is an account name; only root may give one.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log_path: Path,
        stop_signal: signal.Signals,
        grace_s: float,
        user: str | None = None,
    ) -> None:
        self._argv = list(argv)
        self._order: dict[str, object] = {"env": dict(env), "cwd": str(cwd), "log": str(log_path)}
        self._order |= {"user": user, "stop_signal": int(stop_signal), "grace_s": grace_s}
        self.stop_signal = stop_signal
        self._grace_s = grace_s
        self._guardian: subprocess.Popen[str] | None = None
        self.child_pid: int | None = None

    @property
    def pid(self) -> int | None:
        """The guardian's pid; None before `start`."""
        return None if self._guardian is None else self._guardian.pid

    def start(self) -> int:
        """Start guardian and command; return the command's pid. Does nothing while it runs.

        Raises ServiceError when the command cannot be started.
        """
        if self.child_pid is None or not self.is_running():
            self._guardian, self.child_pid = self._begin(detached=False)
        return self.child_pid

    def start_detached(self) -> int:
        """Start the command without a guardian, to outlive this process; return its pid.

        Raises ServiceError when the command cannot be started.
        """
        guardian, pid = self._begin(detached=True)
        guardian.wait()
        return pid

    def is_running(self) -> bool:
        """True while the guardian runs, and with it the command."""
        return self._guardian is not None and self._guardian.poll() is None

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Return the command's exit status, 128 + N after signal N; None when time is up first."""
        if self._guardian is None:
            return None
        try:
            return self._guardian.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> int | None:
        """Ask the command to stop, kill it after its grace; return its exit status.

        Returns None when it was never started.
        """
        if self._guardian is None:
            return None
        self._guardian.terminate()
        status = self.wait(self._grace_s + _MARGIN_S)
        if status is None:  # the guardian itself hangs
            self._guardian.kill()
            if self.child_pid is not None:
                with suppress(ProcessLookupError):
                    os.killpg(self.child_pid, signal.SIGKILL)
            status = self._guardian.wait()
        return status

    def _begin(self, *, detached: bool) -> tuple["subprocess.Popen[str]", int]:
        guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), str(os.getpid()), *self._argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # The command's own comes by the pipe: who reads the guardian's finds nothing there.
            env={"PATH": os.environ.get("PATH", os.defpath)},
            text=True,
            start_new_session=True,
        )
        assert guardian.stdin is not None and guardian.stdout is not None  # noqa: S101 - for mypy
        with guardian.stdout, suppress(BrokenPipeError), guardian.stdin:
            guardian.stdin.write(json.dumps(self._order | {"detached": detached}))
            guardian.stdin.close()
            word, _, rest = guardian.stdout.readline().strip().partition(" ")
        if word == "pid":
            return guardian, int(rest)
        guardian.kill()
        guardian.wait()
        raise ServiceError(f"{self._argv[0]} cannot be started: {rest or 'its guardian ended'}")
