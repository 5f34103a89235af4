"""The township of tests/sync, for the one list that the desk reads."""

from tests.sync.conftest import backends, world

__all__ = ["backends", "world"]
