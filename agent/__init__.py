"""The coding agent: it sleeps over a repository, then answers with a small budget.

Read `model` for the seam to whatever thinks, `models` for what stands behind it,
`messages` and `usage` for its values, `loop` for a rollout, `tools` for what a step may
do, `sleep_phase` and `test_phase` for the two halves of the method (arXiv 2504.13171),
`learned_context` for what the first hands to the second, and `errors` for what can
break.
"""
