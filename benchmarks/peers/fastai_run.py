"""fastai on class folders: its own augmentations on whole batches, channels last, bf16 where it takes it."""

import sys

import torch
import torchvision
from fastai.callback.channelslast import ChannelsLast
from fastai.vision.all import (
    ImageDataLoaders,
    Learner,
    Normalize,
    OptimWrapper,
    Resize,
    ResizeMethod,
    accuracy,
    aug_transforms,
    imagenet_stats,
    partial,
)

folder, (epochs, side, batch) = sys.argv[1], map(int, sys.argv[2:])

if __name__ == "__main__":
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batches = ImageDataLoaders.from_folder(
        folder,
        train="train",
        valid="val",
        item_tfms=Resize(side, method=ResizeMethod.Squish),
        batch_tfms=[*aug_transforms(max_rotate=45, max_lighting=0.5), Normalize.from_stats(*imagenet_stats)],
        bs=batch,
        num_workers=2,
        device=device,
    )
    net = torchvision.models.googlenet(
        weights=None, num_classes=batches.c, aux_logits=False, init_weights=True
    )
    optimizer = partial(OptimWrapper, opt=torch.optim.AdamW, fused=True)
    learn = Learner(batches, net, opt_func=optimizer, metrics=accuracy, wd=0.00001, cbs=[ChannelsLast()])
    if device == "cuda":
        learn = learn.to_bf16()
    learn.fit(epochs, 0.001)
