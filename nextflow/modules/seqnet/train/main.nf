process SEQNET_TRAIN {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"

    input:
    tuple val(meta), path(dataset)

    output:
    tuple val(meta), path("*.model.safetensors"), emit: model
    tuple val(meta), path("*.history.tsv")      , emit: history
    tuple val(meta), path("*.curves.svg")       , emit: curves
    path "versions.yml"                         , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    """
    seqnet train \\
        ${dataset} \\
        ${args} \\
        --threads ${task.cpus} \\
        -o ${prefix}.model.safetensors

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqnet: \$(seqnet --version | sed 's/.* //')
    END_VERSIONS
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.model.safetensors ${prefix}.model.history.tsv ${prefix}.model.curves.svg

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqnet: \$(seqnet --version | sed 's/.* //')
    END_VERSIONS
    """
}
