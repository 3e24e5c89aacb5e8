rule predict:
    input:
        unpack(files_of_sample),
    output:
        f"{OUT}/predictions/{{sample}}.tsv.gz",
    log:
        f"{OUT}/logs/predict/{{sample}}.log",
    wildcard_constraints:
        sample=one_of(name for name in SAMPLES if name not in SCATTERED),
    conda:
        "../envs/seqnet.yaml"
    threads: config["threads"]
    params:
        options=config["predict"],
    shell:
        "seqnet predict {input.model} {input.sequences} {params.options} --resume --threads {threads}"
        " -o {output} > {log} 2>&1"


rule predict_shard:
    input:
        unpack(files_of_sample),
    output:
        table=temp(f"{OUT}/shards/{{sample}}/{{scatteritem}}.tsv.gz"),
        description=temp(f"{OUT}/shards/{{sample}}/{{scatteritem}}.tsv.gz.shard.json"),
    log:
        f"{OUT}/logs/predict/{{sample}}.{{scatteritem}}.log",
    conda:
        "../envs/seqnet.yaml"
    threads: config["threads"]
    params:
        options=config["predict"],
        shard=lambda wildcards: wildcards.scatteritem.replace("-of-", "/"),
    shell:
        "seqnet predict {input.model} {input.sequences} {params.options} --resume --shard {params.shard}"
        " --threads {threads} -o {output.table} > {log} 2>&1"


rule gather:
    input:
        tables=gather.shards(f"{OUT}/shards/{{{{sample}}}}/{{scatteritem}}.tsv.gz"),
        descriptions=gather.shards(
            f"{OUT}/shards/{{{{sample}}}}/{{scatteritem}}.tsv.gz.shard.json"
        ),
    output:
        f"{OUT}/predictions/{{sample}}.tsv.gz",
    log:
        f"{OUT}/logs/gather/{{sample}}.log",
    wildcard_constraints:
        sample=one_of(SCATTERED),
    conda:
        "../envs/seqnet.yaml"
    shell:
        "seqnet gather {input.tables} -o {output} > {log} 2>&1"
