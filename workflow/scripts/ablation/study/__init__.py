"""A configuration (config.yaml) comes in, a checked study goes out: its specs, data sets and weight sources.

May import `spec`, `running`, of `photos` what looks at folders and the limit of an archive, and of
`networks` and `training` names and limits: nothing that imports torch, since the Snakefile imports this
package, once for every job on a cluster.
"""
