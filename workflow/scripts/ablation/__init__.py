"""Few-shot image classification ablations: the library that the workflow's stages call."""
