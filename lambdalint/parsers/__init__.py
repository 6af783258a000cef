"""From paths to deployments: documents, templates, assemblies, packages, images and source."""
