"""Few-shot image classification ablations: the library that the workflow calls, a package for each stage.

In the order in which a study goes through them: `study` (configuration to checked specs), `photos` (to
packs), `networks` (names and weight files to networks), `training` (pack, network and spec to history and
weights), `results` (histories and outputs to tables and figures); around them `running` (a process and its
surroundings) and `chain` (what Snakemake asks). `spec` is what one training is. pyproject.toml says which
may import which.
"""
