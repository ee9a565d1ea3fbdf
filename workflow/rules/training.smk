# One run: train, evaluate. And which there are.
rule train:
    input:
        pack=of_run.pack,
        weights=of_run.weights,
    output:
        # Not spec.json and model.txt, which are for people: planning takes longer for each output.
        history=f"{RUN}/history.csv",
        weights=f"{RUN}/weights.safetensors",
        record=f"{RUN}/record.json",
        outputs=f"{RUN}/outputs.npy",
    log:
        f"logs/train/{STUDY.dataset.name}/{{run}}-seed{{seed}}{{fold}}.log",
    priority: of_run.priority
    conda:
        "../../envs/training.yaml"
    # For Snakemake to count. The training has the threads of its spec, whatever cores there are.
    threads: of_run.threads
    resources:
        gpu=of_run.gpus,
        # SLURM would give GPUs of several, and a run's processes share one.
        nodes=1,
        mem_mb=memory_of,
        runtime=minutes_of,
    params:
        *code("train"),
        chosen=code_of,
        script=script("train"),
        spec=spec_of,
    shell:
        "exec python {params.script:q} --spec {params.spec:q} --pack $(dirname {input.pack:q})"
        " --weights {input.weights:q} --run $(dirname {output.history:q})"
        " > {log:q} 2>&1"


rule evaluate:
    # For people: the comparison reads what the training left.
    input:
        pack=of_run.pack,
        history=f"{RUN}/history.csv",
        record=f"{RUN}/record.json",
        outputs=f"{RUN}/outputs.npy",
    output:
        predictions=f"{RUN}/predictions.csv",
        # Not the SVG beside each chart: planning takes longer for each output.
        figures=[
            report(
                f"{RUN}/{name}.png",
                caption=f"../report/{name if name in RUN_FIGURES.own else 'own'}.rst",
                category="Runs",
                subcategory=experiment_of,
                labels={"figure": figure.title, "seed": "{seed}{fold}"},
            )
            for name, figure in RUN_FIGURES.items()
        ],
    log:
        f"logs/evaluate/{STUDY.dataset.name}/{{run}}-seed{{seed}}{{fold}}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("evaluate"),
        *library.of_plugins("RUN_FIGURES"),
        script=script("evaluate"),
        # Of all figures of the user's own, for there is one text for them.
        caption=captions_of_own(),
    shell:
        "python {params.script:q} --run $(dirname {input.outputs:q}) --pack $(dirname {input.pack:q})"
        " > {log:q} 2>&1"


rule list:
    # The experiments of the study, said at the end (onsuccess) as `check` is.
    log:
        "logs/list.log",
    conda:
        "../../envs/data.yaml"
    shell:
        ": 2> {log:q}"
