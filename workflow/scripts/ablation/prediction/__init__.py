"""Weight files of runs and new photos come in; classes with confidences, and exports of networks, go out.

May import `ablation.training` (how validation photos were prepared), `ablation.results`, `ablation.networks`,
`ablation.photos` and `ablation.running`. The Snakefile does not import this package.
"""
