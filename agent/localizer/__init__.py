"""Which files will a described change edit? Learned from a repository's own past.

Read `learning` for the one function that learns (`learn`), `localizer` for asking, and
`docs/localizer.md` for what it reaches. Below them, in the order of the pass: `git`,
`changes` and `diffs` read the history; `tokens`, `paths`, `journal` and `postings`
write it down; `index` is the result, `store` keeps it. For a query: `query` reads it,
`signals`, `standing` and `propagation` measure, `features` compare, `logistic` and
`prior` weigh, `estimate` joins them, `set_size` chooses, `evidence`, `excerpts` and
`symbols` explain. `examples` turns past changes into labelled ones. No language model,
no network.
"""

from agent.localizer.learning import learn
from agent.localizer.localizer import Candidate, Localizer, Prediction
from agent.localizer.set_size import SetPreference
from agent.localizer.store import IndexStore

__all__ = [
    "Candidate",
    "IndexStore",
    "Localizer",
    "Prediction",
    "SetPreference",
    "learn",
]
