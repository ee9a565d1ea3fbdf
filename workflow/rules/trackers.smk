# Runs for programs that show such, of what finished ones left: off unless `trackers` names some.
rule track_tensorboard:
    # A file a run, so that one that trained anew leaves the others as they are.
    input:
        run=of_trackers.files,
    output:
        events=paths.EVENTS.format(
            folder=of_trackers.events,
            experiment="{experiment}",
            run="seed{seed}{fold}",
        ),
    log:
        f"logs/track_tensorboard/{STUDY.dataset.name}-{STUDY.name}/{{experiment}}-seed{{seed}}{{fold}}.log",
    conda:
        "../../envs/trackers.yaml"
    params:
        *code("track_tensorboard"),
        script=script("track_tensorboard"),
        root=of_trackers.folder,
        # No input, as for the comparison.
        manifest=manifest,
        line=line_of_tracked,
    shell:
        "python {params.script:q} --runs {params.root:q} --manifest {params.manifest:q}"
        " --run {params.line:q} --output {output.events:q} > {log:q} 2>&1"


rule track_mlflow:
    # A store of all runs in one step: what writes into it at once would wait for a lock, and a run that is gone
    # would stay in it.
    input:
        runs=of_trackers.all_files,
    output:
        store=of_trackers.store,
    log:
        f"logs/track_mlflow/{STUDY.dataset.name}-{STUDY.name}.log",
    conda:
        "../../envs/trackers.yaml"
    params:
        *code("track_mlflow"),
        script=script("track_mlflow"),
        root=of_trackers.folder,
        manifest=manifest,
        study=lines_of_tracked,
    # Standard input, because a large study does not fit a command line.
    shell:
        "python {params.script:q} --runs {params.root:q} --manifest {params.manifest:q}"
        " --output {output.store:q} > {log:q} 2>&1 <<'END'\n{params.study}\nEND"
