"""What an experiment shows, how surely, and when it must not be believed.

Pure functions over observations, one a cell. Read `observations` for what is known of
a cell, `resampling` and `intervals` for where every interval comes from, `scores` for
means of an arm, `comparison` for two arms or two runs, `curves` for tokens at equal F1,
`amortisation` for the price of sleeping, `predictability`, `sampling` and `scaling` for
the paper's other figures, `conduct` for rollouts that looked where they must not, and
`summary` for all of it at once. numpy and scipy are imported here and nowhere above.
"""
