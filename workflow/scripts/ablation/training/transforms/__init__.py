"""The transforms: torchvision's, batched, with parameters drawn for each photo.

Photos are float32 tensors N x 3 x H x W with values in 0..1. Each transform is a frozen dataclass whose
fields are its parameters in config.yaml. To add one, write a class and add a line to `TRANSFORMS` in `table`.
torch is imported inside functions because the Snakefile reads these modules to check config.yaml.
"""
