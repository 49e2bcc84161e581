"""One module for each command of `swe-features`; `swe_features.cli` names them all.

A module has one function with the command's name, dashes as underscores, its options as
annotated parameters for typer and its help as its docstring; a command with
sub-commands has a `typer.Typer` called `app` instead. A module is imported when its
command is asked for, and not before.
"""
