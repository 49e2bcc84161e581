"""What a likely file says about the others: its companions, tests, users, neighbours.

The second look at a query. The first one gave every file a probability; files that
usually move with the likely ones, or test them, or use them, become likelier.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from agent.localizer.index import Index, Snapshot
from agent.localizer.postings import Gathered, Ints, totals

__all__ = ["propagate"]

Floats = NDArray[np.float64]

_ANCHORS = 25
_SYMBOL_ANCHORS = 8
_SYMBOLS = 24
_NAMES = 60
_LARGEST_CHANGE = 40
_HALF_LIFE = 600
_RARE = 25


def propagate(
    index: Index, snapshot: Snapshot, probability: Floats
) -> Mapping[str, Floats]:
    """Signals that flow from the likely files to the rest.

    Args:
        index: The past.
        snapshot: The tree that the first look was taken at.
        probability: First estimate for each of the snapshot's candidates.
    """
    return _Propagation(index, snapshot, probability).run()


class _Propagation:
    def __init__(self, index: Index, at: Snapshot, probability: Floats) -> None:
        self.index = index
        self.at = at
        self.files = at.candidates
        self.path = at.path[self.files]
        self.probability = probability
        self.anchors = np.argsort(-probability, kind="stable")[:_ANCHORS]
        """Positions among the candidates, the likeliest first."""

    def run(self) -> dict[str, Floats]:
        cochange, lift = self._cochange()
        imports, imported = self._imports()
        kind = self.index.path_kind[self.path]
        same = self.index.path_subject[self.path]
        return {
            "graph.cochange": cochange,
            "graph.lift": lift,
            "graph.subject": self._best_other(same),
            "graph.subject_sum": self._others(same, mean=False),
            "graph.folder": self._others(self.index.path_folder[self.path], mean=True),
            "graph.folder_best": self._best_other(self.index.path_folder[self.path]),
            "graph.kind": self._others(kind, mean=False),
            "graph.imports": imports,
            "graph.imported": imported,
            "graph.symbols": self._symbols(),
            "graph.names": self._names(),
        }

    def _touches_of(self, anchor: int) -> Ints:
        """Touches of one candidate before the snapshot."""
        starts, order = self.index.file_touches
        file = int(self.files[anchor])
        touches = order[starts[file] : starts[file + 1]]
        return touches[: int(np.searchsorted(touches, self.at.touch))]

    def _cochange(self) -> tuple[Floats, Floats]:
        """How often a file moved when the likely files did."""
        index, before = self.index, self.at.change
        small = index.change_size[:before] <= _LARGEST_CHANGE
        fresh = 0.5 ** (index.ages(before) / _HALF_LIFE) * small
        weight = np.zeros(before)
        own = np.zeros(len(self.files))
        for anchor in self.anchors.tolist():
            change = index.touch_change[self._touches_of(anchor)]
            share = fresh[change] / (float(fresh[change].sum()) + 1.0)
            np.add.at(weight, change, self.probability[anchor] * share)
            own[anchor] = self.probability[anchor] * float(share.sum())
        border = self.at.touch
        change = index.touch_change[:border]
        file = index.touch_file[:border]
        alone = totals(file, weight[change], index.files)[self.files]
        total = totals(file, fresh[change], index.files)[self.files]
        moved = (alone - own).clip(0)
        return moved, moved / np.sqrt(total + 1.0)

    def _best_other(self, group: Ints) -> Floats:
        """Highest probability among the other files of each file's group."""
        groups = int(group.max(initial=0)) + 1
        best = np.zeros(groups)
        np.maximum.at(best, group, self.probability)
        is_best = self.probability == best[group]
        second = np.zeros(groups)
        np.maximum.at(second, group, np.where(is_best, 0.0, self.probability))
        ties = totals(group, is_best, groups)
        return np.where(is_best & (ties[group] == 1), second[group], best[group])

    def _others(self, group: Ints, *, mean: bool) -> Floats:
        total = totals(group, self.probability, 1)[group]
        rest = (total - self.probability).clip(0)
        if not mean:
            return rest
        return rest / np.maximum(np.bincount(group, minlength=1)[group] - 1, 1)

    def _imports(self) -> tuple[Floats, Floats]:
        """Files that import the likely ones, and files that those import."""
        modules = self.index.path_modules[self.path]
        named = [
            (one, int(term))
            for one in self.anchors.tolist()
            for term in modules[one]
            if term >= 0
        ]
        anchors = np.array([one for one, _ in named], np.int64)
        found = self.index.postings["imports"].gather(
            [term for _, term in named], self.at.touch
        )
        present = self._present(found, len(named)) > 0
        present &= np.arange(len(self.files)) != anchors[:, None]
        spread = present.sum(1) + 1.0
        imports = (self.probability[anchors] / np.sqrt(spread)) @ present
        value = np.zeros(len(self.index.words) + 1)
        for anchor in self.anchors.tolist():
            value[self._terms_once(anchor, self.index.import_terms)] += (
                self.probability[anchor]
            )
        imported = np.where(modules >= 0, value[modules], 0.0).sum(1)
        return imports, imported

    def _symbols(self) -> Floats:
        """Files that use the rare names which the likely files define."""
        total = self._nothing()
        for anchor in self.anchors[:_SYMBOL_ANCHORS].tolist():
            terms = self._terms_once(anchor, self.index.definition_terms)
            words = self.index.words
            names = [term for term in terms.tolist() if words[term][0] == "="]
            names = names[-_SYMBOLS:]  # the newest words of the repository
            found = self.index.postings["content"].gather(names, self.at.touch)
            present = self._present(found, len(names)) > 0
            spread = present.sum(1)
            rare = np.where((spread > 1) & (spread <= _RARE), 1.0 / (spread + 1.0), 0.0)
            used = rare @ present
            used[anchor] = 0.0
            best = float(used.max(initial=0))
            if best > 0:
                total += self.probability[anchor] * used / best
        return total

    def _names(self) -> Floats:
        """Files that import the names which the likely files define, from anywhere.

        A package hands its names on, so their importers need not name the file.
        """
        total = self._nothing()
        for anchor in self.anchors[:_SYMBOL_ANCHORS].tolist():
            defined = self._terms_once(anchor, self.index.definition_terms)
            names = [
                (row, number)
                for row, term in enumerate(self._whole_names(defined)[-_NAMES:])
                for number in self.index.names_imported.get(term, ())
            ]
            if not names:
                continue
            found = self.index.postings["imports"].gather(
                [number for _, number in names], self.at.touch
            )
            # One row for each name, from however many modules it is imported.
            name = np.array([row for row, _ in names])
            found = replace(found, row=name[found.row])
            used = self._present(found, int(name[-1]) + 1) > 0
            spread = used.sum(1)
            rare = np.where((spread > 0) & (spread <= _RARE), 1.0 / (spread + 1.0), 0.0)
            share = rare @ used
            share[anchor] = 0.0
            total += self.probability[anchor] * share
        return total

    def _whole_names(self, terms: Ints) -> list[int]:
        """Terms of defined names without those that are only parts of longer ones."""
        words = self.index.words
        compounds = "\n".join(
            words[one] for one in terms.tolist() if words[one][0] == "="
        )
        return [
            one
            for one in terms.tolist()
            if words[one][0] == "=" or words[one] not in compounds
        ]

    def _terms_once(self, anchor: int, forward: tuple[Ints, NDArray[np.int32]]) -> Ints:
        """Terms of a field that a file's newest touches added or removed."""
        starts, terms = forward
        touches = self._touches_of(anchor)[-200:]
        touches = touches[self.index.main_touch[touches]]
        spans = [terms[starts[one] : starts[one + 1]] for one in touches.tolist()]
        if not spans:
            return np.zeros(0, np.int64)
        return np.unique(np.concatenate(spans)).astype(np.int64)

    def _present(self, found: Gathered, rows: int) -> Floats:
        file = self.index.touch_file[found.place]
        change = np.where(
            self.index.main_touch[found.place], found.plus - found.minus, 0.0
        )
        flat = totals(
            found.row * self.index.files + file, change, rows * self.index.files
        )
        return flat.reshape(rows, self.index.files)[:, self.files].clip(0)

    def _nothing(self) -> Floats:
        return np.zeros(len(self.files))
