"""Every number of a report, counted anew from `results.jsonl` and what lies beside it.

Nothing of the statistics or of the report is imported: this follows docs/statistics.md,
by other means (lists of drawn units instead of weights, loops instead of matrices).
`rows` reads the run, `draws` resamples it; `points`, `differences`, `curves`,
`foresight`, `depth`, `dollars` and `particulars` each count a part of the page, as
numbers by their place; `page` puts them together and reads the places off a page.
"""
