"""Times as rows carry them: ISO 8601, or a date alone."""

from datetime import UTC, datetime, time

__all__ = ["parse_time"]


def parse_time(text: str) -> int:
    """Seconds since 1970 of a time in ISO 8601; of a date alone, its last second.

    Raises:
        ValueError: The text is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no time: write 2024-05-31 or 2024-05-31T12:00:00Z"
        raise ValueError(message) from error
    if len(text) == len("2024-05-31"):
        moment = datetime.combine(moment.date(), time.max)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
