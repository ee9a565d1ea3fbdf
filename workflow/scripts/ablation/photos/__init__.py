"""Photos, downloaded, unpacked or drawn, come in; a manifest, its duplicates and packs go out.

Of the library it imports `ablation.running` alone, and it never imports torch.
"""
