rule download:
    output:
        directory(f"{OUT}/downloads/{{source}}"),
    log:
        f"{OUT}/logs/download/{{source}}.log",
    conda:
        "../envs/seqnet.yaml"
    params:
        options=lambda wildcards: config["downloads"][wildcards.source],
    shell:
        "seqnet download {wildcards.source} {params.options} -o {output} > {log} 2>&1"


rule encode:
    input:
        inputs_of_dataset,
    output:
        f"{OUT}/models/{{model}}/dataset.safetensors",
    log:
        f"{OUT}/logs/encode/{{model}}.log",
    conda:
        "../envs/seqnet.yaml"
    threads: config["threads"]
    params:
        options=lambda wildcards: MODELS[wildcards.model]["encode"],
    shell:
        "seqnet encode {params.options} --threads {threads} -o {output} > {log} 2>&1"


rule audit:
    input:
        f"{OUT}/models/{{model}}/dataset.safetensors",
    output:
        checks=f"{OUT}/models/{{model}}/audit.json",
        records=f"{OUT}/models/{{model}}/audit.tsv",
        page=report(
            f"{OUT}/models/{{model}}/audit.html",
            caption="../report/audit.rst",
            category="Datasets",
            labels={"model": "{model}"},
        ),
    log:
        f"{OUT}/logs/audit/{{model}}.log",
    conda:
        "../envs/seqnet.yaml"
    params:
        options=lambda wildcards: MODELS[wildcards.model]["audit"],
    shell:
        "seqnet audit {input} {params.options} --json -o {output.records} --report {output.page}"
        " > {output.checks} 2> {log}"
