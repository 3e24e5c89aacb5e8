process SEQNET_PREDICT {
    tag "${meta.id}"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"

    input:
    tuple val(meta), path(sequences)
    tuple val(meta2), path(model)

    output:
    tuple val(meta), path("*.tsv.gz"), emit: predictions
    path "versions.yml"              , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}.predictions"
    """
    seqnet predict \\
        ${model} \\
        ${sequences} \\
        ${args} \\
        --threads ${task.cpus} \\
        -o ${prefix}.tsv.gz

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqnet: \$(seqnet --version | sed 's/.* //')
    END_VERSIONS
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}.predictions"
    """
    echo "" | gzip > ${prefix}.tsv.gz

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        seqnet: \$(seqnet --version | sed 's/.* //')
    END_VERSIONS
    """
}
