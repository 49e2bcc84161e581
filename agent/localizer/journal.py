"""Write the past down as integers: one call for each change, oldest first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.localizer.changes import Change
from agent.localizer.definitions import defined_names
from agent.localizer.diffs import ChangeDiff, Patch
from agent.localizer.imports import imported_names
from agent.localizer.paths import PathFacts
from agent.localizer.postings import Ints, Postings, group_entries, merge_postings
from agent.localizer.tokens import IDENTIFIER, STOP_WORDS, terms_of

__all__ = ["FIELDS", "MOST_OF_TITLE", "ChangeRow", "Journal", "Vocabulary"]

FIELDS = ("content", "definitions", "imports", "messages")
"""What is indexed. Places are touches, but for `messages`, where they are changes."""

MOST_OF_TITLE = 200
"""Characters of a title that are kept."""
_FLUSH_AT = 400_000
_LONGEST_MESSAGE = 400
_LARGEST_COUNTED_CHANGE = 300


class Vocabulary:
    """Numbers of terms, in order of first appearance, and how identifiers split."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = list(words)
        self.number = {word: rank for rank, word in enumerate(self.words)}
        self._splits: dict[str, int] = {}
        self._split_terms: list[tuple[int, ...]] = []

    def intern(self, word: str) -> int:
        """Number of a term, a new one where it is new."""
        found = self.number.get(word)
        if found is None:
            found = self.number[word] = len(self.words)
            self.words.append(word)
        return found

    def splits(self, identifiers: Iterable[str]) -> list[int]:
        """Number of each identifier's split, for `expand`.

        A module's name, which begins with a slash, is one term.
        """
        known = self._splits
        numbers = []
        for identifier in identifiers:
            number = known.get(identifier)
            if number is None:
                number = known[identifier] = len(self._split_terms)
                is_module = identifier.startswith("/")
                words = (identifier,) if is_module else terms_of(identifier)
                self._split_terms.append(tuple(map(self.intern, words)))
            numbers.append(number)
        return numbers

    def expand(self, splits: Ints) -> tuple[Ints, Ints]:
        """Terms of many splits: the position each came from, and the terms."""
        sizes = np.fromiter(map(len, self._split_terms), np.int64)
        flat = np.fromiter(
            (term for terms in self._split_terms for term in terms), np.int64
        )
        starts = np.r_[0, np.cumsum(sizes)]
        counts = sizes[splits]
        source = np.repeat(np.arange(len(splits)), counts)
        within = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
        return source, flat[starts[splits][source] + within]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What is kept of a change besides its touches."""

    commit: str
    time: int
    title: str
    number: int
    """Pull request number; -1 where it is not known."""
    is_head: bool
    is_part: bool = False

    @property
    def leaves_tree(self) -> bool:
        """Whether the tree is none the different for it."""
        return self.is_head or self.is_part


@dataclass(slots=True)
class _Entries:
    """Entries of one field that were not grouped yet."""

    split: list[int] = field(default_factory=list)
    place: list[int] = field(default_factory=list)
    plus: list[int] = field(default_factory=list)
    minus: list[int] = field(default_factory=list)

    def add(self, splits: Sequence[int], place: int, sign: int) -> None:
        counts = Counter(splits)
        self.split.extend(counts)
        self.place.extend([place] * len(counts))
        values, nothing = list(counts.values()), [0] * len(counts)
        self.plus.extend(values if sign > 0 else nothing)
        self.minus.extend(values if sign < 0 else nothing)


class Journal:
    """Everything learned so far, growing by one change at a time."""

    def __init__(self) -> None:
        self.vocabulary = Vocabulary()
        self.paths: list[str] = []
        self.facts: Sequence[PathFacts] = ()
        """Of the first paths, as far as they were read before."""
        self.changes: list[ChangeRow] = []
        self.touch_starts: list[int] = [0]
        self.touch_file: list[int] = []
        self.touch_status: list[str] = []
        self.touch_length: list[int] = []
        """Terms that the touch added to the file, less those that it removed."""
        self.namings: list[tuple[int, int, int]] = []
        """(change, file, path): what a file is called from that change on."""
        self.files = 0
        self.postings: dict[str, Postings] = {}
        self._live: dict[str, int] = {}
        self._path_number: dict[str, int] = {}
        self._waiting = {name: _Entries() for name in FIELDS}

    def resume(self, *, live: dict[str, int]) -> None:
        """Go on after the fields above were filled from a stored index."""
        self._live = live
        self._path_number = {path: rank for rank, path in enumerate(self.paths)}

    def add(self, change: Change, diff: ChangeDiff) -> None:
        """Write one change down; all of its past must have been written before."""
        number = len(self.changes)
        row = ChangeRow(
            change.commit,
            change.time,
            change.title[:MOST_OF_TITLE],
            -1 if change.number is None else change.number,
            change.is_head,
            change.is_part,
        )
        self.changes.append(row)
        leaves_tree = row.leaves_tree
        touches = self._touch(number, diff, leaves_tree=leaves_tree)
        self.touch_starts.append(len(self.touch_file))
        self._add_message(number, change)
        if not (leaves_tree and len(diff.paths) > _LARGEST_COUNTED_CHANGE):
            for patch in diff.patches:
                if patch.path in touches:
                    self._add_patch(touches[patch.path], patch, leaves_tree=leaves_tree)
        if len(self._waiting["content"].split) > _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Group what is waiting; call it once more at the end."""
        for name, entries in self._waiting.items():
            split, place, plus, minus = (
                np.asarray(column, np.int64)
                for column in (
                    entries.split,
                    entries.place,
                    entries.plus,
                    entries.minus,
                )
            )
            source, term = self.vocabulary.expand(split)
            fresh = group_entries(
                term,
                place[source],
                plus[source],
                minus[source],
                len(self.vocabulary.words),
            )
            old = self.postings.get(name)
            self.postings[name] = merge_postings(old, fresh) if old else fresh
        self._waiting = {name: _Entries() for name in FIELDS}

    def _touch(
        self, number: int, diff: ChangeDiff, *, leaves_tree: bool
    ) -> dict[str, int]:
        """Note the touched files; returns the touch of each path after the change."""
        renamed = {
            patch.path: patch.old_path for patch in diff.patches if patch.old_path
        }
        moved = set(renamed.values())
        touches = {}
        for one in diff.paths:
            old = renamed.get(one.path)
            known = self._live.get(old) if old and not leaves_tree else None
            if one.status == "D" and one.path in moved:
                continue
            status = one.status
            if known is not None and old is not None:
                del self._live[old]
                self._name(number, known, one.path)
                status = "R"
            file = self._live.get(one.path)
            if file is None:
                if leaves_tree:
                    continue
                file = self.files
                self.files += 1
                self._name(number, file, one.path)
            touches[one.path] = len(self.touch_file)
            self.touch_file.append(file)
            self.touch_status.append(status)
            self.touch_length.append(0)
            if status == "D" and not leaves_tree:
                del self._live[one.path]
        return touches

    def _name(self, change: int, file: int, path: str) -> None:
        if path not in self._path_number:
            self._path_number[path] = len(self.paths)
            self.paths.append(path)
        self._live[path] = file
        self.namings.append((change, file, self._path_number[path]))

    def _add_message(self, number: int, change: Change) -> None:
        words = IDENTIFIER.findall(change.body)[:_LONGEST_MESSAGE]
        words += 2 * IDENTIFIER.findall(change.title)
        words = [word for word in words if word.lower() not in STOP_WORDS]
        splits = self.vocabulary.splits(words)
        self._waiting["messages"].add(splits, number, 1)

    def _add_patch(self, touch: int, patch: Patch, *, leaves_tree: bool) -> None:
        before = patch.old_path or patch.path
        for lines, path, sign in (
            (patch.added, patch.path, 1),
            (patch.removed, before, -1),
        ):
            if not lines:
                continue
            text = b"".join(lines).decode("utf-8", "replace")
            splits = self.vocabulary.splits(IDENTIFIER.findall(text))
            self._waiting["content"].add(splits, touch, sign)
            if not leaves_tree:
                self.touch_length[touch] += sign * len(splits)
            names = defined_names(text, path)
            named = [word for name in names for word in IDENTIFIER.findall(name)]
            self._waiting["definitions"].add(self.vocabulary.splits(named), touch, sign)
            imported = imported_names(text, path)
            self._waiting["imports"].add(self.vocabulary.splits(imported), touch, sign)
