"""What a training left comes in; a run's predictions and figures, and a study's tables and figures, go out.

Of the library it imports `ablation.running`, `ablation.spec`, of `ablation.photos` the pack's index, and of
`ablation.networks.edits` the name of a network without an edit: never torch, nor `ablation.training`.
"""
