# Photos -> manifest (hashes, labels, split) -> pack (decoded once).
DATASET = "resources/datasets/{dataset}"


def photos_of(wildcards):
    """A folder of the user's: its files, so that a replaced photo is noticed. Else: the unpacked folder."""
    folder = STUDY.datasets[wildcards.dataset].folder
    return study.photo_files(folder) if folder else DATASET + "/photos"


def root_of(wildcards):
    folder = STUDY.datasets[wildcards.dataset].folder
    return str(folder) if folder else DATASET.format(dataset=wildcards.dataset) + "/photos"


def archive_of(wildcards):
    path = STUDY.datasets[wildcards.dataset].path
    return str(path) if path else DATASET + "/archive"


def fields_of(wildcards):
    return STUDY.datasets[wildcards.dataset].arguments()


def split_of(wildcards):
    return STUDY.datasets[wildcards.dataset].split_arguments()


rule draw:
    input:
        script=script("draw"),
        code=code("datasets/drawn"),
    output:
        photos=directory(DATASET + "/photos"),
    log:
        "logs/draw/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drawn")),
    conda:
        "../../envs/data.yaml"
    params:
        fields=fields_of,
    shell:
        "python {input.script:q} {params.fields} --output {output.photos:q} > {log:q} 2>&1"


rule download:
    input:
        script=script("download"),
        code=code("datasets/drive"),
    output:
        archive=DATASET + "/archive",
    log:
        "logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drive")),
    conda:
        "../../envs/data.yaml"
    params:
        fields=fields_of,
    shell:
        "python {input.script:q} {params.fields} --output {output.archive:q} > {log:q} 2>&1"


rule unpack:
    input:
        archive=archive_of,
        script=script("unpack"),
        code=code("datasets/archive"),
    output:
        photos=directory(DATASET + "/photos"),
    log:
        "logs/unpack/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drive", "local")),
    conda:
        "../../envs/data.yaml"
    shell:
        "python {input.script:q} --archive {input.archive:q} --output {output.photos:q} > {log:q} 2>&1"


rule index:
    input:
        photos=photos_of,
        script=script("index"),
        code=code("datasets/layouts", "datasets/manifest", "datasets/photos"),
    output:
        manifest=DATASET + "/manifest.csv",
    log:
        "logs/index/{dataset}.log",
    conda:
        "../../envs/data.yaml"
    threads: workflow.cores
    params:
        root=root_of,
        split=split_of,
    shell:
        "python {input.script:q} --photos {params.root:q} {params.split}"
        " --output {output.manifest:q} > {log:q} 2>&1"


rule pack:
    input:
        manifest=DATASET + "/manifest.csv",
        script=script("pack"),
        code=code("pack", "datasets/photos"),
    output:
        photos="resources/packs/{dataset}/{size}px/photos.npy",
        index="resources/packs/{dataset}/{size}px/pack.json",
    log:
        "logs/pack/{dataset}-{size}px.log",
    conda:
        "../../envs/data.yaml"
    threads: workflow.cores
    params:
        root=root_of,
    shell:
        "python {input.script:q} --photos {params.root:q} --manifest {input.manifest:q} --size {wildcards.size}"
        " --output $(dirname {output.photos:q}) > {log:q} 2>&1"
