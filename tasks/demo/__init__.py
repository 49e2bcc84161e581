"""The packaged demo: larder, a small repository with its history and pull requests.

`larder.fast-export` is the whole history as text, `larder.refs` the ids that it must
give, and `larder.jsonl` the pull requests that serve as instances. `building` turns
them into a git repository. README.md says how to review and extend them.
"""

from tasks.demo.building import Demo, build_demo

__all__ = ["Demo", "build_demo"]
