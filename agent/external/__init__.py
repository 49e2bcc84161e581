"""Other people's coding agents, attempted like our own and scored by the same host.

`command` says what an agent's command line is (`agents.yaml` has the ready-made ones),
`attempt` lets one work against a sandbox, `process` runs its program, `tree_copy` takes
the checkout out of the sandbox and the changes back in, `placed_context` lends it what
was learned, `walls` and `gateway` keep the agent from everything but its model, and
`records` reads steps and tokens from what the agent wrote about itself.
"""
