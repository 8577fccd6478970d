"""Writes Python for custom resources, as client-go's code-generator writes Go: classes, clients, informers, listers.

From CustomResourceDefinitions to text, with nothing in between that asks a file or a server::

    definitions = parse_definitions(Path("crds.yaml").read_bytes())
    files = generate(definitions, package="clients")  # text by path

``model`` says what a schema is in terms of Python, ``module`` and ``package`` write it down, ``python_text`` knows how
a formatter would.
"""
