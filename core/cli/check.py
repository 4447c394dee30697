"""``exportdesk check``: verify a bundle that was handed over."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import CHECK_FAILED, DONE
from ..requests import CheckBundle
from ..results import BundleCheck
from .answer import answer_json, check_line
from .job import run_job


def check(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder that an export wrote.")],
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of the whole job.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Verify a handed-over bundle: checksums, and numbers on its samples."""
    result = run_job(lambda job: CheckBundle(job=job, bundle=str(bundle.absolute())), timeout_s=timeout)
    assert isinstance(result, BundleCheck)
    if json:
        answer_json(result)
    else:
        for name, state in result.files.items():
            if state != "ok":
                print(f"  {state:<8} {name}")
        print("\n".join(check_line(row) for row in result.checks))
    return DONE if result.is_good else CHECK_FAILED
