"""The command line: one file a command. Nothing heavy is imported before it is known what to do."""


def main() -> None:
    """Run the command line on ``sys.argv`` and exit with its code."""
    from .app import run

    raise SystemExit(run())
