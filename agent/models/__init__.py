"""Whatever thinks, behind the seam of `agent.model`.

`loading` makes a model of a name: the offline policy, a recording, or all that litellm
names. Of the last, `litellm_model` asks and asks again, `options` says what can be set,
`faults` and `error_answers` what an error means, `rate_limits` when a request may go
out, `capabilities` and `prices` what is known of a model. `chat_completions`,
`text_protocol`, `cache_markers` and `streams` are about the form in which requests and
replies go over the wire; `recording` writes them down and replays them.
"""
