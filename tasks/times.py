"""Times as rows and commits carry them."""

from datetime import UTC, datetime, time

__all__ = ["format_time", "parse_time", "read_clock"]

_LATEST = 2**63 - 1


def parse_time(text: str) -> int:
    """Seconds since 1970 of a time in ISO 8601; of a date alone, its last second.

    Raises:
        ValueError: The text is neither, or in no year from 1 to 9999 (UTC).
    """
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2024-05-31"):
            moment = datetime.combine(moment.date(), time.max)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(zoned.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is no time: write 2024-05-31 or 2024-05-31T12:00:00Z"
        raise ValueError(message) from error


def format_time(seconds: int) -> str | None:
    """Seconds since 1970 in ISO 8601, UTC; None outside the years 1 to 9999.

    A commit may say any number.
    """
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None


def read_clock(text: str | bytes) -> int:
    """Seconds since 1970 as git prints the clock of a commit.

    0, as git takes it, where a damaged commit has none, or one beyond 64 bits.
    """
    seconds = int(text) if text.strip().isdigit() else 0
    return seconds if seconds <= _LATEST else 0
