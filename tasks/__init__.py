"""Pull requests as tasks: what was asked, what came before, which files are the answer.

Read `pull_requests` and `instances` for the values everything else passes around,
`rows` for the published dataset's file format, `repository` for reading a git history
without touching it, `relating` for which pull requests may be context for which, and
`errors` for what can go wrong. Nothing here runs a command of the repository, knows a
sandbox, or reaches the network.
"""
