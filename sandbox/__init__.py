"""Sealed checkouts, and disposable machines to run commands on them.

A sandbox is one repository at one commit with nothing of the future in it (`sealing`
builds and proves that) and nothing of the host (`docker_driver`, `local_driver`). Read
`contract` for what every driver keeps, `supervisor` for the small program that runs
commands on the other side of the one connection, `opening` for choosing a driver,
`proving` for what a seal promises, `changes` for how the host finds what was edited,
and `errors` for what can break. Nothing here knows a task, an agent or a model.
"""
