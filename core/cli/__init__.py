"""The command line: one file a command. Nothing heavy is imported before it is known what to do."""

import sys

_RUNS_A_JOB = ("advise", "check", "export", "graph", "inspect", "run")


def main() -> None:
    """Run the command line on ``sys.argv`` and exit with its code."""
    if sys.argv[1:2] and sys.argv[1] in _RUNS_A_JOB and "--help" not in sys.argv:
        from ..worker_process import start_early

        start_early()
    from .app import run

    raise SystemExit(run())
