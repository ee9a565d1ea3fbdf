"""A network of each family, by which those of all families are tested."""

from __future__ import annotations

TORCHVISION = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet"),
    *("inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf"),
    *("regnet_y_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t"),
    *("swin_v2_t", "vgg11", "vgg11_bn", "vit_b_32", "wide_resnet50_2"),
)
TIMM = {
    "convolutional": (
        *("timm/resnet18", "seresnet18", "resnetv2_50", "timm/efficientnet_b0", "mobilenetv4_conv_small"),
        *("convnext_atto", "convnextv2_atto", "regnety_002", "densenetblur121d", "dla34", "dpn48b"),
        *("ghostnet_100", "hrnet_w18_small", "lcnet_050", "nf_regnet_b0", "repvgg_a0", "rexnet_100"),
        *("tinynet_e", "xception41", "hardcorenas_a", "fbnetc_100", "selecsls42b", "inception_next_atto"),
    ),
    "transformer": (
        *("vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "swin_tiny_patch4_window7_224"),
        *("swinv2_cr_tiny_ns_224", "beit_base_patch16_224", "cait_xxs24_224", "eva02_tiny_patch14_224"),
        *("pit_ti_224", "twins_svt_small", "xcit_nano_12_p16_224", "pvt_v2_b0", "mvitv2_tiny"),
        *("hiera_tiny_224", "crossvit_tiny_240", "volo_d1_224", "tnt_s_legacy_patch16_224"),
    ),
    "hybrid": (
        *("coatnet_nano_rw_224", "levit_128s", "mobilevit_xxs", "edgenext_xx_small", "efficientformer_l1"),
        *("fastvit_t8", "poolformer_s12", "efficientvit_b0", "maxvit_tiny_tf_224", "convit_tiny"),
        *("tiny_vit_5m_224", "visformer_tiny", "mixer_s32_224", "gmlp_ti16_224", "resmlp_12_224"),
        *("bat_resnext26ts", "botnet26t_256", "coat_lite_tiny"),
    ),
}
# Heads of several layers, or with more than one in a row.
HEADS = (
    "caformer_s18",
    "efficientvim_m1_dist",
    "levit_256d",
    "repvit_m1",
    "sequencer2d_s",
    "pit_ti_distilled_224",
)
NAMES = [*TORCHVISION, *(name for kind in TIMM.values() for name in kind)]
QUICK = ("squeezenet1_0", "mobilenet_v3_small", "timm/resnet18", "vit_tiny_patch16_224", "edgenext_xx_small")
