"""What the columns of runs.csv and summary.csv are, and their order.

In runs.csv they are of one run, in summary.csv averages over an experiment's runs that did not fail. Losses
are cross-entropies in nats, accuracies and macro-F1 from 0 to 1; those without a prefix are of the epoch with
the lowest validation loss, the first of ties. docs/reference.md is written from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Columns:
    """The columns of both tables."""

    experiment: str
    """The experiment's name."""
    label: str
    """What figures call it."""
    backbone: str
    """The network."""
    architecture: str
    """The edit of it, or `original`."""
    augmentation: str
    """The name of the augmentation."""
    optimizer: str
    """The name of the optimizer."""
    weights: str
    """The name of the starting weights' source."""
    image_size: int
    """The side of the square photos in pixels."""
    batch_size: int
    """Photos in a step."""
    learning_rate: float
    """The highest of the schedule."""
    study: str
    """The study's name."""
    data_set: str
    """The data set's name."""
    folder: str
    """The folder under results/runs/<data set> in which its runs lie: named after what they are, so that
    every study and experiment that has them finds them."""
    seed: int
    """The run's seed."""
    fold: int | None
    """Which of the folds validates, from 1; empty for one holdout."""
    seeds: int
    """How many seeds the row averages: those of which no run failed."""
    accuracy: float
    """The share of photos that are right, of all its runs: of the test set where there is one, else of those
    that validated. Experiments are judged by this. Empty, as all to `corrected_high`, where the manifest was
    deleted."""
    accuracy_low: float
    """The lower end of its 95% interval."""
    accuracy_high: float
    """The upper end."""
    accuracy_sd: float | None
    """The standard deviation over runs; empty for one."""
    interval: str
    """`wilson`: of one run, about that network on new photos (Wilson 1927). `crossed`: of several, about the
    recipe, on new photos and in new runs (docs/statistics.md)."""
    judged_on: str
    """`test`, `validation`, or `folds`: each photo by a network that has not seen it. The last two chose the
    epoch too, and are a little too high for that."""
    photos: int
    """How many photos judge."""
    could_be_best: str
    """`yes` or `no`: those with yes cannot be told from the best, and the truly best one is among them in
    95 of 100 studies."""
    p_best: float
    """How often it is the best when photos and runs are drawn again (bootstrap); of all together 1."""
    corrected_accuracy: float | None
    """Of the best alone: what to expect of it on new photos, corrected for having been chosen (bootstrap bias
    correction, Tsamardinos et al. 2018)."""
    corrected_low: float | None
    """The lower end of its 95% interval."""
    corrected_high: float | None
    """The upper end."""
    reason: str | None
    """Why the run failed; of several seeds, which. Empty where none did."""
    parameters: float
    """Trainable parameters of the network."""
    ended: str
    """`early_stop` (patience), `epoch_limit`, `interrupted` (ended by hand) or `failed`; in a summary of each
    run, in the order of the seeds."""
    epochs: float
    """How many epochs it trained."""
    best_epoch: float
    """The epoch with the lowest validation loss, the first of ties; from 1."""
    train_photos: float
    """How many photos trained it."""
    train_loss: float
    """The loss that trained, in that epoch: running over it, with augmentation and dropout."""
    train_accuracy: float
    """The share of training photos that were right in that epoch, likewise."""
    val_loss: float
    """Of that epoch's weights: the cross-entropy of the validation photos."""
    val_accuracy: float
    """Of that epoch's weights: the share of validation photos that are right."""
    balanced_accuracy: float
    """Of that epoch's weights: the mean over classes of the share of a class's validation photos that are
    right (recall), as scikit-learn's `balanced_accuracy_score`. A class counts as much as another, however
    many photos it has."""
    macro_f1: float
    """Of that epoch's weights: the mean of F1 over the classes that are some validation photo's or guessed of
    one, as scikit-learn's `f1_score(average="macro", zero_division=0)`."""
    temperature: float
    """What the outputs are to be divided by for the lowest cross-entropy of the validation photos (Guo et al.
    2017), which predictions do. Above 1 the network was too sure. It is 1 where all of them are right."""
    ece: float
    """The expected calibration error, 0..1, of the photos that judge, by the network's own confidences: how
    far these and the share of photos that are right are apart, averaged over 15 bins. Of few photos most of
    it is chance."""
    calibrated_ece: float
    """Likewise with the temperature; a little too low where validation photos, which chose that, judge."""
    commonest_accuracy: float
    """What always guessing the commonest class would score: the share of validation photos in the class with
    the most training photos, the first of ties."""
    commonest_class: str
    """The class of `commonest_accuracy`."""
    last_train_accuracy: float
    """`train_accuracy` of the last epoch."""
    last_val_loss: float
    """`val_loss` of the last epoch."""
    last_val_accuracy: float
    """`val_accuracy` of the last epoch."""
    best_val_accuracy: float
    """The highest of any epoch: optimistic, since the photos chose it."""
    nested_val_accuracy: float | None
    """Under folds: at the epoch that the other folds' losses choose, so that no photo chooses the epoch by
    which it is scored; empty for one holdout."""
    train_seconds: float
    """Wall time of all epochs, validating included."""
    images_per_second: float
    """Training photos a second, without validating."""
    peak_host_mib: float
    """The most memory that the training's processes had resident, added up where there are several, in MiB;
    with the pages of the pack's file that they used."""
    peak_device_mib: float
    """The most GPU memory that PyTorch had given out, added up over `gpus`, in MiB; empty on a CPU."""
    host_joules: float
    """Energy while it trained, of all the machine's processor packages and their memory (RAPL), with what
    else ran on them. Empty where the hardware counts none, or the system lets only root read it (the log says
    so)."""
    device_joules: float
    """Energy while it trained, of the machine's GPUs that it used (NVML), likewise; empty on a CPU."""
    test_loss: float
    """The cross-entropy of the test set, which neither trained nor chose an epoch; empty without one."""
    test_accuracy: float
    """The share of the test set that is right, likewise."""
    test_photos: float
    """How many photos it has."""
    val_photos: int
    """How many photos validated."""
    classes: int
    """How many classes there are."""
    published_val_loss: float
    """The published validation loss, where the data set names a `published` file."""
    published_val_accuracy: float
    """The published validation accuracy, likewise."""


# What a run took beside time, as its record has it.
COST = ("peak_host_mib", "peak_device_mib", "host_joules", "device_joules")
RUNS = (
    *("experiment", "label", "backbone", "architecture", "augmentation", "optimizer", "weights"),
    *(
        "image_size",
        "batch_size",
        "learning_rate",
        "study",
        "data_set",
        "folder",
        "seed",
        "fold",
        "reason",
        "parameters",
        "ended",
        "epochs",
        "best_epoch",
    ),
    *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("last_train_accuracy", "last_val_loss", "last_val_accuracy"),
    *("best_val_accuracy", "nested_val_accuracy"),
    *("train_seconds", "images_per_second", *COST, "train_photos", "val_photos", "classes"),
    *("balanced_accuracy", "macro_f1", "temperature", "ece", "calibrated_ece"),
    *("commonest_accuracy", "commonest_class"),
    *("test_loss", "test_accuracy", "test_photos"),
)
SUMMARY = (
    *("experiment", "label", "backbone", "architecture", "augmentation", "optimizer", "weights"),
    *("image_size", "batch_size", "learning_rate", "seeds"),
    *("accuracy", "accuracy_low", "accuracy_high", "accuracy_sd", "interval", "judged_on", "photos"),
    *("could_be_best", "p_best", "corrected_accuracy", "corrected_low", "corrected_high"),
    *("parameters", "epochs", "best_epoch", "train_photos"),
    *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
    *("balanced_accuracy", "macro_f1", "commonest_accuracy", "temperature", "ece", "calibrated_ece"),
    *("last_train_accuracy", "last_val_loss", "last_val_accuracy"),
    *("best_val_accuracy", "nested_val_accuracy"),
    *("test_loss", "test_accuracy"),
    *("train_seconds", "images_per_second", *COST, "published_val_loss", "published_val_accuracy"),
    *("ended", "reason", "study", "data_set", "folder"),
)
