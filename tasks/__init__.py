"""Pull requests as tasks: what was asked, what came before, which files are the answer.

Read `pull_requests` and `instances` for the values everything else passes around,
`rows` for the published dataset's file format, `suite` for how rows and a repository
become instances, `relating` for which pull requests may be context for which,
`repository` for reading a git history without touching it (`git_program` runs git,
`diffs` reads what it says, `patches` what others wrote), and `errors` for what can go
wrong. Nothing here runs a command of the repository or knows a sandbox; only
`obtaining` reaches the network, for a repository that is named by a URL.
"""
