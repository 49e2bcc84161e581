"""What can be wrong with an experiment as a whole.

Errors of the rooms below pass through under their own names.

ExperimentError
├── ConfigError       a setting, an option or a configuration file is wrong
├── StoreError        the output directory is unusable, in use, or another's
└── PredictionError   a file of predictions cannot be read
"""

__all__ = ["ConfigError", "ExperimentError", "PredictionError", "StoreError"]


class ExperimentError(Exception):
    """Base of every error of `swe_features`.

    Its text is one line that says what was wrong and what to do.
    """


class ConfigError(ExperimentError):
    """A setting is unknown, contradicts another one.

    Or has a value that makes no sense.
    """


class StoreError(ExperimentError):
    """The output directory cannot be written, is being written by another run.

    Or belongs to another experiment.
    """


class PredictionError(ExperimentError):
    """A predictions file is missing, is in no known format.

    Or names unknown instances.
    """
