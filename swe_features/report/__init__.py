"""Reports: an experiment as a page to click through, figures, tables and files.

`content` gathers what a report says: `overview`, `analyses` and `costs` the numbers,
`evidence` the cells and pull requests behind them, `attachments` the large texts
(trajectories, learned contexts) in a compressed form. `page` writes it as one HTML file
out of `static/`, `tables` as CSV, LaTeX and Markdown, `figures` draws PNG and SVG,
`writing` does all of it, `live` serves the page while a run goes on. `withholding`
leaves out all texts, for a report that is to be shared, and `disguises` shows marks
that would make text look like other text.
"""
