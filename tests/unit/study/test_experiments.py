"""From entries to experiments: lists expand, and networks get photos, edits and GPUs that suit them."""

from __future__ import annotations

from typing import Any

import pytest
from configs import DELETE, Where, change, load, one, refusal, small, specs

from ablation.networks.backbones import BACKBONES
from ablation.networks.edits import EDITS, ORIGINAL


def test_lists_expand_to_the_cross_product_in_the_fields_order() -> None:
    # The order of the keys in the file does not matter: the backbone comes first, then the others.
    entry = {
        "learning_rate": [0.1, 0.001],
        "augmentation": ["plain", "flipped"],
        "optimizer": "sgd",
        "backbone": ["resnet34", "alexnet"],
        "name": "x",
    }
    found = load(small(experiments=[entry])).experiments
    assert list(found) == [
        f"x-{backbone}-{augmentation}-{rate}"
        for backbone in ("resnet34", "alexnet")
        for augmentation in ("plain", "flipped")
        for rate in (0.1, 0.001)
    ]
    spec = found["x-alexnet-flipped-0.001"].spec
    assert (spec.backbone, spec.optimizer.learning_rate, len(spec.augmentation)) == ("alexnet", 0.001, 2)


def test_a_list_of_one_gives_its_value_as_the_name() -> None:
    assert list(load(one(name=DELETE, backbone=["vgg11"])).experiments) == ["vgg11"]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("architecture", [ORIGINAL, "softmax_output"]),
        ("weights", ["start", "net"]),
        ("optimizer", ["sgd", "adamw"]),
        ("momentum", [0.0, 0.5]),
        ("weight_decay", [0.0, 0.01]),
        ("image_size", [64, 96]),
        ("batch_size", [2, 3]),
        ("epochs", [1, 2]),
        ("patience", [1, 2]),
        ("precision", ["fp32", "bf16"]),
        ("gpus", [1, 2]),
        ("threads", [1, 2]),
        ("trains", ["all", "head"]),
        ("resize", ["squash", "crop", "pad"]),
        ("interpolation", ["bilinear", "lanczos"]),
        ("head", ["report", "linear"]),
        ("schedule", ["constant", "one_cycle", "cosine"]),
        ("warmup_epochs", [0, 1.5]),
        ("backbone_learning_rate", [0.001, 0.01]),
        ("layer_decay", [1, 0.75]),
        ("label_smoothing", [0, 0.1]),
        ("mixup", [0, 0.2]),
        ("cutmix", [0, 1]),
        ("ema_decay", [0, 0.99]),
        ("balance", ["none", "weights", "sampling"]),
    ],
)
def test_every_field_expands(field: str, values: list[Any]) -> None:
    found = specs(one(**{field: values}))
    assert list(found) == [f"one-{value}" for value in values]
    assert len(set(found.values())) == len(values)


def test_head_epochs_expand_and_count_only_where_they_decide() -> None:
    found = specs(one(trains="head_then_all", head_epochs=[1, 2]))
    assert list(found) == ["one-1", "one-2"]
    assert len(set(found.values())) == 2
    for trains in ("all", "head"):
        same = specs(one(trains=trains, head_epochs=[1, 2]))
        assert len(set(same.values())) == 1


@pytest.mark.parametrize("where", [("recipe",), ("experiments", 0)])
def test_a_head_needs_fewer_epochs_than_there_are(where: Where) -> None:
    config = change(one(trains="head_then_all", epochs=5), (*where, "head_epochs"), 5)
    key = "experiments[0].head_epochs" if where[0] == "experiments" else "recipe.head_epochs"
    assert refusal(config) == f"config: {key} is 5, but one trains for 5 epochs in all; give {key} fewer"
    load(change(config, (*where, "head_epochs"), 4))


def test_drops_of_the_rate_expand() -> None:
    found = load(one(schedule="step", step_epochs=[1, 2], step_factor=[0.1, 0.5])).experiments
    assert list(found) == ["one-1-0.1", "one-1-0.5", "one-2-0.1", "one-2-0.5"]
    values = found["one-2-0.5"].spec.optimizer
    assert (values.schedule, values.step_epochs, values.step_factor) == ("step", 2, 0.5)
    assert specs(one(schedule="step", step_epochs=2)) == specs(
        one(schedule="step", step_epochs=2, step_factor=0.1)
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"schedule": "one_cycle", "warmup_epochs": 1},
            "experiments[0].warmup_epochs is 1, but experiments[0].schedule is one_cycle, which rises by "
            "itself; write warmup_epochs: 0, or another schedule",
        ),
        (
            {"schedule": "step"},
            "experiments[0].schedule is step, but optimizers.sgd.step_epochs is missing; "
            "write the epochs between drops there",
        ),
        (
            {"step_factor": 0.5},
            "experiments[0].step_factor is 0.5, but optimizers.sgd.schedule is constant; "
            "write schedule: step, or leave out step_factor",
        ),
        (
            {"warmup_epochs": 5},
            "experiments[0].warmup_epochs is 5, but one has a schedule of 5 epochs; write fewer than that",
        ),
        (
            {"warmup_epochs": 2, "trains": "head_then_all", "head_epochs": 2},
            "experiments[0].warmup_epochs is 2, but one has a schedule of 2 epochs; write fewer than that",
        ),
        (
            {"schedule": "step", "step_epochs": 5},
            "experiments[0].step_epochs is 5, but one has a schedule of 5 epochs, in which the rate would "
            "never drop; write fewer than that",
        ),
        (
            {"layer_decay": 0.5, "trains": "head"},
            "experiments[0].layer_decay is 0.5, but of one the head alone trains; "
            "give experiments[0] trains: all, or leave out layer_decay",
        ),
        (
            {"backbone_learning_rate": 0.5, "trains": "head"},
            "experiments[0].backbone_learning_rate is 0.5, but of one the head alone trains; "
            "give experiments[0] trains: all, or leave out backbone_learning_rate",
        ),
        (
            {"cutmix": 1, "batch_size": 1},
            "experiments[0].cutmix is 1, but one has batches of one photo, with none to mix it with; "
            "give experiments[0] a batch_size of 2 or more, or cutmix: 0",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_means_nothing_together_is_refused(fields: dict[str, Any], told: str) -> None:
    assert refusal(one(**fields)) == f"config: {told}"


def test_an_optimizer_that_nothing_uses_is_checked_too() -> None:
    values = {"algorithm": "sgd", "learning_rate": 0.1, "step_epochs": 3}
    config = change(one(), ("optimizers", "other"), values)
    assert refusal(config).startswith(
        "config: optimizers.other.step_epochs is 3, but optimizers.other.schedule"
    )


def test_a_pretraining_may_not_warm_up_all_the_time() -> None:
    config = change(one(weights="learned", backbone="resnet34"), ("optimizers", "adamw", "warmup_epochs"), 2)
    told = "optimizers.adamw.warmup_epochs is 2, but weight_sources.learned of resnet34 has a schedule of 2"
    assert refusal(config) == f"config: {told} epochs; write fewer than that"
    load(change(config, ("weight_sources", "learned", "epochs"), 3))


@pytest.mark.parametrize("trains", ["head", "head_then_all"])
def test_an_edited_network_trains_as_a_whole(trains: str) -> None:
    config = one(architecture="fewer_layers", trains=trains, image_size=224)
    told = f"config: experiments[0].trains is {trains}, but one has an edit in what would be frozen"
    assert refusal(config) == f"{told}; give experiments[0] trains: all"


@pytest.mark.parametrize("where", [("recipe",), ("experiments", 0)])
def test_a_softmax_over_the_batch_needs_one_process(where: Where) -> None:
    config = change(one(architecture="softmax_output"), (*where, "gpus"), 2)
    key = "experiments[0].gpus" if where[0] == "experiments" else "recipe.gpus"
    told = f"config: {key} is 2, but one takes a softmax over the whole batch"
    assert refusal(config).startswith(told)
    assert refusal(config).endswith("give experiments[0] gpus: 1")
    load(change(config, ("experiments", 0, "gpus"), 1))
    load(change(one(architecture="softmax_classes"), (*where, "gpus"), 2))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_only_for_its_backbones(backbone: str, edit: str) -> None:
    config = one(backbone=backbone, architecture=edit, image_size=224)
    if backbone in EDITS[edit].backbones:
        assert load(config).experiments["one"].spec.architecture == edit
    else:
        message = refusal(config)
        assert "experiments[0].architecture" in message
        assert f"no known edit of {backbone}" in message
        assert "original" in message


def test_an_edit_may_need_larger_photos() -> None:
    assert "at least 191" in refusal(one(architecture="more_layers_wide", image_size=190))
    load(one(architecture="more_layers_wide", image_size=191))
    load(one(architecture="fewer_layers", image_size=32))


# --- networks beyond the report's --------------------------------------------------------------------


def test_names_of_networks_become_names_of_folders() -> None:
    names = ["timm/resnet18", "timm/vit_tiny_patch16_224", "mobilenet_v3_small", "alexnet"]
    found = load(one(name=DELETE, backbone=names)).experiments
    assert list(found) == [
        "timm-resnet18",
        "timm-vit_tiny_patch16_224",
        "mobilenet_v3_small",
        "alexnet",
    ]
    # A network has one name in specs, whatever the user calls it.
    backbones = [its.spec.backbone for its in found.values()]
    assert backbones == ["timm/resnet18", "vit_tiny_patch16_224", "mobilenet_v3_small", "alexnet"]
    assert [its.spec.head for its in found.values()] == ["linear", "linear", "linear", "report"]


def test_only_the_reports_networks_have_its_head() -> None:
    load(one(backbone="mobilenet_v3_small", head="linear"))
    message = refusal(one(backbone="mobilenet_v3_small", head="report"))
    assert "experiments[0].head is 'report'" in message
    assert message.endswith("write linear")


@pytest.mark.parametrize(
    ("backbone", "size", "told"),
    [
        ("maxvit_tiny_tf_224", 100, "takes photos of 224 pixels and steps of 32, as 128"),
        ("mixer_s32_224", 64, "takes photos of 224 pixels alone"),
        ("inception_v3", 64, "needs at least 107 pixels"),
    ],
)
def test_a_size_that_a_network_cannot_take(backbone: str, size: int, told: str) -> None:
    assert refusal(one(backbone=backbone, image_size=size)).endswith(f"but one {told}")
    for fits in {"maxvit_tiny_tf_224": (64, 128, 256), "mixer_s32_224": (224,)}.get(backbone, (107, 300)):
        load(one(backbone=backbone, image_size=fits))


def test_weights_of_networks_that_are_resized_are_trained_at_their_usual_size() -> None:
    config = one(backbone="vit_tiny_patch16_224", weights="learned", image_size=64)
    assert "takes photos of 224 pixels alone; give overrides.vit_tiny_patch16_224" in refusal(config)
    config["weight_sources"]["learned"]["overrides"] = {"timm/vit_tiny_patch16_224": {"image_size": 224}}
    load(config)


def test_statistics_are_frozen_where_photos_made_them() -> None:
    (found,) = load(one(weights="net", batch_norm="frozen")).experiments.values()
    (other,) = load(one(weights="net")).experiments.values()
    assert (found.spec.batch_norm, other.spec.batch_norm) == ("frozen", "trained")
    message = refusal(one(weights="start", batch_norm="frozen"))
    assert "batch_norm is frozen, but one starts from random weights" in message
    assert message.endswith("give experiments[0] batch_norm: trained, or other weights")
