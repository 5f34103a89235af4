"""Settings every test shares: two hypothesis profiles, `fast` for `make test` and `full` for the deep run.

HYPOTHESIS_PROFILE=full asks for at least 2,000 examples a law.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("fast", max_examples=150, deadline=None, derandomize=True)
settings.register_profile(
    "full", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
