"""What every job ends with."""

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all results; what each holds is data only."""
