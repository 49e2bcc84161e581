"""Trajectories and answers in the forms that other programs read.

`turns` reads our events as a conversation, `atif` and `mini_swe_agent` write it as
their trajectories, `predictions` writes answers as SWE-bench's, and `writing` puts a
whole experiment into a folder.
"""
