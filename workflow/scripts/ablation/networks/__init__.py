"""Names and weight files come in, networks go out: with heads for the user's classes, and edited.

May import `ablation.running`. The tables of backbones and edits, and what these need, import no torch.
"""
