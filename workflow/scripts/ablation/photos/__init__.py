"""Photos, downloaded, unpacked or drawn, come in; a manifest, its duplicates and packs go out.

May import `ablation.running` alone, and never torch.
"""
