"""PyTorch Lightning on class folders: bf16, channels last, a DataLoader with two persistent workers."""

import sys

import lightning
import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

folder, (epochs, side, batch_size) = sys.argv[1], map(int, sys.argv[2:])
decode = [v2.PILToTensor(), v2.Resize((side, side), antialias=True)]
augment = [
    v2.RandomHorizontalFlip(),
    v2.RandomRotation(45),
    v2.ColorJitter(0.5, 0.5, 0.5, 0.1),
    v2.RandomGrayscale(0.1),
]
scale = [
    v2.ToDtype(torch.float32, scale=True),
    v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
]


class Classifier(lightning.LightningModule):
    def __init__(self, classes: int) -> None:
        super().__init__()
        net = torchvision.models.googlenet(
            weights=None, num_classes=classes, aux_logits=False, init_weights=True
        )
        self.net = net.to(memory_format=torch.channels_last)

    def loss(self, batch, prefix):
        photos, labels = batch
        outputs = self.net(photos.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(outputs.float(), labels)
        hits = (outputs.argmax(1) == labels).float().mean()
        self.log_dict({f"{prefix}_loss": loss, f"{prefix}_accuracy": hits}, on_epoch=True, on_step=False)
        return loss

    def training_step(self, batch, _):
        return self.loss(batch, "train")

    def validation_step(self, batch, _):
        self.loss(batch, "val")

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=0.001, weight_decay=0.00001, fused=True)


def loader(part: str, chain: list, shuffle: bool) -> DataLoader:
    photos = datasets.ImageFolder(f"{folder}/{part}", v2.Compose(chain))
    return DataLoader(photos, batch_size, shuffle=shuffle, num_workers=2, persistent_workers=True)


if __name__ == "__main__":
    train, val = loader("train", decode + augment + scale, True), loader("val", decode + scale, False)
    trainer = lightning.Trainer(
        max_epochs=epochs,
        precision="bf16-mixed",
        logger=False,
        enable_checkpointing=True,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Classifier(len(train.dataset.classes)), train, val)
    print(trainer.callback_metrics)
