"""Pull requests as tasks: what was asked, what came before, which files are the answer.

Read `pull_requests` and `instances` for the values everything else passes around,
`rows` for the published dataset's file format, `suite` for how rows and a repository
become instances, and `relating` for which pull requests may be context for which.
`repository` reads a git history without touching it: `git_program` runs git, `diffs`
reads what it says, `patches` what others wrote.

A suite is made by `mining` (over `commit_graph`, `branches`, `merge_messages` and
`tree_pairs`), `candidates` (enough files), a `judging` judge, and `clusters` or
`neighbours`; `suite_files` writes it, `suite_checks` doubts it, `paper_suite` rebuilds
the paper's. `errors` is what can go wrong. Nothing here runs a command of the
repository or knows a sandbox; only `obtaining`, `github` and `hub_dataset` reach a
network.
"""
