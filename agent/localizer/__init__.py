"""Which files will a described change edit? Learned from a repository's own past.

Read `learning` for the one function that learns (`learn`), `localizer` for asking, and
`docs/localizer.md` for what it reaches. Below them, in the order of the pass: `git`,
`changes`, `branches`, `heads`, `history` and `diffs` read the history; `tokens`,
`paths`, `journal` and `postings` write it down; `index` is the result, `store` keeps
it. For a query: `query` reads it, `signals`, `mentions`, `united`, `standing`,
`asking`, `propagation` and `track_record` measure, `features` compare, `logistic`,
`network` and `prior` weigh, `estimate` joins them, `set_size` chooses, `evidence`,
`excerpts` and `symbols` explain. `examples` turns past changes into labelled ones,
`practice` asks them, `teaching` learns from the answers. No language model, no network
connection.
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
