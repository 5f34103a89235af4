"""The number of a problem: given by the township, one after the other in each village and year.

``201-2018-0007`` is the seventh of 2018 in the village whose code ends in 201: short enough to say on the telephone, and no two in a
township are alike. A phone shows a temporary one until it has synced. Leaves to others: knowing which numbers are taken.
"""

from shared.moments import day_of


def number_prefix(village: str, ms: int) -> str:
    """What the numbers of a village (12 digits) and a year begin with; `ms` is a moment of that year, since 1970."""
    return f"{village[-3:]}-{day_of(ms)[:4]}-"


def format_number(prefix: str, sequence: int) -> str:
    """The `sequence`-th number, counted from 1. Four digits, more when a village needs them."""
    return f"{prefix}{sequence:04d}"


def sequence_of(number: str, prefix: str) -> int:
    """The place of a number within its prefix; 0 for a text that is no number of it."""
    digits = number.removeprefix(prefix)
    return int(digits) if number.startswith(prefix) and digits.isdigit() and digits.isascii() else 0


def temporary_number(id_: str) -> str:
    """What a phone shows while the township has not given a number yet: by the record's own id, so that it never changes."""
    return f"临{id_[-4:].upper()}"
