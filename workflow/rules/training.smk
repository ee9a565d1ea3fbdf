# One run: train, evaluate, draw.
rule train:
    input:
        pack=pack_of,
        weights=starting_weights,
        script=script("train"),
        code=TRAINING_CODE,
    output:
        history=f"{RUN}/history.csv",
        weights=f"{RUN}/weights.safetensors",
        record=f"{RUN}/record.json",
        spec=f"{RUN}/spec.json",
        model=f"{RUN}/model.txt",
        outputs=f"{RUN}/outputs.npy",
    log:
        f"logs/train/{STUDY.dataset.name}/{{experiment}}-seed{{seed}}.log",
    priority: training_priority
    conda:
        "../../envs/training.yaml"
    threads: threads_of
    resources:
        gpu=gpus_of,
        # SLURM would give GPUs of several, and a run's processes share one.
        nodes=1,
        mem_mb=training_memory,
        runtime=training_minutes,
    params:
        spec=spec_of,
    shell:
        "exec python {input.script:q} --spec {params.spec:q} --pack $(dirname {input.pack:q})"
        " --weights {input.weights:q} --run $(dirname {output.history:q}) --threads {threads}"
        " 3>&2 > {log:q} 2>&1"


rule evaluate:
    input:
        pack=pack_index_of,
        outputs=f"{RUN}/outputs.npy",
        script=script("evaluate"),
        code=code("evaluation", "outputs", "pack"),
    output:
        predictions=f"{RUN}/predictions.csv",
        metrics=f"{RUN}/metrics.json",
    log:
        f"logs/evaluate/{STUDY.dataset.name}/{{experiment}}-seed{{seed}}.log",
    conda:
        "../../envs/data.yaml"
    shell:
        "python {input.script:q} --run $(dirname {input.outputs:q}) --pack $(dirname {input.pack:q})"
        " > {log:q} 2>&1"


rule draw_run:
    input:
        pack=pack_of,
        history=f"{RUN}/history.csv",
        predictions=f"{RUN}/predictions.csv",
        script=script("draw_run"),
        code=code("figures", "pack"),
    output:
        [f"{RUN}/{figure}.png" for figure in figures.RUN_FIGURES],
    log:
        f"logs/draw_run/{STUDY.dataset.name}/{{experiment}}-seed{{seed}}.log",
    conda:
        "../../envs/figures.yaml"
    shell:
        "python {input.script:q} --run $(dirname {input.history:q}) --pack $(dirname {input.pack:q})"
        " > {log:q} 2>&1"
