"""A network, a pack and a spec come in; a history, the best weights and their outputs go out.

May import `ablation.networks` (of which only tables and names are needed), `ablation.photos` (the pack),
`ablation.running` and `ablation.spec`. The transforms and the provenance import no torch.
"""
