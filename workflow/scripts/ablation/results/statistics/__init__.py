"""Which photos were classified rightly comes in; intervals, differences and what may be the best go out.

`right` is a bool array of experiments x photos x runs, or of one experiment's photos x runs. A run is one
seed, under folds with all its folds: each photo has one prediction a run, of a network that has not seen it.
`folds` tells each photo's fold (integers, one a photo; None for one holdout). docs/statistics.md says what
each number means and how often it is right. May import numpy and scipy; `wilson` the standard
library only, since the Snakefile reads it.
"""
