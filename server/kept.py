"""What one process keeps of townships between requests, by name, and nothing of what it is: the store carries it, others fill it.

Promises: safe for threads; bounded by townships, the one not asked for longest goes first. Leaves to others: what is kept (`follow`, `figures`),
and that it is current.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
TOWNSHIPS = 40
"""Townships kept at a time."""

Compute = Callable[[str, str, str], Mapping[str, Any]]
"""Township, month and campaign ('' for the one that began last) to figures (`figures`). May take its time."""


class Kept:
    """What a process keeps of townships, by name: made at the first asking."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = Lock()

    def of(self, township: str, name: str, make: Callable[[], T]) -> T:
        """The township's thing of this name."""
        with self._lock:
            own = self._kept.setdefault(township, {})
            self._kept.move_to_end(township)
            if name not in own:
                own[name] = make()
            while len(self._kept) > TOWNSHIPS:
                self._kept.popitem(last=False)
            found: T = own[name]
            return found
