"""What a person sees while Snakemake works, in place of its own pages: lines, and a live region below.

`view` makes `events` of Snakemake's log records and keeps a journal of them for `make watch`; `state` is what
they add up to, and `live` draws it. `steps` has the words, `plan` those of a dry run.
"""
