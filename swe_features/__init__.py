"""How much of a coding agent's work can be done before anyone asks? Measured.

Import public names from here; each is loaded when first used, so the import itself
stays light. Read `runner` for how an experiment runs, `arms` for how an instance is
attempted, `scoring` for the metric, `store` for what lies on disk, and `cli` for the
command line.
"""
