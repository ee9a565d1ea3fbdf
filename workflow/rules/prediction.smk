# After the study: new photos classified by what it trained, and networks for others. Nothing waits for it.
checkpoint choose:
    input:
        summary=f"{COMPARISON}/summary.csv",
    output:
        winner=f"{COMPARISON}/winner.txt",
    log:
        f"logs/choose/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("choose"),
        script=script("choose"),
    shell:
        "python {params.script:q} --summary {input.summary:q} --output {output.winner:q} > {log:q} 2>&1"


rule predict:
    input:
        runs=used,
        # Of the data set's own photos. Those of the user's are a parameter, as their data sets are.
        reading=of_networks.reading,
        photos=of_networks.made,
    output:
        predictions="results/predictions/{name}.csv",
        broken="results/predictions/{name}-broken.csv",
    log:
        "logs/predict/{name}.log",
    wildcard_constraints:
        name="[^/]+(?<!-broken)",
    conda:
        "../../envs/prediction.yaml"
    threads: PHOTO_THREADS
    resources:
        gpu=TRAINING_GPUS,
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("predict"),
        script=script("predict"),
        runs=predictions.run_words,
        # No input, as for the comparison.
        manifest=manifest,
        accuracy=of_networks.accuracy(),
        reading=predictions.reading_words,
        photos=of_networks.photos,
        stamp=of_networks.stamp,
    shell:
        "python {params.script:q} {params.runs:q} --manifest {params.manifest:q} {params.accuracy}"
        " {params.reading:q} --threads {threads} --output {output.predictions:q} -- {params.photos:q}"
        " > {log:q} 2>&1"


rule submit:
    # In the form of a competition.
    input:
        predictions="results/predictions/{name}.csv",
    output:
        submission="results/submissions/{name}.csv",
    log:
        "logs/submit/{name}.log",
    wildcard_constraints:
        name="[^/]+(?<!-broken)",
    conda:
        "../../envs/prediction.yaml"
    params:
        *code("submit"),
        script=script("submit"),
        template=of_networks.template(),
        stamp=of_networks.template_stamp(),
    shell:
        "python {params.script:q} --predictions {input.predictions:q} {params.template:q}"
        " --output {output.submission:q} > {log:q} 2>&1"


rule export:
    input:
        run=used_exported,
        pack=pack_exported,
    output:
        folder=directory("results/export/{model}"),
    log:
        "logs/export/{model}.log",
    wildcard_constraints:
        model="winner|[^/]+/seed[0-9]+(-fold[0-9]+)?",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=resources.export_memory,
        runtime=resources.photo_minutes,
    params:
        *code("export"),
        script=script("export"),
        dataset=STUDY.dataset.name,
    shell:
        "python {params.script:q} --run $(dirname {input.run[0]:q}) --pack $(dirname {input.pack:q})"
        " --dataset {params.dataset:q} --output {output.folder:q} > {log:q} 2>&1"


rule explain:
    # Of the study's winner. The summary names it, and not `choose`, after which Snakemake plans all anew. Neither
    # weights nor photos are inputs: what was deleted of them would be made again, and all trainings after it.
    input:
        summary=f"{COMPARISON}/summary.csv",
    output:
        figure=report(
            f"{COMPARISON}/{paths.ACTIVATIONS}",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": activations.TITLE},
        ),
    log:
        f"logs/explain/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=resources.explain_memory,
        runtime=resources.photo_minutes,
    params:
        *code("explain"),
        script=script("explain"),
        manifest=manifest,
        photos=of_networks.own_photos,
        caption=activations.CAPTION,
        runs=of_networks.first_runs,
    shell:
        "python {params.script:q} --summary {input.summary:q} --manifest {params.manifest:q}"
        " --photos {params.photos:q} --output {output.figure:q} > {log:q} 2>&1 <<'END'\n{params.runs}\nEND"


rule explain_run:
    input:
        runs=used_exported,
    output:
        folder=directory("results/explained/{model}"),
    log:
        "logs/explain/{model}.log",
    wildcard_constraints:
        model="winner|[^/]+/seed[0-9]+(-fold[0-9]+)?",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=resources.explain_memory,
        runtime=resources.photo_minutes,
    params:
        *code("explain"),
        script=script("explain"),
        run=predictions.run_words,
        manifest=manifest,
        photos=of_networks.own_photos,
        figure=paths.ACTIVATIONS,
    shell:
        "python {params.script:q} {params.run:q} --name {wildcards.model:q} --manifest {params.manifest:q}"
        " --photos {params.photos:q} --each {output.folder:q} --output {output.folder:q}/{params.figure}"
        " > {log:q} 2>&1"
