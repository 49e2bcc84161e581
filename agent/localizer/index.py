"""The past as arrays, and what the tree looked like before any change of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from agent.localizer.imports import module_names
from agent.localizer.journal import ChangeRow, Journal, Vocabulary
from agent.localizer.path_words import PathWords
from agent.localizer.paths import FileKind, PathFacts, describe_path
from agent.localizer.postings import Ints, Postings
from agent.localizer.tokens import terms_of

__all__ = ["Index", "Snapshot", "freeze"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_UNREADABLE_TEXT = """
    .png .jpg .jpeg .gif .ico .webp .bmp .avif .psd .mp4 .mp3 .wav .ogg .webm .mov .pdf
    .ttf .otf .woff .woff2 .eot .zip .gz .tgz .tar .bz2 .xz .zst .7z .whl .pyc .so
    .dylib .dll .lib .exe .bin .wasm .npy .npz .pkl .pt .safetensors .onnx .parquet .db
    .sqlite .map .cast .jar .class .o .a .xlsx .docx .pptx .lockb
"""
_UNREADABLE = frozenset(_UNREADABLE_TEXT.split())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tree as it was before one change."""

    change: int
    """Everything before this change is known, nothing from it on."""
    touch: int
    """The same border among the touches."""
    candidates: Ints
    """Files that exist and can be edited as text, in order of their first change."""
    path: Ints
    """Path number of every file; of those that do not exist yet, 0."""
    paths: int
    """Paths that were ever used before; the numbers of later ones are not lower."""
    length: Floats
    """Terms in every file."""


class Index:
    """Everything learned from one past; it never changes.

    Numbers everywhere: a *change* is one step of the past, a *touch* one file of a
    change, a *file* one identity through all renames, a *path* one name that was ever
    used. All are counted in order of time.
    """

    def __init__(  # noqa: PLR0913 - the arrays of an index, all of them needed
        self,
        *,
        words: list[str],
        paths: list[str],
        changes: list[ChangeRow],
        touch_starts: Ints,
        touch_file: NDArray[np.int32],
        touch_status: NDArray[np.uint8],
        touch_length: NDArray[np.int32],
        namings: NDArray[np.int32],
        postings: dict[str, Postings],
        facts: Sequence[PathFacts] = (),
    ) -> None:
        self.words = words
        self.paths = paths
        self.changes = changes
        self.touch_starts = touch_starts
        self.touch_file = touch_file
        self.touch_status = touch_status
        """`A`, `M` or `D`, as its character code."""
        self.touch_length = touch_length
        self.namings = namings
        """Rows (change, file, path), in order of time."""
        self.postings = postings
        self._known_facts = facts
        self.files = int(namings[:, 1].max()) + 1 if len(namings) else 0

    def as_journal(self) -> Journal:
        """A journal that goes on where this index ends."""
        journal = Journal()
        journal.vocabulary = Vocabulary(self.words)
        journal.paths = list(self.paths)
        journal.facts = self.facts
        journal.changes = list(self.changes)
        journal.touch_starts = self.touch_starts.tolist()
        journal.touch_file = self.touch_file.tolist()
        journal.touch_status = [chr(one) for one in self.touch_status.tolist()]
        journal.touch_length = self.touch_length.tolist()
        journal.namings = [tuple(row) for row in self.namings.tolist()]
        journal.files = self.files
        journal.postings = dict(self.postings)
        now = self.snapshot(len(self.changes), text_only=False)
        live = {self.paths[now.path[file]]: file for file in now.candidates.tolist()}
        journal.resume(live=live)
        return journal

    @cached_property
    def term_number(self) -> dict[str, int]:
        """Number of each word."""
        return {word: rank for rank, word in enumerate(self.words)}

    @cached_property
    def facts(self) -> list[PathFacts]:
        """What each path says by itself."""
        known = self._known_facts
        return [*known, *(describe_path(path) for path in self.paths[len(known) :])]

    @cached_property
    def path_kind(self) -> Ints:
        """`FileKind` of each path."""
        return np.fromiter((facts.kind for facts in self.facts), np.int64)

    @cached_property
    def path_depth(self) -> Ints:
        """Folders above each path."""
        return np.fromiter((facts.depth for facts in self.facts), np.int64)

    @cached_property
    def path_folder(self) -> Ints:
        """Number of each path's folder."""
        return _number(facts.folder for facts in self.facts)

    @cached_property
    def path_subject(self) -> Ints:
        """Number of what each path is about."""
        return _number(facts.subject for facts in self.facts)

    @cached_property
    def subject_number(self) -> dict[str, int]:
        """Numbers of what paths are about, as `path_subject` has them."""
        subjects = dict.fromkeys(facts.subject for facts in self.facts)
        return {subject: rank for rank, subject in enumerate(subjects)}

    @cached_property
    def name_words(self) -> PathWords:
        """Which paths have a word in their file's name."""
        return PathWords.of(facts.name_terms for facts in self.facts)

    @cached_property
    def folder_words(self) -> PathWords:
        """Which paths have a word in their folders' names."""
        return PathWords.of(facts.folder_terms for facts in self.facts)

    @cached_property
    def file_paths(self) -> dict[str, Ints]:
        """Paths by their file's name, lower case."""
        return _gathered(path.lower().rpartition("/")[2] for path in self.paths)

    @cached_property
    def folder_paths(self) -> dict[str, Ints]:
        """Paths by their folder, lower case."""
        return _gathered(facts.folder.lower() for facts in self.facts)

    @cached_property
    def folders_by_part(self) -> dict[str, list[str]]:
        """Folders of `folder_paths` by each single name in them."""
        found: dict[str, list[str]] = {}
        for folder in self.folder_paths:
            for part in set(folder.split("/")):
                found.setdefault(part, []).append(folder)
        return found

    @cached_property
    def path_suffix(self) -> Ints:
        """Number of each path's suffix."""
        return _number(facts.suffix for facts in self.facts)

    @cached_property
    def path_is_text(self) -> Bools:
        """Whether each path may be a text to edit."""
        suffixes = (facts.suffix not in _UNREADABLE for facts in self.facts)
        return np.fromiter(suffixes, np.bool_)

    @cached_property
    def touch_change(self) -> Ints:
        """The change of each touch."""
        sizes = np.diff(self.touch_starts)
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def head_change(self) -> Bools:
        """Whether each change is a proposal that left the tree alone."""
        return np.fromiter((change.is_head for change in self.changes), np.bool_)

    @cached_property
    def part_change(self) -> Bools:
        """Whether each change is a commit of a branch whose merge came before."""
        return np.fromiter((change.is_part for change in self.changes), np.bool_)

    @cached_property
    def clock(self) -> Floats:
        """Changes that were made before each change, and before the next one to come.

        Commits of a branch take no time: they were merged at once.
        """
        counted: Floats = np.r_[0, np.cumsum(~self.part_change)].astype(np.float64)
        return counted

    @cached_property
    def main_touch(self) -> Bools:
        """Whether each touch changed the tree."""
        leaves = np.fromiter((one.leaves_tree for one in self.changes), np.bool_)
        return ~leaves[self.touch_change]

    @cached_property
    def change_terms(self) -> tuple[Ints, NDArray[np.int32]]:
        """Content terms of each touch: first position of each, and the terms."""
        return self.postings["content"].by_place(len(self.touch_file))

    @cached_property
    def definition_terms(self) -> tuple[Ints, NDArray[np.int32]]:
        """The same of what it defined."""
        return self.postings["definitions"].by_place(len(self.touch_file))

    @cached_property
    def import_terms(self) -> tuple[Ints, NDArray[np.int32]]:
        """The same of what it imported."""
        return self.postings["imports"].by_place(len(self.touch_file))

    @cached_property
    def file_touches(self) -> tuple[Ints, Ints]:
        """Touches of each file, in order of time: first position of each, and them."""
        order = np.argsort(self.touch_file, kind="stable")
        starts = np.searchsorted(self.touch_file[order], np.arange(self.files + 1))
        return starts, order

    @cached_property
    def path_modules(self) -> Ints:
        """The terms by which each path is imported, two of each; -1 for none."""
        known = self.term_number
        terms = np.full((len(self.paths), 2), -1, np.int64)
        for row, path in enumerate(self.paths):
            for column, name in enumerate(module_names(path)):
                terms[row, column] = known.get(name, -1)
        return terms

    @cached_property
    def names_imported(self) -> dict[int, list[int]]:
        """Terms of imported names, by the term that defining such a name has."""
        found: dict[int, list[int]] = {}
        modules = ((at, word) for at, word in enumerate(self.words) if word[0] == "/")
        for number, word in modules:
            name = word[1:].partition("/")[2]
            terms = terms_of(name)
            # Names of modules are in lower case, where `OpenTill` is one word.
            for term in {*terms[-1:], f"={name.replace('_', '')}"}:
                if term in self.term_number:
                    found.setdefault(self.term_number[term], []).append(number)
        return found

    @cached_property
    def change_size(self) -> Ints:
        """Files that each change touched."""
        return np.diff(self.touch_starts)

    @cached_property
    def touch_terms(self) -> Ints:
        """Different terms in the changed lines of each touch."""
        place = self.postings["content"].place
        return np.bincount(place, minlength=len(self.touch_file))

    @cached_property
    def message_norm(self) -> Floats:
        """By what a similarity of messages is divided, so that long ones do not win."""
        words = np.bincount(
            self.postings["messages"].place, minlength=len(self.changes)
        )
        norm: Floats = np.sqrt(words + 8.0)
        return norm

    @cached_property
    def diff_norm(self) -> Floats:
        """The same of diffs."""
        words = np.bincount(
            self.touch_change, self.touch_terms, minlength=len(self.changes)
        )
        norm: Floats = np.sqrt(words + 60.0)
        return norm

    @cached_property
    def change_is_feature(self) -> Bools:
        """Whether each change edited at least two source or test files, and few others.

        Such changes look like the pull requests that are asked about.
        """
        path = self.touch_path
        kind = self.path_kind[path]
        code = (kind == FileKind.SOURCE) | (kind == FileKind.TEST)
        code = (code | (kind == FileKind.INDEX)) & (self.touch_status == ord("M"))
        counts = np.bincount(self.touch_change[code], minlength=len(self.changes))
        fitting = (counts >= 2) & (self.change_size <= 40)  # noqa: PLR2004
        return fitting & ~self.part_change

    @cached_property
    def touch_path(self) -> Ints:
        """Path of each touched file, after the touch's own change."""
        width = len(self.changes) + 1
        order = np.lexsort((self.namings[:, 0], self.namings[:, 1]))
        change, file, path = self.namings[order].astype(np.int64).T
        asked = self.touch_file.astype(np.int64) * width + self.touch_change
        last = np.searchsorted(file * width + change, asked, side="right") - 1
        newest: Ints = path[last]
        return newest

    def ages(self, change: int) -> Floats:
        """How many changes before a change each earlier one was made."""
        ages: Floats = self.clock[change] - self.clock[:change]
        return ages

    def snapshot(self, change: int, *, text_only: bool = True) -> Snapshot:
        """The tree before a change; `len(changes)` is the newest there is."""
        touch = int(self.touch_starts[change])
        named = self.namings[: int(np.searchsorted(self.namings[:, 0], change))]
        path = np.zeros(self.files, np.int64)
        path[named[:, 1]] = named[:, 2]
        seen = self.main_touch[:touch]
        files = self.touch_file[:touch][seen]
        exists = np.zeros(self.files, np.bool_)
        exists[files] = self.touch_status[:touch][seen] != ord("D")
        lengths = self.touch_length[:touch][seen].astype(np.float64)
        length = np.bincount(files, lengths, minlength=self.files).clip(0)
        candidates = np.flatnonzero(exists)
        if text_only and len(candidates):
            candidates = candidates[self.path_is_text[path[candidates]]]
        paths = int(named[:, 2].max(initial=-1)) + 1
        return Snapshot(change, touch, candidates, path, paths, length)


def freeze(journal: Journal) -> Index:
    """The journal's arrays, after its last `flush`."""
    return Index(
        words=journal.vocabulary.words,
        paths=journal.paths,
        changes=journal.changes,
        touch_starts=np.asarray(journal.touch_starts, np.int64),
        touch_file=np.asarray(journal.touch_file, np.int32),
        touch_status=np.asarray([ord(one) for one in journal.touch_status], np.uint8),
        touch_length=np.asarray(journal.touch_length, np.int32),
        namings=np.asarray(journal.namings, np.int32).reshape(-1, 3),
        postings=dict(journal.postings),
        facts=journal.facts,
    )


def _gathered(names: Iterable[str]) -> dict[str, Ints]:
    """Numbers of the equal ones."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(name, []).append(number)
    return {name: np.array(numbers, np.int64) for name, numbers in found.items()}


def _number(names: object) -> Ints:
    """Numbers of equal things are equal."""
    known: dict[object, int] = {}
    assert hasattr(names, "__iter__")
    return np.fromiter((known.setdefault(one, len(known)) for one in names), np.int64)
