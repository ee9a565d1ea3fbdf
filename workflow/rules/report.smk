# The page of a study: what it found, in one file for people.
rule report:
    input:
        tables=[
            f"{COMPARISON}/{name}"
            for name in (
                "answer.md",
                "summary.csv",
                "comparisons.csv",
                "findings.csv",
                "suspects.csv",
                "runs.csv",
            )
        ],
        figures=comparison_figures(),
        # What is made last of each run's pictures.
        runs=[f"{RUNS}/{run}/predictions.csv" for run in STUDY.runs()],
        card=paths.CHECK.format(dataset=STUDY.dataset.name),
    output:
        page=report(
            f"{COMPARISON}/report.html",
            category="Report",
            labels={"what": "the study's own page"},
        ),
    log:
        f"logs/report/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("report"),
        *library.texts("ablation/results/report"),
        script=script("report"),
        runs=runs_folder,
        logs=f"{PREFIX}logs/train/{STUDY.dataset.name}",
        graph=f"{SCRIPTS}/ablation/results/report/graph.svg",
        study=reproduction.described(
            STUDY, TYPED, workflow.configfiles, comparison_figures()
        ),
    # Standard input, because a configuration may be larger than a command line.
    shell:
        "python {params.script:q} --comparison $(dirname {output.page:q}) --runs {params.runs:q}"
        " --logs {params.logs:q} --card $(dirname {input.card:q}) --graph {params.graph:q}"
        " --output {output.page:q} > {log:q} 2>&1 <<'END'\n{params.study}\nEND"


rule latest_report:
    # Under a name that does not change, as the table and the answer.
    input:
        page=f"{COMPARISON}/report.html",
    output:
        page=paths.REPORT,
    log:
        "logs/latest_report.log",
    conda:
        "../../envs/figures.yaml"
    shell:
        "{{ cp {input.page:q} {output.page:q}.part && mv {output.page:q}.part {output.page:q}; }} 2> {log:q}"
        " || {{ rm -f {output.page:q}.part; exit 1; }}"


rule crate:
    # For others to check: what ran on what. Nobody waits for it: snakemake crate
    input:
        page=f"{COMPARISON}/report.html",
    output:
        crate=f"{COMPARISON}/crate.zip",
    log:
        f"logs/crate/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/figures.yaml"
    params:
        *code("crate"),
        script=script("crate"),
        runs=runs_folder,
        manifest=manifest,
        study=reproduction.described(
            STUDY, TYPED, workflow.configfiles, comparison_figures()
        ),
    shell:
        "python {params.script:q} --comparison $(dirname {input.page:q}) --runs {params.runs:q}"
        " --manifest {params.manifest:q} --output {output.crate:q} > {log:q} 2>&1 <<'END'\n{params.study}\nEND"
