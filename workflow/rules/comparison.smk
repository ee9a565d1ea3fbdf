# All runs of the study side by side: one row a run, one row an experiment, and figures.
rule collect:
    input:
        # What a training writes last.
        records=[f"{RUNS}/{run}/record.json" for run in STUDY.runs()],
    output:
        runs=f"{COMPARISON}/runs.csv",
        outcomes=f"{COMPARISON}/outcomes.npz",
        tested=f"{COMPARISON}/test_outcomes.npz",
    log:
        f"logs/collect/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("collect"),
        script=script("collect"),
        root=runs_folder,
        # No input: one that was deleted would be made again, and all trainings after it. Another split trains anew.
        manifest=manifest,
        study=STUDY.table(),
    # Standard input, because a large study does not fit a command line.
    shell:
        "python {params.script:q} --runs {params.root:q} --manifest {params.manifest:q}"
        " --output {output.runs:q} > {log:q} 2>&1 <<'END'\n{params.study}\nEND"


rule summarize:
    input:
        runs=f"{COMPARISON}/runs.csv",
        outcomes=[f"{COMPARISON}/outcomes.npz", f"{COMPARISON}/test_outcomes.npz"],
        published=PUBLISHED,
    output:
        summary=report(f"{COMPARISON}/summary.csv", category="Tables"),
        comparisons=report(f"{COMPARISON}/comparisons.csv", category="Tables"),
    log:
        f"logs/summarize/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("summarize"),
        script=script("summarize"),
        families=families_of_study,
    shell:
        "python {params.script:q} --runs {input.runs:q} --published {input.published:q}"
        " --output {output.summary:q} --comparisons {output.comparisons:q}"
        " > {log:q} 2>&1 <<'END'\n{params.families}\nEND"


rule answer:
    input:
        summary=f"{COMPARISON}/summary.csv",
        comparisons=f"{COMPARISON}/comparisons.csv",
    output:
        answer=report(f"{COMPARISON}/answer.md", category="Answer"),
    log:
        f"logs/answer/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("answer"),
        script=script("answer"),
    shell:
        "python {params.script:q} --summary {input.summary:q} --comparisons {input.comparisons:q}"
        " --output {output.answer:q} > {log:q} 2>&1"


rule find:
    # The conclusions of the report, judged by this study.
    input:
        runs=f"{COMPARISON}/runs.csv",
        outcomes=f"{COMPARISON}/outcomes.npz",
        published=PUBLISHED,
    output:
        findings=report(f"{COMPARISON}/findings.csv", category="Findings"),
        page=report(f"{COMPARISON}/findings.md", category="Findings"),
    log:
        f"logs/find/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("find"),
        script=script("find"),
        drawn="--drawn" if STUDY.dataset.source == "drawn" else "",
        weights=STUDY.weights_in_words(),
    shell:
        "python {params.script:q} --runs {input.runs:q} --outcomes {input.outcomes:q}"
        " --published {input.published:q} {params.drawn} --weights {params.weights:q}"
        " --output {output.findings:q} > {log:q} 2>&1"


rule suspect:
    input:
        outcomes=f"{COMPARISON}/outcomes.npz",
    output:
        suspects=report(f"{COMPARISON}/suspects.csv", category="Suspects"),
    log:
        f"logs/suspect/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("suspect"),
        script=script("suspect"),
    shell:
        "python {params.script:q} --outcomes {input.outcomes:q} --output {output.suspects:q} > {log:q} 2>&1"


rule compare:
    input:
        summary=f"{COMPARISON}/summary.csv",
        comparisons=comparisons_for,
    output:
        figure=report(
            f"{COMPARISON}/{{figure}}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels=labels_of,
        ),
        # For print.
        drawing=f"{COMPARISON}/{{figure}}.svg",
    log:
        f"logs/compare/{STUDY.dataset.name}-{STUDY.name}-{{figure}}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("compare"),
        its=lambda wildcards: code_of_figure(wildcards.figure),
        script=script("compare"),
        families=families_of_study,
        comparisons=lambda _, input: "--comparisons" if input.comparisons else "",
        grid=grid_for,
        caption=caption_of,
    shell:
        "python {params.script:q} --summary {input.summary:q} {params.comparisons} {input.comparisons:q}"
        " --figure {wildcards.figure} --grid {params.grid} --output {output.figure:q}"
        " > {log:q} 2>&1 <<'END'\n{params.families}\nEND"


rule show_suspects:
    # The pack is no input: one that was deleted would be made again, and all trainings after it.
    input:
        summary=f"{COMPARISON}/summary.csv",
        suspects=f"{COMPARISON}/suspects.csv",
    output:
        figure=report(
            f"{COMPARISON}/suspects.png",
            caption="../report/figure.rst",
            category="Suspects",
            labels={"figure": STUDY_FIGURES["suspects"].title},
        ),
    log:
        f"logs/show_suspects/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("compare"),
        its=code_of_figure("suspects"),
        script=script("compare"),
        pack=first_pack(),
        caption=STUDY_FIGURES["suspects"].caption,
    shell:
        "python {params.script:q} --summary {input.summary:q} --suspects {input.suspects:q}"
        " --pack {params.pack:q} --figure suspects --output {output.figure:q} > {log:q} 2>&1 < /dev/null"


rule show_rungs:
    # After a training, which needs the pack; that is no input here, as above.
    input:
        record=f"{RUNS}/{STUDY.runs()[0]}/record.json",
    output:
        figure=report(
            f"{COMPARISON}/rungs.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": STUDY_FIGURES["rungs"].title},
        ),
    log:
        f"logs/show_rungs/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/rungs.yaml"
    params:
        *code("rungs"),
        its=code_of_figure("rungs"),
        chosen=code_of_augmentations(),
        script=script("rungs"),
        pack=first_pack(),
        rungs=STUDY.rungs(),
        caption=STUDY_FIGURES["rungs"].caption,
    shell:
        "python {params.script:q} --pack {params.pack:q} --output {output.figure:q}"
        " > {log:q} 2>&1 <<'END'\n{params.rungs}\nEND"


rule latest:
    # The table and the answer of this study under names that do not change: both, so that they are of one study.
    input:
        summary=f"{COMPARISON}/summary.csv",
        answer=f"{COMPARISON}/answer.md",
    output:
        summary=paths.SUMMARY,
        answer=paths.ANSWER,
    log:
        "logs/latest.log",
    conda:
        "../../envs/figures.yaml"
    # By way of other names, because cp leaves half a table when it is killed or the disk is full.
    shell:
        "{{ cp {input.summary:q} {output.summary:q}.part && cp {input.answer:q} {output.answer:q}.part &&"
        " mv {output.summary:q}.part {output.summary:q} && mv {output.answer:q}.part {output.answer:q}; }}"
        " 2> {log:q} || {{ rm -f {output.summary:q}.part {output.answer:q}.part; exit 1; }}"
