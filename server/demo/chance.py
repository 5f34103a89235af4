"""The one source of chance: everything that is made up is drawn here, so that the same seed makes the same county, ids too.

Leaves to others: what the draws mean. Never the operating system's randomness, never the wall clock.
"""

import math
import random
import uuid
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

_DEVICE = "abcdefghjkmnpqrstuvwxyz23456789"  # the letters of real phones' ids: none reads like another


class Chance(random.Random):
    """`random.Random` with the draws that a made-up county needs."""

    def happens(self, share: float) -> bool:
        """True in this share of cases, 0 to 1."""
        return self.random() < share

    def weighted(self, options: Mapping[T, float]) -> T:
        """One of the options, each as often as its weight says."""
        return self.choices(tuple(options), tuple(options.values()))[0]

    def between(self, low: float, high: float) -> int:
        """A whole number from `low` to `high`, both included; bounds are rounded."""
        return self.randint(round(low), round(high))

    def poisson(self, mean: float) -> int:
        """How many times something rare happened."""
        limit, count, product = math.exp(-mean), 0, self.random()
        while product > limit:
            count += 1
            product *= self.random()
        return count

    def new_id(self, ms: int) -> str:
        """A record's id: a UUID of version 7 for this moment (ms since 1970)."""
        value = (
            (ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | self.getrandbits(12) << 64 | 0b10 << 62 | self.getrandbits(62)
        )
        return str(uuid.UUID(int=value))

    def device_id(self) -> str:
        """A phone's id."""
        return "".join(self.choices(_DEVICE, k=12))

    def boot_id(self) -> str:
        """What a phone calls the time since its last start."""
        return f"{self.getrandbits(32):08x}"
