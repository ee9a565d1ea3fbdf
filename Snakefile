# The map: what is made from what. Each rule file is one step of the way from photos to the summary.
import os

from snakemake.utils import min_version

min_version("9.19")


# The working folder's own, or else the project's, as after `--directory OUT` or `-s path/Snakefile`.
configfile:
    next(
        filter(
            os.path.exists,
            [
                "config.yaml",
                os.path.join(str(workflow.current_basedir), "config.yaml"),
            ],
        )
    )


include: "workflow/rules/common.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/comparison.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/trackers.smk"
include: "workflow/rules/prediction.smk"


# On a cluster these run on the head node: they need the network or take a second. All others are submitted.
localrules:
    all,
    check,
    check_photos,
    list,
    download,
    fetch_weights,
    unpack_weights,
    convert_weights,
    evaluate,
    collect,
    summarize,
    answer,
    find,
    suspect,
    compare,
    show_suspects,
    show_rungs,
    report,
    latest,
    latest_report,
    crate,
    track_tensorboard,
    track_mlflow,
    choose,
    submit,


rule all:
    default_target: True
    input:
        study_tables(),
        comparison_figures(),
        of_run.targets(RUN_FIGURES),
        of_trackers.targets(),


onstart:
    refusals.leave_to_hooks(REFUSALS)
    advice.require_slots_for_arrays(workflow)
    if not (GPUS or SUBMITS or workflow.remote_exec or workflow.touch):
        advice.warn_of_idle_cores(workflow, STUDY)
    if workflow.touch:
        latest.before_touching(STUDY)
    if not checks.asks_only(workflow):
        links.make(STUDY)
        leftovers.remove(COMPARISON, comparison_figures())
        of_trackers.remove_others()
    INTERRUPTION.heed(workflow.scheduler, VIEW.say)
    records.clear_when_trained(workflow.dag)


onsuccess:
    VIEW.stop()
    asked = checks.targets(workflow)
    if "check" in asked:
        checks.tell(STUDY)
    if "list" in asked:
        listing.tell(STUDY)
    if not checks.asks_only(workflow):
        if not predictions.uses_only(workflow):
            advice.tell(workflow, STUDY)
            print(*advice.done(workflow, STUDY, COMPARISON), sep="\n")
        predictions.tell(workflow)


onerror:
    VIEW.stop()
    if INTERRUPTION.came:
        print("Stopped. The same command goes on from the last checkpoints.")
    elif checks.asks_only(workflow):
        print(*failures.errors(workflow), sep="\n")
    else:
        partial_summary.summarize(workflow, STUDY, PUBLISHED)
        print(
            "Some steps failed, as said above. Mend the cause and run the same command again."
        )
