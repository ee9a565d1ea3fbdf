# Photos -> manifest (hashes, labels, split) -> pack (decoded once).
rule draw:
    output:
        photos=directory(paths.PHOTOS),
    log:
        "logs/draw/{dataset}.log",
    wildcard_constraints:
        dataset=paths.one_of(STUDY.datasets_from("drawn")),
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("draw"),
        script=script("draw"),
        fields=of_photos.fields,
    shell:
        "python {params.script:q} {params.fields} --output {output.photos:q} > {log:q} 2>&1"


rule download:
    output:
        archive=paths.ARCHIVE,
    log:
        "logs/download/{dataset}.log",
    wildcard_constraints:
        dataset=paths.one_of(STUDY.datasets_from("drive")),
    conda:
        "../../envs/data.yaml"
    params:
        # Reading an archive only checks what came, and is no reason to download it again.
        *code("download", "ablation/photos/archive.py"),
        script=script("download"),
        fields=of_photos.fields,
    shell:
        "python {params.script:q} {params.fields} --output {output.archive:q} > {log:q} 2>&1"


rule unpack:
    input:
        # The user's own is a parameter: Snakemake would read signs of its own in its name.
        archive=of_photos.downloaded,
    output:
        photos=directory(paths.PHOTOS),
    log:
        "logs/unpack/{dataset}.log",
    wildcard_constraints:
        dataset=paths.one_of(STUDY.datasets_from("drive", "local")),
    conda:
        "../../envs/data.yaml"
    resources:
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("unpack", *NOTED),
        script=script("unpack"),
        archive=of_photos.archive,
        stamp=of_photos.stamp,
        max_gb=of_photos.unpacked_gb,
    shell:
        "python {params.script:q} --archive {params.archive:q} --max-gb {params.max_gb}"
        " --output {output.photos:q} > {log:q} 2>&1"


rule index:
    input:
        # Not the files of the user's own folder, of which there may be 100,000: the stamp tells them.
        photos=of_photos.made,
    output:
        manifest=paths.MANIFEST,
        duplicates=paths.DUPLICATES,
        reading=paths.READING,
    log:
        "logs/index/{dataset}.log",
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    threads: PHOTO_THREADS
    resources:
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("index", *NOTED),
        script=script("index"),
        root=of_photos.root,
        split=of_photos.split,
        labels=of_photos.labels,
        duplicates=STUDY.config["duplicates"],
        bad_photos=STUDY.config["bad_photos"],
        stamp=of_photos.stamp,
    shell:
        "python {params.script:q} --photos {params.root:q} {params.split} {params.labels}"
        " --duplicates {params.duplicates} --bad-photos {params.bad_photos} --threads {threads}"
        " --output {output.manifest:q} > {log:q} 2>&1"


rule pack:
    input:
        manifest=paths.MANIFEST,
    output:
        photos=paths.PACKED,
        index=paths.PACK_INDEX,
    log:
        "logs/pack/{dataset}-{size}px{way}.log",
    priority: PHOTOS_FIRST
    conda:
        "../../envs/data.yaml"
    threads: PHOTO_THREADS
    resources:
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("pack"),
        script=script("pack"),
        root=of_photos.root,
        way=of_photos.way,
    shell:
        "python {params.script:q} --photos {params.root:q} --manifest {input.manifest:q} --size {wildcards.size}"
        " {params.way} --threads {threads}"
        " --output $(dirname {output.photos:q}) > {log:q} 2>&1"


rule check_photos:
    # For people, before anything trains: nothing waits for it.
    input:
        manifest=paths.MANIFEST,
        duplicates=paths.DUPLICATES,
        reading=paths.READING,
    output:
        text=paths.CHECK,
        classes=f"{paths.CHECKED}/classes.csv",
        sheet=f"{paths.CHECKED}/photos.png",
    log:
        "logs/check/{dataset}.log",
    conda:
        "../../envs/data.yaml"
    threads: PHOTO_THREADS
    resources:
        mem_mb=resources.photo_memory,
        runtime=resources.photo_minutes,
    params:
        *code("check"),
        script=script("check"),
        root=of_photos.root,
        ways=of_run.ways(),
    shell:
        "python {params.script:q} --photos {params.root:q} --manifest {input.manifest:q} --way {params.ways}"
        " --threads {threads}"
        " --output $(dirname {output.text:q}) > {log:q} 2>&1"


rule check:
    # The data set of the study. What was found is said at the end (onsuccess), also where nothing was stale: a
    # rule without output runs always, and only where something runs are the hooks called.
    input:
        paths.CHECK.format(dataset=STUDY.dataset.name),
    log:
        "logs/check.log",
    conda:
        "../../envs/data.yaml"
    shell:
        ": 2> {log:q}"
