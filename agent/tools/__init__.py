"""What an agent can do in a step.

`tool` is the contract of one tool, `arguments` checks a call against its JSON schema,
and `toolbox` runs a reply's calls and turns everything that is wrong with one into an
observation. The tools themselves: `reading` (list_files, search, open_file), `shell`
(run_command), `editing` (edit_file), `answering` (propose_files, submit), `memory`
(rethink_memory, finish_rethinking_memory). `tree` knows the files of the base commit.
"""
