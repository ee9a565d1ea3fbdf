"""The table of all networks: that it is of all, and what the command that makes it says anew."""

from __future__ import annotations

import random

import pytest
import timm
import torchvision
from configs import load, small

import measure_networks
from ablation.networks import backbones, needs
from ablation.networks.backbones import BACKBONES, TIMM
from ablation.running.errors import UserError
from places import SCRIPTS

# Encoders of larger networks without a layer of classes, and those of photos that are not square.
LEFT_OUT = (
    *("deepseek_vit_412m_enc", "gemma4_vit_167m_enc", "gemma4_vit_570m_enc", "mobilenetv5_300m_enc"),
    *("qwen3_vit_306m_enc", "qwen3_vit_416m_enc", "qwen3_vit_88m_enc", "vit_5b_patch16_sapiens2"),
    *("vit_base_patch16_sapiens2", "vit_giant_patch16_sapiens2", "vit_huge_patch16_sapiens2"),
    "vit_large_patch16_sapiens2",
)
LINES = backbones.lines()
TORCHVISIONS = set(torchvision.models.list_models(module=torchvision.models))
# Convolutional, transformers, hybrids and mixers; of fixed sizes and not, of steps, of two photos at least.
SAMPLE = (
    *("mobilenet_v3_small", "squeezenet1_1", "inception_v3", "vit_b_32", "maxvit_t", "timm/resnet18"),
    *("vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "coatnet_0_rw_224", "levit_128s"),
    *("mixer_s32_224", "lcnet_050", "mobilevit_xxs"),
)
RANDOM = random.Random(0).sample(sorted(LINES), 12)


def test_a_sample_is_measured_as_it_stands_there() -> None:
    for name in SAMPLE[:8:3]:
        assert measure_networks.row(name) == (name, LINES[name], "")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SAMPLE, *RANDOM])
def test_every_line_is_measured_as_it_stands_there(name: str) -> None:
    assert measure_networks.row(name) == (name, LINES[name], "")


def test_torchvisions_networks_are_all_there() -> None:
    assert {name for name in LINES if backbones.row_of(name).library == "torchvision"} == (
        TORCHVISIONS - BACKBONES.keys()
    )


def test_timms_networks_are_there_but_for_those_that_cannot_be_trained() -> None:
    names = {name.removeprefix(TIMM) for name in LINES if backbones.row_of(name).library == "timm"}
    assert names | set(LEFT_OUT) == set(timm.list_models())
    assert not names & set(LEFT_OUT)
    for name in LEFT_OUT[:1] + LEFT_OUT[-1:]:
        assert "ValueError" in measure_networks.row(name)[2]


def test_only_names_that_both_have_carry_the_librarys() -> None:
    both = TORCHVISIONS & set(timm.list_models())
    assert {name.removeprefix(TIMM) for name in LINES if name.startswith(TIMM)} <= both
    assert not BACKBONES.keys() & LINES.keys()


def test_lines_are_in_order_and_say_what_they_are_read_as() -> None:
    text = (SCRIPTS / "ablation/networks/networks.csv").read_bytes().decode("ascii")
    header, *lines = text.splitlines()
    assert header.split(",") == list(backbones.COLUMNS)
    assert lines == list(LINES.values())
    assert list(LINES) == sorted(LINES)
    assert text == "".join(f"{line}\n" for line in (header, *lines))
    for name, line in LINES.items():
        assert backbones.to_line(name, backbones.from_line(line)) == line


def test_what_a_line_says_is_possible() -> None:
    for name in LINES:
        its = backbones.row_of(name)
        assert 32 <= its.minimum_size <= its.usual_size
        assert its.parameters > 0 < its.multiplications
        assert its.activations >= 700
        assert needs.wrong_size(name, "original", its.usual_size) is None
        assert needs.wrong_size(name, "original", its.minimum_size - 1) is not None
        mean, std = needs.normalisation(name)
        assert len(mean) == len(std) == 3
        assert 0 < min(std) <= max(std) <= 1


def test_the_reports_networks_are_normalised_as_imagenets_photos() -> None:
    for name in BACKBONES:
        assert needs.normalisation(name) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("resnet50", "resnet50"),
        ("timm/resnet50", "timm/resnet50"),
        ("vit_tiny_patch16_224", "vit_tiny_patch16_224"),
        ("timm/vit_tiny_patch16_224", "vit_tiny_patch16_224"),
        ("timm/alexnet", "timm/alexnet"),
        ("timm/swin_t", "timm/swin_t"),
    ],
)
def test_a_network_has_one_name(name: str, plain: str) -> None:
    assert backbones.plain(name) == plain
    # timm has neither of the last two.
    assert backbones.exists(plain) == (name not in ("timm/alexnet", "timm/swin_t"))


def test_an_unknown_name_is_told_the_nearest_and_where_all_are() -> None:
    with pytest.raises(UserError, match=r"'resnet5O'.*'resnet50'.*networks\.csv") as caught:
        backbones.row_of("resnet5O")
    assert len(str(caught.value)) < 400


def test_studies_of_the_report_do_not_read_the_table() -> None:
    backbones.lines.cache_clear()
    load(small())
    assert backbones.lines.cache_info().currsize == 0
