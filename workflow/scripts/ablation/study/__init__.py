"""A configuration (config.yaml) comes in, a checked study goes out: its specs, data sets and weight sources.

The Snakefile imports this package, once for every job on a cluster, so nothing here may import torch. Of the
library it takes `spec`, `running`, of `photos` the modules that look at folders, and of `networks` and
`training` the names and limits.
"""
