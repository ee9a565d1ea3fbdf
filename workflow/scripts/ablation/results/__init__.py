"""What a training left comes in; a run's predictions and figures, and a study's tables and figures, go out.

May import `ablation.running`, `ablation.photos`, and of `ablation.networks.edits` the name of a network
without an edit: never torch, nor `ablation.training`.
"""
