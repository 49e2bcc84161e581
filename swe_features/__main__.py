"""`python -m swe_features`: the command line without its console script."""

import sys

from swe_features.cli import main

if __name__ == "__main__":
    sys.exit(main())
