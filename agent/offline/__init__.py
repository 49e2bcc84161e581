"""The policy of the offline model: an agent without any language model.

It sees the conversation and the tools, like any model, and nothing else. `transcript`
reads a conversation back into what happened; `terms` finds what to look for in a
description; `evidence` gathers what observations say about files; `notes` is the
learned context that it writes and reads; `ranking` turns evidence into an answer;
`sleeping` and `testing` choose the next step of each phase; `counting` is the token
rule for its usage.
"""
