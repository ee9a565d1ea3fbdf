"""What Snakemake asks: in comes a checked study, out go names, stamps, needs and advice for rules and hooks.

May import everything of the library that does not import torch, and nothing of Snakemake: its objects come as
arguments. The Snakefile imports this package.
"""
