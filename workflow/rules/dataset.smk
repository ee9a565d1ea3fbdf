# Photos -> manifest (hashes, labels, split) -> pack (decoded once).
rule draw:
    output:
        photos=directory(PHOTOS),
    log:
        "logs/draw/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drawn")),
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=photo_memory,
        runtime=photo_minutes,
    params:
        *code("draw", "photos/drawn"),
        script=script("draw"),
        fields=fields_of,
    shell:
        "python {params.script:q} {params.fields} --output {output.photos:q} > {log:q} 2>&1"


rule download:
    output:
        archive=ARCHIVE,
    log:
        "logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drive")),
    conda:
        "../../envs/data.yaml"
    params:
        *code("download", "photos/drive"),
        script=script("download"),
        fields=fields_of,
    shell:
        "python {params.script:q} {params.fields} --output {output.archive:q} > {log:q} 2>&1"


rule unpack:
    input:
        archive=archive_of,
    output:
        photos=directory(PHOTOS),
    log:
        "logs/unpack/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(STUDY.datasets_from("drive", "local")),
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=photo_memory,
        runtime=photo_minutes,
    params:
        *code("unpack", "photos/archive"),
        script=script("unpack"),
        stamp=archive_stamp,
        max_gb=unpacked_gb_of,
    shell:
        "python {params.script:q} --archive {input.archive:q} --max-gb {params.max_gb}"
        " --output {output.photos:q} > {log:q} 2>&1"


rule index:
    input:
        photos=photos_of,
    output:
        manifest=MANIFEST,
        duplicates="resources/datasets/{dataset}/duplicates.csv",
    log:
        "logs/index/{dataset}.log",
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    threads: PHOTO_THREADS
    resources:
        mem_mb=photo_memory,
        runtime=photo_minutes,
    params:
        *code(
            "index",
            "photos/layouts",
            "photos/manifest",
            "photos/photo",
            "photos/duplicates",
            "photos/pairs",
        ),
        script=script("index"),
        root=root_of,
        split=split_of,
        duplicates=STUDY.config["duplicates"],
        stamp=photos_stamp,
    shell:
        "python {params.script:q} --photos {params.root:q} {params.split} --duplicates {params.duplicates}"
        " --threads {threads}"
        " --output {output.manifest:q} > {log:q} 2>&1"


rule pack:
    input:
        manifest=MANIFEST,
    output:
        photos=f"{PACK}/photos.npy",
        index=f"{PACK}/pack.json",
    log:
        "logs/pack/{dataset}-{size}px.log",
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    threads: PHOTO_THREADS
    resources:
        mem_mb=photo_memory,
        runtime=photo_minutes,
    params:
        *code("pack", "photos/pack", "photos/photo"),
        script=script("pack"),
        root=root_of,
    shell:
        "python {params.script:q} --photos {params.root:q} --manifest {input.manifest:q} --size {wildcards.size}"
        " --threads {threads}"
        " --output $(dirname {output.photos:q}) > {log:q} 2>&1"
