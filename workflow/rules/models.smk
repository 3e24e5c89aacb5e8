# Checkpoints are not outputs, so that Snakemake keeps them when a job is killed, and the next run continues from them.
# There are several if the model is an ensemble.
rule train:
    input:
        dataset=f"{OUT}/models/{{model}}/dataset.safetensors",
        audit=f"{OUT}/models/{{model}}/audit.json",
    output:
        model=f"{OUT}/models/{{model}}/model.safetensors",
        history=f"{OUT}/models/{{model}}/model.history.tsv",
        curves=report(
            f"{OUT}/models/{{model}}/model.curves.svg",
            caption="../report/training.rst",
            category="Models",
            labels={"model": "{model}", "figure": "learning curves"},
        ),
    log:
        f"{OUT}/logs/train/{{model}}.log",
    conda:
        "../envs/seqnet.yaml"
    threads: config["threads"]
    params:
        options=lambda wildcards: MODELS[wildcards.model]["train"],
        checkpoints=f"{OUT}/models/{{model}}/model*.checkpoint.safetensors",
    shell:
        "seqnet train {input.dataset} {params.options} --resume --threads {threads} -o {output.model}"
        " > {log} 2>&1 && rm -f {params.checkpoints}"


rule evaluate:
    input:
        model=f"{OUT}/models/{{model}}/model.safetensors",
        dataset=f"{OUT}/models/{{model}}/dataset.safetensors",
    output:
        metrics=f"{OUT}/models/{{model}}/evaluation/metrics.json",
        predictions=f"{OUT}/models/{{model}}/evaluation/predictions.tsv",
        page=report(
            f"{OUT}/models/{{model}}/evaluation.html",
            caption="../report/evaluation.rst",
            category="Models",
            labels={"model": "{model}", "figure": "evaluation"},
        ),
    log:
        f"{OUT}/logs/evaluate/{{model}}.log",
    conda:
        "../envs/seqnet.yaml"
    threads: config["threads"]
    params:
        folder=f"{OUT}/models/{{model}}/evaluation",
    shell:
        "seqnet evaluate {input.model} {input.dataset} --threads {threads} -o {params.folder}"
        " --report {output.page} > {log} 2>&1"
