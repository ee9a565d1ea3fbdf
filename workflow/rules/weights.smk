# Starting weights: one file for each source and backbone, made before any training that starts from it.
rule fetch_weights:
    output:
        weights=WEIGHTS,
    log:
        "logs/weights/{source}-{backbone}.log",
    wildcard_constraints:
        source=one_of(STUDY.weights_from("torchvision")),
    retries: 2
    conda:
        "../../envs/training.yaml"
    params:
        *code("fetch_weights", "networks/backbones"),
        script=script("fetch_weights"),
        version=version_of,
    shell:
        "python {params.script:q} --backbone {wildcards.backbone} --version {params.version}"
        " --output {output.weights:q} 3>&2 > {log:q} 2>&1"


rule convert_weights:
    input:
        given=given_file,
    output:
        weights=WEIGHTS,
    log:
        "logs/weights/{source}-{backbone}.log",
    wildcard_constraints:
        source=one_of(STUDY.weights_from("file")),
    conda:
        "../../envs/training.yaml"
    params:
        *code("convert_weights", "networks/backbones"),
        script=script("convert_weights"),
        stamp=given_stamp,
    shell:
        "python {params.script:q} --backbone {wildcards.backbone} --given {input.given:q}"
        " --output {output.weights:q} > {log:q} 2>&1"


rule pretrain:
    input:
        pack=pretraining_pack,
    output:
        weights=WEIGHTS,
        history="resources/weights/{source}/{backbone}.csv",
    log:
        "logs/weights/{source}-{backbone}.log",
    wildcard_constraints:
        source=one_of(STUDY.weights_from("pretraining")),
    priority: pretraining_priority
    conda:
        "../../envs/training.yaml"
    threads: TRAINING_THREADS
    resources:
        gpu=TRAINING_GPUS,
        mem_mb=pretraining_memory,
        runtime=pretraining_minutes,
    params:
        *code("pretrain", *TRAINING_CODE),
        script=script("pretrain"),
        spec=pretraining_spec,
    shell:
        "exec python {params.script:q} --spec {params.spec:q} --pack $(dirname {input.pack:q})"
        " --output {output.weights:q} --history {output.history:q} --threads {threads}"
        " 3>&2 > {log:q} 2>&1"
