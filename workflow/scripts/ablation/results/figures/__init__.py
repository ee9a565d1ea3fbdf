"""The files of one run, or the table of all, come in; a picture (PNG) goes out.

To add a figure of a run, write its function in `run` and give it a name in `RUN_FIGURES`. To add one of a
study, say in `STUDY_FIGURES` of `study` what varies and what must be equal. The two do not import each other,
so that an edit of one kind makes no picture of the other stale; `canvas` has what both need. May import what
`ablation.results` may; matplotlib, numpy and pandas inside functions, since the Snakefile reads at every
start which figures there are.
"""
