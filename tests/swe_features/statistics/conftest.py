"""Properties are checked on the same examples each time, on a slow machine too."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None, derandomize=True)
settings.load_profile("unhurried")
